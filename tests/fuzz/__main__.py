"""Malformed input by the hundred thousand: `python -m tests.fuzz --target frame --runs 100000`.

Each input has a number; a crash names its target, seed and number, and is written to `.cache/fuzz/`. Put it into
`tests/fuzz/corpus/<target>/` with the fix. `--engine atheris` lets coverage of our own code choose the inputs.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from tests.fuzz.corpus import renew, seeds
from tests.fuzz.mutate import mutated
from tests.fuzz.targets import TARGETS

_FOUND = Path(".cache/fuzz")


def run(target: str, runs: int, seed: int) -> dict[str, Any]:
    """Hand in every seed as it is, then `runs` malformed inputs; the first crash of each kind is kept."""
    corpus, chance = seeds(target), random.Random(f"{target}/{seed}")
    crashes: dict[str, tuple[int, Exception, bytes]] = {}
    taken, slowest = 0, 0.0
    started = time.process_time()
    for number in range(len(corpus) + runs):
        data = corpus[number] if number < len(corpus) else mutated(corpus, chance)
        before = time.process_time()
        try:
            taken += TARGETS[target].check(data)
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            crashes.setdefault(f"{type(error).__name__} at {where.filename}:{where.lineno}", (number, error, data))
        slowest = max(slowest, time.process_time() - before)
    for kind, (number, crash, data) in crashes.items():
        _keep(target, seed, number, data)
        print(f"{target}, seed {seed}, input {number}: {kind}: {crash}", file=sys.stderr)
    return {
        "target": target,
        "seed": seed,
        "inputs": len(corpus) + runs,
        "taken": taken,
        "crashes": len(crashes),
        "cpu_s": round(time.process_time() - started, 2),
        "slowest_ms": round(slowest * 1000, 2),
    }


def _keep(target: str, seed: int, number: int, data: bytes) -> None:
    _FOUND.mkdir(parents=True, exist_ok=True)
    (_FOUND / f"{target}-{seed}-{number}").write_bytes(data)


def main() -> int:
    """Run what was asked for; code 1 says that something crashed."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz", description=__doc__.splitlines()[0] if __doc__ else ""
    )
    parser.add_argument("--target", action="append", choices=sorted(TARGETS), help="all if not given")
    parser.add_argument("--runs", type=int, default=10_000, help="malformed inputs for each target")
    parser.add_argument("--seed", type=int, default=1, help="another seed makes others")
    parser.add_argument("--engine", choices=("mutate", "atheris"), default="mutate", help="who chooses the inputs")
    parser.add_argument("--renew", action="store_true", help="write the generated seeds again, and end")
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    given = parser.parse_args()
    if given.renew:
        renew()
        return 0
    targets = given.target or sorted(TARGETS)
    if given.engine == "atheris":
        return _by_atheris(targets, given.runs, given.seed)
    results = []
    for target in targets:
        results.append(run(target, given.runs, given.seed))
        if not given.json:
            print(" ".join(f"{name}={value}" for name, value in results[-1].items()), flush=True)
    if given.json:
        print(json.dumps(results, indent=2))
    return 1 if any(result["crashes"] for result in results) else 0


def _by_atheris(targets: list[str], runs: int, seed: int) -> int:
    """Each in a process of its own, since atheris ends its process."""
    command = [sys.executable, "-m", "tests.fuzz.coverage"]
    return max(subprocess.run([*command, target, str(runs), str(seed)], check=False).returncode for target in targets)


if __name__ == "__main__":
    sys.exit(main())
