"""Lets coverage of our own code choose the inputs: `python -m tests.fuzz --engine atheris`, or this with a target.

atheris ends the process, with an error where something crashed; the input then lies in `.cache/fuzz/`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

from tests.fuzz.mutate import LONGEST_INPUT

with atheris.instrument_imports(include=["watchbound"]):
    from tests.fuzz.corpus import ROOT
    from tests.fuzz.targets import TARGETS

_FOUND = Path(".cache/fuzz")


def main() -> None:
    """TARGET RUNS SEED."""
    target, runs, seed = sys.argv[1:]
    _FOUND.mkdir(parents=True, exist_ok=True)
    options = [f"-runs={runs}", f"-seed={seed}", f"-artifact_prefix={_FOUND}/{target}-", f"-max_len={LONGEST_INPUT}"]
    # Read once and never written to: what it finds worth keeping would otherwise be added to the repository.
    folders = [str(_FOUND), str(ROOT / target)] if (ROOT / target).is_dir() else [str(_FOUND)]
    atheris.Setup([sys.argv[0], *options, *folders], TARGETS[target].check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
