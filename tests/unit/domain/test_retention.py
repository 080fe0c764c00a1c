from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given

from watchbound.domain.errors import InvalidValue
from watchbound.domain.retention import EndedHow, Ending, RetentionPolicy, due
from watchbound.domain.sealing import Purpose
from watchbound.testing.clock import ManualClock

from ..strategies import moments

TICK = timedelta(microseconds=1)
POLICY = RetentionPolicy()
AT = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
ENDED = Ending(AT, EndedHow.WINDOW_OVER)
FRAMES, WATCHLIST, ALERTS = Purpose.FRAMES, Purpose.WATCHLIST, Purpose.ALERTS


@pytest.mark.parametrize(
    ("now", "gone"),
    [
        (AT - TICK, set()),
        (AT, {FRAMES}),
        (AT + timedelta(hours=24) - TICK, {FRAMES}),
        (AT + timedelta(hours=24), {FRAMES, WATCHLIST}),
        (AT + timedelta(days=31) - TICK, {FRAMES, WATCHLIST}),
        (AT + timedelta(days=31), {FRAMES, WATCHLIST, ALERTS}),
    ],
)
@pytest.mark.parametrize("how", [EndedHow.WINDOW_OVER, EndedHow.ENDED, EndedHow.CANCELLED])
def test_each_kind_of_data_is_due_exactly_at_its_deadline(now: datetime, gone: set[Purpose], how: EndedHow) -> None:
    assert set(due(Ending(AT, how), POLICY, now)) == gone


@given(moments)
def test_nothing_is_due_before_the_end(now: datetime) -> None:
    assert due(None, POLICY, now) == {}


def test_all_that_came_of_an_urgent_deployment_that_nobody_signed_is_due_at_once() -> None:
    lapsed = Ending(AT, EndedHow.LAPSED)
    assert due(lapsed, POLICY, AT - TICK) == {}
    assert set(due(lapsed, POLICY, AT)) == set(Purpose)


def test_a_service_that_was_down_at_a_deadline_finds_the_same_due_when_it_is_back_and_how_late_it_is() -> None:
    clock = ManualClock(AT - timedelta(hours=1))
    assert due(ENDED, POLICY, clock.now()) == {}
    clock.advance(timedelta(days=400).total_seconds())
    assert due(ENDED, POLICY, clock.now()) == {
        FRAMES: timedelta(days=400, hours=-1),
        WATCHLIST: timedelta(days=399, hours=-1),
        ALERTS: timedelta(days=369, hours=-1),
    }


def test_a_policy_may_keep_for_less_than_the_law_allows() -> None:
    short = RetentionPolicy(watchlist_after_end=timedelta(0), alerts=timedelta(days=1))
    assert set(due(ENDED, short, AT)) == {FRAMES, WATCHLIST}
    assert set(due(ENDED, short, AT + timedelta(days=1))) == set(Purpose)


@pytest.mark.parametrize(
    "terms",
    [
        {"watchlist_after_end": timedelta(hours=24) + TICK},
        {"watchlist_after_end": -TICK},
        {"alerts": timedelta(days=31) + TICK},
        {"alerts": -TICK},
        {"audit": timedelta(days=183) - TICK},
    ],
)
def test_a_policy_never_keeps_biometrics_for_longer_nor_the_record_of_acts_for_less(
    terms: dict[str, timedelta],
) -> None:
    with pytest.raises(InvalidValue):
        RetentionPolicy(**terms)


def test_nobody_can_ask_to_keep_non_matches() -> None:
    assert RetentionPolicy.non_matches == timedelta(0)
    with pytest.raises(TypeError):
        RetentionPolicy(non_matches=timedelta(hours=1))  # type: ignore[call-arg]
