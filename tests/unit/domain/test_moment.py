from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbound.domain.errors import InvalidValue
from watchbound.domain.moment import Window, from_micros, require_aware, to_micros

from ..strategies import NOON, after, moments, windows


@given(moments)
def test_microseconds_lose_nothing(moment: datetime) -> None:
    assert from_micros(to_micros(moment)) == moment


@given(st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1)), st.integers(-14 * 60, 14 * 60))  # noqa: DTZ001 zones are added below
def test_the_zone_does_not_change_the_moment(naive: datetime, offset_minutes: int) -> None:
    local = naive.replace(tzinfo=timezone(timedelta(minutes=offset_minutes)))
    assert from_micros(to_micros(local)) == local


@given(st.integers(-(2**63), 2**63 - 1))
def test_any_wire_integer_is_a_moment_or_a_clear_refusal(micros: int) -> None:
    if to_micros(datetime.min.replace(tzinfo=UTC)) <= micros <= to_micros(datetime.max.replace(tzinfo=UTC)):
        assert to_micros(from_micros(micros)) == micros
    else:
        with pytest.raises(InvalidValue, match="years 1 and 9999"):
            from_micros(micros)


def test_a_moment_without_a_zone_is_refused_with_what_to_do() -> None:
    with pytest.raises(InvalidValue, match=r"seen must carry a time zone.*append Z"):
        require_aware(NOON.replace(tzinfo=None), "seen")


@given(windows())
def test_a_window_holds_its_start_and_not_its_end(window: Window) -> None:
    assert window.start in window
    assert window.end not in window
    assert window.end - timedelta(microseconds=1) in window


@pytest.mark.parametrize("end", [after(0), after(-1)])
def test_a_window_has_a_length(end: datetime) -> None:
    with pytest.raises(InvalidValue, match="must end after it starts"):
        Window(NOON, end)


@pytest.mark.parametrize("which", ["start", "end"])
def test_a_window_is_aware_at_both_ends(which: str) -> None:
    ends = {"start": NOON, "end": after(1)}
    ends[which] = ends[which].replace(tzinfo=None)
    with pytest.raises(InvalidValue, match=f"window {which}"):
        Window(**ends)
