from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbound.domain.errors import Unavailable
from watchbound.pipeline.clock_watch import ClockLimits, ClockReading, ClockWatch, ClockWatcher
from watchbound.pipeline.metric_names import CLOCK_OFFSET_SECONDS, CLOCK_TRUSTED
from watchbound.testing.broker_time import FakeBrokerTime
from watchbound.testing.clock import ManualClock
from watchbound.testing.metrics import RecordedMetrics

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
LIMITS = ClockLimits(max_offset_s=2.0, max_age_s=20.0)


class Bench:
    """A service's clock, a broker's clock, and seconds that nobody can set."""

    def __init__(self, offset_s: float = 0.0) -> None:
        self.clock = ManualClock(NOON + timedelta(seconds=offset_s))
        self.broker_clock = ManualClock(NOON)
        self.broker = FakeBrokerTime(self.broker_clock)
        self.tick = 0.0
        self.watch = ClockWatch(self.broker, self.clock, lambda: self.tick, LIMITS)

    def pass_time(self, seconds: float) -> None:
        self.tick += seconds
        self.clock.advance(seconds)
        self.broker_clock.advance(seconds)


def test_before_the_first_comparison_nothing_is_trusted() -> None:
    assert "not been compared" in (Bench().watch.complaint() or "")


@pytest.mark.parametrize(("offset_s", "trusted"), [(0, True), (1.9, True), (-1.9, True), (2.1, False), (-3600, False)])
def test_the_bound_holds_both_ways(offset_s: float, trusted: bool) -> None:
    bench = Bench(offset_s)
    bench.watch.check()
    assert bench.watch.trusted() is trusted


def test_what_is_old_says_nothing_any_more() -> None:
    bench = Bench()
    bench.watch.check()
    bench.pass_time(20)
    assert bench.watch.trusted()
    bench.pass_time(1)
    assert "21 s ago" in (bench.watch.complaint() or "")


def test_a_clock_that_is_set_shows_itself_before_the_next_comparison() -> None:
    bench = Bench()
    bench.watch.check()
    bench.clock.set(NOON - timedelta(hours=1))
    assert "-3600.000 s" in (bench.watch.complaint() or "")
    bench.clock.set(NOON)
    assert bench.watch.trusted()


def test_a_broker_that_does_not_answer_leaves_the_last_comparison() -> None:
    bench = Bench()
    bench.watch.check()
    bench.broker.away = True
    with pytest.raises(Unavailable):
        bench.watch.check()
    assert bench.watch.trusted()


@given(
    offset_ms=st.integers(-5000, 5000),
    there_ms=st.integers(0, 3000),
    back_ms=st.integers(0, 3000),
)
def test_the_true_offset_lies_within_the_doubt(offset_ms: int, there_ms: int, back_ms: int) -> None:
    """However unevenly the round trip is shared between its two ways."""
    told = NOON + timedelta(milliseconds=there_ms)
    asked_at = NOON + timedelta(milliseconds=offset_ms)
    reading = ClockReading.of(asked_at, told, (there_ms + back_ms) / 1000)
    assert abs(reading.offset_s - offset_ms / 1000) <= reading.uncertainty_s
    assert reading.worst_s >= abs(offset_ms) / 1000


def test_a_slow_answer_is_not_taken_for_a_right_clock() -> None:
    bench = Bench()

    def slow() -> datetime:
        bench.tick += 5
        return NOON

    bench.broker.ask = slow  # type: ignore[method-assign]
    bench.watch.check()
    assert "±2.501 s" in (bench.watch.complaint() or "")


def test_the_watcher_checks_before_anything_else_and_recovers_by_itself() -> None:
    bench = Bench(offset_s=-60)
    metrics = RecordedMetrics()
    watcher = ClockWatcher(bench.watch, bench.broker, interval_s=0.01, metrics=metrics)
    with watcher:
        assert "more than 2 s" in (watcher.ready() or "")
        assert metrics.total(CLOCK_OFFSET_SECONDS) == -60
        assert metrics.total(CLOCK_TRUSTED) == 0
        bench.clock.set(NOON)
        assert watcher.ready() is None
    assert bench.broker.closed


def test_the_watcher_says_why_it_cannot_compare() -> None:
    bench = Bench()
    bench.broker.away = True
    with ClockWatcher(bench.watch, bench.broker, interval_s=60, metrics=RecordedMetrics()) as watcher:
        assert "has not been compared with the broker's yet: the broker does not answer" in (watcher.ready() or "")
