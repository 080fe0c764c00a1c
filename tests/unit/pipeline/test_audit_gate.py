from __future__ import annotations

import pytest

from tests.unit.pipeline.kept import NOW
from watchbound.domain.errors import Unavailable
from watchbound.pipeline.audit import AuditTrail
from watchbound.pipeline.audit_gate import SPAN, AuditGate
from watchbound.testing.audit import FakeAuditLog
from watchbound.testing.clock import ManualClock

LOW, HIGH = frozenset({0.55}), frozenset({0.6})
SPAN_S = SPAN.total_seconds()


class Door:
    """A gate with its log and its clock."""

    def __init__(self) -> None:
        self.log = FakeAuditLog()
        self.clock = ManualClock(NOW)
        self.gate = AuditGate(AuditTrail(self.log, self.clock), self.clock, "worker-0", {"embedder": "abc"})

    def search(self, faces: int, authorisation: str = "op-1") -> None:
        self.gate.admit(authorisation, LOW)
        self.gate.count(authorisation, faces)

    def told(self) -> list[tuple[str, str | None]]:
        """By record: under which authority, and how many searches it told of."""
        return [(event.authorisation_id, dict(event.facts).get("searches")) for event in self.log.events]


def test_it_opens_by_a_record_that_says_with_what_is_searched() -> None:
    door = Door()
    door.search(3)
    (event,) = door.log.events
    assert (event.actor, event.act, event.authorisation_id) == ("worker-0", "matching.searched", "op-1")
    assert dict(event.facts) == {"embedder_model": "abc", "threshold": "0.5500"}


def test_one_record_serves_a_span_and_not_a_moment_longer() -> None:
    door = Door()
    door.search(3)
    door.clock.advance(SPAN_S - 0.001)
    door.search(2)
    assert door.told() == [("op-1", None)]
    door.clock.advance(0.001)
    door.search(1)
    assert door.told() == [("op-1", None), ("op-1", "5")]


def test_each_authorisation_has_spans_of_its_own() -> None:
    door = Door()
    door.search(1, "op-1")
    door.search(1, "op-2")
    assert door.told() == [("op-1", None), ("op-2", None)]


def test_another_threshold_needs_another_record() -> None:
    door = Door()
    door.search(3)
    door.gate.admit("op-1", HIGH)
    assert door.told() == [("op-1", None), ("op-1", "3")]
    assert dict(door.log.events[-1].facts)["threshold"] == "0.6000"


def test_a_clock_that_was_put_back_opens_nothing() -> None:
    door = Door()
    door.search(3)
    door.log.broken = True
    door.clock.set(NOW.replace(hour=8))
    with pytest.raises(Unavailable):
        door.gate.admit("op-1", LOW)


def test_it_stays_shut_while_nothing_can_be_recorded_and_loses_no_count() -> None:
    door = Door()
    door.search(3)
    door.clock.advance(SPAN_S)
    door.log.broken = True
    for _ in range(3):
        with pytest.raises(Unavailable):
            door.gate.admit("op-1", LOW)
    door.log.broken = False
    door.search(1)
    assert door.told() == [("op-1", None), ("op-1", "3")]


def test_what_is_over_is_settled_once() -> None:
    door = Door()
    door.search(3)
    door.gate.settle()
    assert len(door.log.events) == 1
    door.clock.advance(SPAN_S)
    door.log.broken = True
    with pytest.raises(Unavailable):
        door.gate.settle()
    door.log.broken = False
    door.gate.settle()
    door.gate.settle()
    assert door.told() == [("op-1", None), ("op-1", "3")]


def test_closing_tells_what_every_span_saw() -> None:
    door = Door()
    door.search(3)
    door.search(4, "op-2")
    door.gate.close()
    door.gate.close()
    assert door.told() == [("op-1", None), ("op-2", None), ("op-1", "3"), ("op-2", "4")]
