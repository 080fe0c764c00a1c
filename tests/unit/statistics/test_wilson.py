"""Wilson's interval against published values, against its definition, and by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbound.domain.errors import InvalidValue
from watchbound.statistics.proportion import Proportion, normal_quantile, wilson


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    # Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_intervals_are_those_of_the_literature(count: int, of: int, low: float, high: float) -> None:
    assert wilson(count, of) == pytest.approx((low, high), abs=5e-5)
    assert Proportion(count, of).wilson == wilson(count, of)


@given(st.integers(0, 400), st.integers(0, 400), st.floats(0.5, 0.999))
def test_each_end_lies_as_many_deviations_away_as_the_confidence_says(count: int, more: int, confidence: float) -> None:
    of = count + more + 1
    low, high = wilson(count, of, confidence)
    share = count / of
    assert 0.0 <= low <= share <= high <= 1.0
    for end in (low, high):
        if 0.0 < end < 1.0:
            deviation = math.sqrt(end * (1 - end) / of)
            assert abs(share - end) / deviation == pytest.approx(normal_quantile(confidence), rel=1e-6)


@given(st.integers(0, 99), st.integers(100, 400))
def test_more_hits_move_both_ends_up_and_more_confidence_moves_them_apart(count: int, of: int) -> None:
    assert wilson(count, of)[0] <= wilson(count + 1, of)[0]
    assert wilson(count, of)[1] <= wilson(count + 1, of)[1]
    assert wilson(count, of, 0.99).high > wilson(count, of, 0.9).high


@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.9])
def test_it_holds_the_true_share_about_as_often_as_it_says(share: float) -> None:
    counts = np.random.default_rng(7).binomial(60, share, 2000)
    held = [low <= share <= high for low, high in (wilson(int(count), 60) for count in counts)]
    assert 0.92 <= np.mean(held) <= 0.985


@pytest.mark.parametrize(("count", "of", "confidence"), [(1, 0, 0.95), (-1, 3, 0.95), (4, 3, 0.95), (1, 3, 1.0)])
def test_what_is_no_share_is_refused(count: int, of: int, confidence: float) -> None:
    with pytest.raises(InvalidValue):
        wilson(count, of, confidence)


def test_nothing_of_nothing_has_no_interval() -> None:
    assert Proportion(0, 0).wilson is None
