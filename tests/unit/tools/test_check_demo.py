from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tools.check_demo import faults, main


def summary(frames: dict[str, int] | None = None, people: dict[str, int] | None = None) -> dict[str, Any]:
    """A good summary, with what is given changed."""
    good = {"published": 600, "processed": 590, "shed": 6, "refused": 1, "dead_lettered": 1, "in_flight": 2}
    seen = {"enrolled_passed": 4, "alerted": 4, "missed": 0, "false_alerts": 0}
    return {"frames": good | (frames or {}), "people": seen | (people or {})}


def test_a_good_summary_has_no_fault() -> None:
    assert faults(summary()) == []


@pytest.mark.parametrize(
    ("bad", "fault"),
    [
        (summary({"published": 601}), "do not add up"),
        (summary({"processed": 595, "in_flight": -3}), "-3 frames are in flight"),
        (summary({"processed": 492, "in_flight": 100}), "100 frames are in flight"),
        (summary({"processed": 0, "shed": 596}), "no frame was processed"),
        (summary(people={"enrolled_passed": 0}), "nobody who is enrolled passed"),
        (summary(people={"missed": 1}), "1 enrolled people passed without an alert"),
        (summary(people={"false_alerts": 2}), "2 alerts named somebody"),
    ],
)
def test_a_bad_one_says_what_is_wrong(bad: dict[str, Any], fault: str) -> None:
    (found,) = faults(bad)
    assert fault in found


def test_the_exit_code_tells(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "demo.json"
    out.write_text(json.dumps(summary()))
    assert main([str(out)]) == 0
    out.write_text(json.dumps(summary(people={"missed": 1})))
    assert main([str(out)]) == 1
    assert "demo: 1 enrolled" in capsys.readouterr().err
    assert main([]) == 2
