"""The rows of one or more runs as a Markdown table: `python -m tests.faults.report loadtest/results/faults.json …`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_COLUMNS = {
    "fault": "fault",
    "seed": "seed",
    "injected": "times",
    "admitted": "admitted",
    "processed": "processed",
    "shed": "shed",
    "dead_lettered": "dead-lettered",
    "expected": "passages",
    "lost": "lost",
    "duplicates_before": "duplicates before",
    "duplicates_after": "after",
    "false_alerts": "false",
    "outside_authority": "outside authority",
    "recovery_s": "recovery s",
    "ready_s": "ready s",
}


def table(rows: Sequence[dict[str, Any]]) -> str:
    """One line a row; a round with a cancellation says so in its name."""
    lines = [list(_COLUMNS.values()), ["---"] * len(_COLUMNS)]
    for row in rows:
        cells = [str(row.get(name, "ended")) for name in _COLUMNS]
        if row["cancelled"]:
            cells[0] += ", cancelled"
        lines.append(cells)
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


if __name__ == "__main__":
    print(table([row for path in sys.argv[1:] for row in json.loads(Path(path).read_text())]))
