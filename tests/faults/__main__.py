"""The fault suite: `python -m tests.faults [--quick] [--seeds 1,2] [--only NAME,…] [--cancel] …`.

Not a pytest suite: rounds share one deployment, which takes a minute to start, and their result is a table to be read,
not only a verdict. It still ends with 1 when a row has a complaint. Needs what `.ci/run` installs.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.faults.faults import FAULTS, Fault, mount_small
from tests.faults.round import RECOVERED_WITHIN_S, Row, play
from tests.faults.world import world
from watchbound.adapters.logs import configure_logs
from watchbound.adapters.model_preparation import prepare_default
from watchbound.domain.errors import WatchboundError
from watchbound.settings import LogSettings, ModelSettings, load
from watchbound.stack.demo_plan import synthetic_plan
from watchbound.stack.demo_screen import DemoScreen

_ROOT = Path(__file__).parents[2]
_OUT = _ROOT / "loadtest" / "results" / "faults.json"
_FOOTAGE = Path("~/.cache/watchbound/faults").expanduser()
_CAMERAS = 2
_SECONDS = 30.0
_QUICK_SEED = 7


def main() -> None:
    """The command line."""
    asked = _arguments()
    configure_logs("faults", load(LogSettings, level="error"))
    # Its clients say at every attempt that the broker is away, which is no news here.
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    models = load(ModelSettings).cache.expanduser()
    prepare_default(models)
    rows: list[dict[str, object]] = []
    begun = time.monotonic()
    for row in _run(asked, models):
        rows.append(row)
        told = " ".join(f"{name}={value}" for name, value in row.items() if name != "complaints")
        print(f"[{time.monotonic() - begun:5.0f} s] {told}", flush=True)
        for complaint in row["complaints"]:  # type: ignore[attr-defined]
            print(f"          {complaint}", flush=True)
        asked.out.parent.mkdir(parents=True, exist_ok=True)
        asked.out.write_text(json.dumps(rows, indent=2) + "\n")
    bad = [row for row in rows if row["complaints"]]
    late = [row["fault"] for row in rows if float(str(row.get("recovery_s", 0))) > RECOVERED_WITHIN_S]
    print(f"{len(rows)} rounds, {len(bad)} with complaints; {asked.out}")
    if late:
        print(f"recovery took longer than {RECOVERED_WITHIN_S:g} s after {', '.join(map(str, late))}")
    # How fast a build machine is says nothing of a change: there only what is lost, told twice or unpermitted fails.
    sys.exit(1 if bad or (late and not asked.quick) else 0)


def _run(asked: argparse.Namespace, models: Path) -> Iterator[dict[str, object]]:
    chosen = [fault for fault in FAULTS if _is_chosen(fault, asked)]
    for seed in asked.seeds:
        for brokers in (1, 3):
            faults = [fault for fault in chosen if fault.brokers == brokers]
            if faults:
                yield from _rounds(faults, brokers, seed, asked, models)


def _rounds(
    faults: Sequence[Fault], brokers: int, seed: int, asked: argparse.Namespace, models: Path
) -> Iterator[dict[str, object]]:
    print(f"seed {seed}, {brokers} broker(s): {', '.join(fault.name for fault in faults)}", flush=True)
    screen = DemoScreen()
    with ExitStack() as opened:
        folder = Path(asked.keep or opened.enter_context(tempfile.TemporaryDirectory(prefix="wb-faults-")))
        folder = folder / f"seed-{seed}-brokers-{brokers}"
        folder.mkdir(parents=True)
        if any(fault.needs_root for fault in faults):
            opened.callback(mount_small(folder / "audit"))
        plan = synthetic_plan(_CAMERAS, _SECONDS, seed, _FOOTAGE, folder, lambda _done, _of: None)
        running, follower = opened.enter_context(world(folder, brokers, plan, models, screen, not asked.without_ray))
        for fault in faults:
            for cancel in asked.cancels:
                try:
                    row: Row = play(running, follower, fault, seed, cancel)
                except (WatchboundError, RuntimeError) as error:
                    # The world is not well any more: what this fault did to it is the finding.
                    yield {"fault": fault.name, "seed": seed, "cancelled": cancel, "complaints": [f"ended: {error}"]}
                    return
                yield row.facts()


def _is_chosen(fault: Fault, asked: argparse.Namespace) -> bool:
    if not (fault.name in asked.only if asked.only else fault.quick or not asked.quick):
        return False
    if fault.needs_root and os.geteuid() != 0:
        print(f"{fault.name}: not injected, it takes root to mount a small file system")
        return False
    if fault.needs_ray and asked.without_ray:
        print(f"{fault.name}: not injected, there is no Ray")
        return False
    return True


def _arguments() -> argparse.Namespace:
    names = [fault.name for fault in FAULTS]
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description="Break things and count.")
    parser.add_argument("--quick", action="store_true", help="one seed, the cheapest telling faults")
    parser.add_argument("--seeds", type=_numbers, help="comma-separated; printed with each row")
    parser.add_argument("--only", type=lambda text: text.split(","), help=f"of {', '.join(names)}")
    parser.add_argument("--cancel", action="store_true", help="cancel the authorisation in the middle of each")
    parser.add_argument("--both", action="store_true", help="each fault without and with a cancellation")
    parser.add_argument("--without-ray", action="store_true", help="workers as plain processes, where Ray cannot start")
    parser.add_argument("--keep", help="a new folder for the deployments' files and logs")
    parser.add_argument("--out", type=Path, default=_OUT)
    asked = parser.parse_args()
    unknown = sorted(set(asked.only or ()) - set(names))
    if unknown:
        parser.error(f"--only: expected names of {', '.join(names)}, got {', '.join(unknown)}")
    asked.seeds = asked.seeds or ([_QUICK_SEED] if asked.quick else [_QUICK_SEED, _QUICK_SEED + 4])
    asked.cancels = [False, True] if asked.both else [asked.cancel]
    return asked


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


if __name__ == "__main__":
    main()
