from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from watchbound.domain.errors import InvalidValue
from watchbound.testing.clock import ManualClock

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def test_time_passes_only_when_told() -> None:
    clock = ManualClock(NOON)
    assert clock.now() == NOON
    assert clock.advance(1.5) == clock.now() == NOON + timedelta(seconds=1.5)


def test_it_is_put_back_only_on_purpose() -> None:
    clock = ManualClock(NOON)
    with pytest.raises(InvalidValue, match="set"):
        clock.advance(-1)
    clock.set(NOON - timedelta(days=1))
    assert clock.now() < NOON


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(InvalidValue):
        ManualClock(datetime(2026, 6, 1))  # noqa: DTZ001 - that is the point
