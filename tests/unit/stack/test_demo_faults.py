from __future__ import annotations

from typing import Any

import pytest

from watchbound.stack.demo_summary import faults


def summary(frames: dict[str, int] | None = None, people: dict[str, int] | None = None) -> dict[str, Any]:
    """A good summary, with what is given changed."""
    good = {"published": 600, "processed": 592, "shed": 6, "refused": 1, "dead_lettered": 1, "in_flight": 0}
    seen = {"enrolled_passed": 4, "alerted": 4, "missed": 0, "false_alerts": 0}
    return {"frames": good | (frames or {}), "people": seen | (people or {})}


def test_a_good_summary_has_no_fault() -> None:
    assert faults(summary()) == []


@pytest.mark.parametrize(
    ("bad", "fault"),
    [
        (summary({"published": 601}), "do not add up"),
        (summary({"processed": 582, "in_flight": 10}), "10 frames are in flight"),
        (summary({"processed": 0, "shed": 598}), "no frame was processed"),
        (summary(people={"enrolled_passed": 0}), "nobody who is enrolled passed"),
        (summary(people={"missed": 1}), "1 enrolled people passed without an alert"),
        (summary(people={"false_alerts": 2}), "2 alerts named somebody"),
    ],
)
def test_a_bad_one_says_what_is_wrong(bad: dict[str, Any], fault: str) -> None:
    (found,) = faults(bad)
    assert fault in found


def test_footage_without_ground_truth_is_not_judged() -> None:
    own = summary()
    del own["people"]
    assert faults(own) == []
