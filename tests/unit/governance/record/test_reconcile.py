"""Each check must be able to fail, and say what does not add up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.unit.governance.record.deployment import ALERTS, DECISIONS, OPEN, audited, decision, facts, tallies
from watchbound.domain.adjudication import Standing
from watchbound.domain.decision import Verdict
from watchbound.governance.record.facts import IndexGap
from watchbound.governance.record.reconcile import discrepancies


def test_what_adds_up_is_not_complained_of() -> None:
    assert discrepancies(facts()) == ()


def test_offsets_that_are_committed_late_are_no_discrepancy() -> None:
    assert discrepancies(facts(in_flight=7)) == ()


def test_frames_in_flight_explain_what_no_worker_has_handled_yet() -> None:
    some = (*tallies(), replace(tallies()[0], index=99, published=5))
    assert discrepancies(facts(tallies=some, in_flight=5)) == ()


@pytest.mark.parametrize(
    ("other", "check", "says"),
    [
        ({"tallies": tallies()[1:]}, "frames", "100 more than were published"),
        ({"tallies": tallies()[:-1], "in_flight": 20}, "frames", "80 are missing"),
        ({"tallies": tallies()[:-1], "in_flight": None}, "frames", "could not be asked"),
        ({"index_gaps": (IndexGap("worker-1", 3, 17),)}, "tallies complete", "3 tallies of worker-1"),
        ({"alerts": (replace(ALERTS[0], matches=99), *ALERTS[1:])}, "matches", "107 matches"),
        ({"alerts": (replace(ALERTS[0], opening_read=False), *ALERTS[1:])}, "alerts opened", "without their opening"),
        ({"alerts": ALERTS[1:]}, "alerts opened = decided + undecided", "1 alerts were decided upon and not found"),
        ({"alerts": (replace(ALERTS[0], told=Standing.REJECTED), *ALERTS[1:])}, "told", "decisions come to confirmed"),
        ({"unbelieved": ("1 decision has no signature",)}, "decisions believed", "no signature"),
        ({"audit": None}, "audited decisions", "could not be read"),
        ({"audit": audited(DECISIONS[1:])}, "audited decisions", "without an audit event"),
        (
            {"audit": audited((*DECISIONS, decision(OPEN, Verdict.REJECT)))},
            "audited decisions",
            "no decision was found",
        ),
    ],
)
def test_what_does_not_add_up_is_named(other: dict[str, Any], check: str, says: str) -> None:
    (found,) = discrepancies(facts(**other))
    assert found.check.startswith(check)
    assert says in found.says
