"""`make bench`: what a frame costs, who is found, how soon, how it scales, what safeguards cost, and memory over time.

Each part measures ratios within one run and writes them to one JSON file; docs/load-testing.md says how to read them.
`--only PART` measures one of them and leaves the others in the file as they are.

Examples:
  python -m loadtest.bench
  python -m loadtest.bench --quick --out /tmp/bench.json
  python -m loadtest.bench --only accuracy
  python -m loadtest.bench --only memory --memory-minutes 30
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from loadtest import accuracy, cost, latency, memory, safeguards, scaling
from loadtest.footage import render_all
from loadtest.setting import FULL, QUICK, Setting
from loadtest.table import goals, markdown, show
from watchbound.adapters.logs import configure_logs
from watchbound.adapters.model_preparation import prepare_default
from watchbound.settings import LogSettings, ModelSettings, load

RESULTS = Path(__file__).parent / "results" / "bench.json"
PARTS: dict[str, Callable[[Setting], dict[str, Any]]] = {
    "cost": cost.measure,
    "accuracy": accuracy.measure,
    "latency": latency.measure,
    "scaling": scaling.measure,
    "safeguards": safeguards.measure,
    "memory": memory.measure,
}
_LOG_WIDTH = 140
_NOT_TO_BE_QUOTED = (
    "This was --quick: every part in a short form, to show that all of it runs. None of its figures is to be quoted."
)


def merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """`old` with what `new` says in its place, object by object: parts write into one another's objects."""
    result = dict(old)
    for name, value in new.items():
        both = isinstance(value, Mapping) and isinstance(result.get(name), Mapping)
        result[name] = merged(result[name], value) if both else value
    return result


def about() -> dict[str, Any]:
    """When and where."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "processor": _processor(),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "load_before": round(os.getloadavg()[0], 2),
        },
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()


def main() -> None:
    """Run it."""
    arguments = _arguments()
    configure_logs("bench", load(LogSettings, level="warning"))
    console = Console(stderr=True)
    size = QUICK if arguments.quick else FULL
    if arguments.memory_minutes is not None:
        size = replace(size, memory_minutes=arguments.memory_minutes)
    result: dict[str, Any] = {"command": "make bench"} | about()
    if arguments.quick:
        result["quick"] = _NOT_TO_BE_QUOTED
    if arguments.only and arguments.out.exists():
        result = merged(json.loads(arguments.out.read_text()), result)
    pack = prepare_default(load(ModelSettings).cache.expanduser())
    console.print("rendering footage …")
    setting = Setting(size, pack, render_all(size.cameras, size.footage_s), console.print)
    for name in arguments.only or PARTS:
        started = time.monotonic()
        known = result.get("ours", {}).get("cpu_ms_per_frame")
        result = merged(result, PARTS[name](replace(setting, cpu_ms_per_frame=known)))
        took = round(time.monotonic() - started)
        result = merged(result, {"parts": {name: about() | {"seconds": took}}})
        console.print(f"{name}: {took} s")
        # After each part: what is measured is kept, whatever becomes of the next one.
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        arguments.out.write_text(json.dumps(result, indent=2) + "\n")
    if arguments.markdown:
        print(markdown(goals(result)))
    else:
        # A log is read in something wide.
        show(result, Console(width=None if sys.stdout.isatty() else _LOG_WIDTH))
    console.print(f"written to {arguments.out}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="every part in a short form; no figure to quote")
    parser.add_argument(
        "--only", action="append", choices=list(PARTS), help="measure this part alone (may be given again)"
    )
    parser.add_argument("--memory-only", dest="only", action="append_const", const="memory", help="--only memory")
    parser.add_argument("--memory-minutes", type=float, help=f"how long memory is followed [{FULL.memory_minutes:g}]")
    parser.add_argument("--markdown", action="store_true", help="print the table as docs/performance.md holds it")
    parser.add_argument("--out", type=Path, default=RESULTS, help=f"where to write the JSON [{RESULTS}]")
    return parser.parse_args()


if __name__ == "__main__":
    main()
