"""One suite for the clock's port."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from watchbound.adapters.clock import SystemClock
from watchbound.ports import Clock
from watchbound.testing.clock import ManualClock


@pytest.fixture(params=[SystemClock, lambda: ManualClock(datetime(2026, 6, 1, 12, tzinfo=UTC))], ids=["system", "fake"])
def clock(request: pytest.FixtureRequest) -> Clock:
    made: Clock = request.param()
    return made


def test_the_present_has_a_zone(clock: Clock) -> None:
    assert clock.now().utcoffset() is not None


def test_it_never_runs_backwards(clock: Clock) -> None:
    readings = [clock.now() for _ in range(100)]
    assert readings == sorted(readings)
