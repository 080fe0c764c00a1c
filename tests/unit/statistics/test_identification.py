"""Identification rates against counting by hand, and the properties that they cannot lack."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbound.domain.errors import InvalidValue
from watchbound.statistics.identification import (
    ScoreTable,
    false_positive_chances,
    operating_point,
    threshold_at_fpir,
    tpir_at_fpir,
    true_positive_chances,
)

SCORES = st.lists(st.floats(-1.0, 1.0), min_size=1, max_size=60)


def table(people: int = 6, pictures: int = 3, seed: int = 1) -> ScoreTable:
    """People with one entry each, and some pictures; two of them alike."""
    generator = np.random.default_rng(seed)
    person = np.repeat(np.arange(people), pictures)
    scores = generator.uniform(-0.2, 0.6, (len(person), people))
    scores[np.arange(len(person)), person] = generator.uniform(0.3, 0.9, len(person))
    return ScoreTable(scores, person, np.arange(people), people)


def test_an_operating_point_counts_who_reaches_the_threshold() -> None:
    point = operating_point([0.9, 0.5, -np.inf, 0.4], [0.5, 0.1], 0.5)
    assert (point.tpir.count, point.tpir.of) == (2, 4)
    assert (point.fpir.count, point.fpir.of) == (1, 2)


@given(SCORES, st.floats(0.0, 0.99))
def test_the_threshold_is_the_lowest_that_keeps_the_fpir(non_mated: list[float], fpir: float) -> None:
    threshold = threshold_at_fpir(non_mated, fpir)
    scores = np.array(non_mated)
    assert np.mean(scores >= threshold) <= fpir + 1e-9
    below = scores[scores < threshold]
    assert np.mean(scores >= below.max()) > fpir - 1e-9


@given(SCORES, SCORES, st.floats(0.0, 0.9), st.floats(0.0, 0.09))
def test_whoever_permits_more_false_positives_finds_no_fewer_people(
    mated: list[float], non_mated: list[float], fpir: float, more: float
) -> None:
    strict, lax = tpir_at_fpir(mated, non_mated, fpir), tpir_at_fpir(mated, non_mated, fpir + more)
    assert strict.threshold >= lax.threshold
    assert strict.tpir.count <= lax.tpir.count


@given(SCORES, SCORES, st.floats(0.0, 0.9))
def test_only_the_order_of_scores_counts_so_systems_can_be_compared(
    mated: list[float], non_mated: list[float], fpir: float
) -> None:
    here = tpir_at_fpir(mated, non_mated, fpir)
    # Doubling is exact, so that what is tied stays tied.
    elsewhere = tpir_at_fpir(np.array(mated) * 2, np.array(non_mated) * 2, fpir)
    assert (here.tpir, here.fpir) == (elsewhere.tpir, elsewhere.fpir)


@pytest.mark.parametrize(("scores", "fpir"), [([], 0.1), ([0.5], 1.0), ([0.5], -0.1), ([float("nan")], 0.1)])
def test_searches_that_say_nothing_are_refused(scores: list[float], fpir: float) -> None:
    with pytest.raises(InvalidValue):
        threshold_at_fpir(scores, fpir)


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_false_positives_are_the_share_of_all_lists_counted_one_by_one(size: int) -> None:
    scored, thresholds = table(), np.array([0.0, 0.3, 0.55])
    chances = false_positive_chances(scored, size, thresholds)
    for probe, person in enumerate(scored.probe_person):
        others = [entry for entry in range(6) if entry != person]
        lists = list(combinations(others, size))
        hit = [np.mean([scored.scores[probe, list(one)].max() >= t for one in lists]) for t in thresholds]
        assert chances[probe] == pytest.approx(hit)


@pytest.mark.parametrize("size", [1, 2, 4, 6])
def test_true_positives_are_those_lists_on_which_the_right_entry_comes_first(size: int) -> None:
    scored, thresholds = table(seed=3), np.array([0.0, 0.4, 0.7])
    chances = true_positive_chances(scored, size, thresholds)
    for probe, person in enumerate(scored.probe_person):
        own = scored.scores[probe, person]
        others = [entry for entry in range(6) if entry != person]
        firsts = [all(scored.scores[probe, e] <= own for e in one) for one in combinations(others, size - 1)]
        assert chances[probe] == pytest.approx([np.mean(firsts) * (own >= t) for t in thresholds])


@given(st.integers(0, 10_000))
def test_longer_lists_and_lower_thresholds_never_make_false_positives_rarer(seed: int) -> None:
    scored, thresholds = table(seed=seed), np.linspace(-0.2, 0.7, 7)
    by_size = np.stack([false_positive_chances(scored, size, thresholds) for size in (1, 2, 3, 5)])
    assert (np.diff(by_size, axis=0) >= -1e-9).all()
    assert (np.diff(by_size, axis=2) <= 1e-9).all()
    assert ((by_size >= 0) & (by_size <= 1)).all()


def test_a_person_without_an_entry_is_never_mated() -> None:
    scored = ScoreTable(np.array([[0.5, 0.1], [0.2, 0.4]]), np.array([0, 2]), np.array([0, 1]), 3)
    assert true_positive_chances(scored, 1, np.array([0.3])).tolist() == [[1.0]]
    assert scored.genuine.tolist() == [0.5]
    assert scored.largest_list == 1


def test_a_list_longer_than_there_are_people_is_refused() -> None:
    with pytest.raises(InvalidValue, match="list of 1 to 5"):
        false_positive_chances(table(), 6, np.array([0.5]))
    with pytest.raises(InvalidValue, match="list of 1 to 6"):
        true_positive_chances(table(), 7, np.array([0.5]))


def test_scores_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InvalidValue, match="a score for each"):
        ScoreTable(np.zeros((2, 2)), np.array([0]), np.array([0, 1]), 2)
    with pytest.raises(InvalidValue, match="one entry a person"):
        ScoreTable(np.zeros((1, 2)), np.array([0]), np.array([1, 1]), 2)
