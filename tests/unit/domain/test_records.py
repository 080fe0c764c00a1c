"""Tallies, audit events and dead letters: what is written about the work rather than about faces."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from watchbound.domain.audit import AuditEvent
from watchbound.domain.dead_letter import DeadLetter
from watchbound.domain.errors import InvalidValue
from watchbound.domain.moment import Window
from watchbound.domain.tally import Tally

from ..strategies import NOON, after, tallies

TALLY = Tally("worker-1", 0, "gate-1", "op-1", Window(after(0), after(10)))
EVENT = AuditEvent("e1", NOON, "officer.1", "watchlist.approved", "op-1", "REF-1", "")
LETTER = DeadLetter("watchbound.frames.v1", 0, 0, "empty", "no bytes", 0, "", b"", NOON)
NAIVE = NOON.replace(tzinfo=None)


@given(tallies)
def test_a_tally_s_counts_are_its_numbers(tally: Tally) -> None:
    assert tally.counts() == {name: getattr(tally, name) for name in tally.counts()}
    assert len(tally.counts()) == 9


@pytest.mark.parametrize("field", ["index", *TALLY.counts()])
def test_a_tally_never_counts_down(field: str) -> None:
    with pytest.raises(InvalidValue, match="upwards from zero"):
        replace(TALLY, **{field: -1})  # type: ignore[arg-type]


def test_a_tally_is_of_a_camera() -> None:
    with pytest.raises(InvalidValue, match="camera id"):
        replace(TALLY, camera_id="")


@pytest.mark.parametrize(("field", "value"), [("id", ""), ("actor", ""), ("act", ""), ("at", NAIVE)])
def test_an_audit_event_says_who_did_what_and_when(field: str, value: object) -> None:
    with pytest.raises(InvalidValue):
        replace(EVENT, **{field: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("field", "value"),
    [("topic", ""), ("reason", ""), ("partition", -1), ("offset", -1), ("payload_size", -1), ("at", NAIVE)],
)
def test_a_dead_letter_says_where_and_why(field: str, value: object) -> None:
    with pytest.raises(InvalidValue):
        replace(LETTER, **{field: value})  # type: ignore[arg-type]
