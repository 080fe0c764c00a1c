from __future__ import annotations

from typing import Any

import pytest

from watchbound.stack.demo_summary import faults

GOOD: dict[str, dict[str, Any]] = {
    "frames": {"published": 600, "processed": 592, "shed": 6, "refused": 1, "dead_lettered": 1, "in_flight": 0},
    "people": {"enrolled_passed": 4, "alerted": 4, "missed": 0, "false_alerts": 0},
    "record": {"reconciles": True, "discrepancies": []},
    "purge": {"clean": True, "not_clean": [], "receipt_holds": True},
    "audit": {"ok": True, "events": 28, "first_bad": None},
}


def summary(**changed: dict[str, Any]) -> dict[str, Any]:
    """A good summary, with what is given changed."""
    return {part: found | changed.get(part, {}) for part, found in GOOD.items()}


def test_a_good_summary_has_no_fault() -> None:
    assert faults(summary()) == []


@pytest.mark.parametrize(
    ("bad", "fault"),
    [
        (summary(frames={"published": 601}), "do not add up"),
        (summary(frames={"processed": 582, "in_flight": 10}), "10 frames are in flight"),
        (summary(frames={"processed": 0, "shed": 598}), "no frame was processed"),
        (summary(people={"enrolled_passed": 0}), "nobody who is enrolled passed"),
        (summary(people={"missed": 1}), "1 enrolled people passed without an alert"),
        (summary(people={"false_alerts": 2}), "2 alerts named somebody"),
        (
            summary(record={"reconciles": False, "discrepancies": [{"check": "frames", "says": "3 are missing"}]}),
            "frames: 3 are missing",
        ),
        (summary(purge={"clean": False, "not_clean": ["gallery files"]}), "left something: gallery files"),
        (summary(purge={"receipt_holds": False}), "receipt does not hold"),
        (summary(audit={"ok": False, "first_bad": 7}), "first bad event 7"),
    ],
)
def test_a_bad_one_says_what_is_wrong(bad: dict[str, Any], fault: str) -> None:
    (found,) = faults(bad)
    assert fault in found


def test_footage_without_ground_truth_is_not_judged() -> None:
    own = summary()
    del own["people"]
    assert faults(own) == []
