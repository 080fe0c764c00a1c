"""The intervals against published values and against their own definition."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from watchbound.domain.errors import InvalidValue
from watchbound.statistics.proportion import Proportion


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    # Newcombe, Statistics in Medicine 17 (1998), table I, method 5.
    [(81, 263, 0.2527, 0.3676), (15, 148, 0.0578, 0.1617), (0, 20, 0.0, 0.1684), (1, 29, 0.0009, 0.1776)],
)
def test_the_intervals_are_those_of_the_literature(count: int, of: int, low: float, high: float) -> None:
    assert Proportion(count, of).interval == pytest.approx((low, high), abs=5e-5)


@given(st.integers(0, 300), st.integers(1, 300))
def test_an_interval_holds_its_share_and_leaves_two_and_a_half_percent_on_either_side(count: int, more: int) -> None:
    proportion = Proportion(count, count + more)
    assert proportion.interval is not None
    assert proportion.value is not None
    low, high = proportion.interval
    assert low <= proportion.value <= high
    assert binom.cdf(count, count + more, high) == pytest.approx(0.025, abs=1e-6)
    if count:
        assert binom.sf(count - 1, count + more, low) == pytest.approx(0.025, abs=1e-6)


def test_nothing_of_nothing_has_no_value() -> None:
    assert (Proportion(0, 0).value, Proportion(0, 0).interval) == (None, None)


@pytest.mark.parametrize(("count", "of"), [(-1, 3), (4, 3)])
def test_more_than_the_whole_is_refused(count: int, of: int) -> None:
    with pytest.raises(InvalidValue):
        Proportion(count, of)
