"""Intervals by person: what they cannot lack, and how often they hold the truth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchbound.domain.errors import InvalidValue
from watchbound.statistics.proportion import wilson
from watchbound.statistics.resampling import Resampling, rates

FEW = Resampling(replicates=200, seed=5)


@given(st.integers(2, 12), st.integers(1, 5), st.integers(0, 10_000))
@settings(max_examples=40)
def test_an_interval_holds_its_share_and_follows_the_threshold(people: int, each: int, seed: int) -> None:
    person = np.repeat(np.arange(people), each)
    scores = np.random.default_rng(seed).uniform(0, 1, len(person))
    chances = (scores[:, None] >= np.linspace(0, 1, 9)[None, :]).astype(float)
    found = rates(chances, person, FEW)
    assert (found.low <= found.value).all()
    assert (found.value <= found.high).all()
    for curve in (found.low, found.value, found.high):
        assert (np.diff(curve) <= 1e-12).all()


def test_people_without_an_error_show_no_more_than_their_number_can() -> None:
    person = np.repeat(np.arange(10), 100)
    value, interval = rates(np.zeros((1000, 1)), person, FEW).at(0)
    assert value == 0.0
    assert interval == (0.0, wilson(0, 10).high)
    assert interval.high == pytest.approx(0.2775, abs=1e-4)


def test_people_who_all_fare_the_same_show_no_more_than_as_many_independent_trials() -> None:
    person = np.repeat(np.arange(4), 4)
    _, interval = rates(np.tile([[1.0], [0.0]], (8, 1)), person, FEW).at(0)
    assert interval == pytest.approx(wilson(8, 16))


def test_the_same_seed_draws_the_same_people() -> None:
    assert (FEW.draws(7) == FEW.draws(7)).all()
    assert (FEW.draws(7).sum(axis=1) == 7).all()
    assert not (FEW.draws(7) == Resampling(200, 6).draws(7)).all()


@pytest.mark.parametrize("alike", [0.0, 0.9])
def test_it_holds_the_truth_although_pictures_of_one_person_depend_on_each_other(alike: float) -> None:
    """Each person has a rate of their own; with `alike` 0.9 their ten pictures nearly all go the same way."""
    generator = np.random.default_rng(11)
    truth, people, each, held, naive = 0.3, 60, 10, [], []
    for _ in range(200):
        common = generator.random((people, 1)) < truth
        own = generator.random((people, each)) < truth
        trials = np.where(generator.random((people, each)) < alike, common, own).astype(float)
        _, (low, high) = rates(trials.reshape(-1, 1), np.repeat(np.arange(people), each), FEW).at(0)
        held.append(low <= truth <= high)
        narrow = wilson(int(trials.sum()), trials.size)
        naive.append(narrow.low <= truth <= narrow.high)
    assert np.mean(held) >= 0.89
    if alike:
        assert np.mean(naive) < 0.7, "were pictures independent, nobody would need to draw people"


def test_no_trials_are_refused() -> None:
    with pytest.raises(InvalidValue):
        rates(np.zeros((0, 1)), np.array([], dtype=np.intp), FEW)
