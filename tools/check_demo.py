"""Checks the summary of a demo (`watchbound demo --json OUT`): `python -m tools.check_demo OUT`."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HANDLED = ("processed", "shed", "refused", "dead_lettered", "in_flight")
MOST_IN_FLIGHT = 0.05
"""Of the published frames: a demo that ends with more has not kept up, whatever else it says."""


def faults(summary: Mapping[str, Any]) -> list[str]:
    """What is wrong with a summary, a sentence each; empty when every enrolled person and nobody else was alerted."""
    frames, people = summary["frames"], summary["people"]
    found = []
    handled = sum(frames.get(name, 0) for name in HANDLED)
    if frames["published"] != handled:
        found.append(f"frames do not add up: {frames['published']} published, {handled} accounted for: {frames}")
    if not 0 <= frames["in_flight"] <= MOST_IN_FLIGHT * frames["published"]:
        found.append(f"{frames['in_flight']} frames are in flight at the end, expected 0 to {MOST_IN_FLIGHT:.0%}")
    if frames["processed"] == 0:
        found.append("no frame was processed")
    if people["enrolled_passed"] == 0:
        found.append("nobody who is enrolled passed, so nothing was shown")
    if people["missed"] != 0:
        found.append(f"{people['missed']} enrolled people passed without an alert, expected none")
    if people["false_alerts"] != 0:
        found.append(f"{people['false_alerts']} alerts named somebody who did not pass, expected none")
    return found


def main(arguments: list[str]) -> int:
    """Exit code 0 when nothing is wrong, 1 with the faults on standard error, 2 without a file."""
    if len(arguments) != 1:
        print("usage: python -m tools.check_demo SUMMARY.json", file=sys.stderr)
        return 2
    wrong = faults(json.loads(Path(arguments[0]).read_text()))
    for fault in wrong:
        print(f"demo: {fault}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
