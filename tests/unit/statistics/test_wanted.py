"""The threshold for a wanted FPIR: against known distributions, by simulation, and where it must say "extrapolated"."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbound.domain.errors import InvalidValue
from watchbound.statistics.identification import ScoreTable, false_positive_chances
from watchbound.statistics.resampling import Resampling
from watchbound.statistics.tail import FEWEST_EXCESSES, Tail, fit_tail
from watchbound.statistics.wanted import Model, fmr_for, fpir_for, wanted_threshold

FEW = Resampling(replicates=200, seed=3)


def normal_table(people: int, pictures: int, seed: int, spread: float = 0.1, of_person: float = 0.0) -> ScoreTable:
    """Impostor scores around 0 with a standard deviation of `spread`; people may lie higher or lower than others."""
    generator = np.random.default_rng(seed)
    person = np.repeat(np.arange(people), pictures)
    scores = generator.normal(0.0, spread, (len(person), people))
    scores += generator.normal(0.0, of_person, people)[person][:, None] if of_person else 0.0
    scores[np.arange(len(person)), person] = 0.8
    return ScoreTable(scores, person, np.arange(people), people)


@given(st.floats(1e-6, 0.5), st.integers(1, 100_000))
def test_the_two_rates_of_independent_entries_are_each_others_inverse(fpir: float, size: int) -> None:
    assert fpir_for(fmr_for(fpir, size), size) == pytest.approx(fpir, rel=1e-9)


def test_a_thousandth_on_ten_thousand_takes_one_pair_in_ten_million() -> None:
    assert fmr_for(0.001, 10_000) == pytest.approx(1.0005e-7, rel=1e-4)


@given(st.floats(-0.4, 0.4), st.floats(0.01, 0.2), st.floats(1e-9, 0.04))
def test_a_tail_says_the_same_in_both_directions(shape: float, scale: float, fmr: float) -> None:
    tail = Tail(0.3, 0.05, shape, scale)
    assert tail.fmr(tail.threshold(fmr)) == pytest.approx(fmr, rel=1e-5)


@pytest.mark.parametrize("shape", [-0.3, 0.0, 0.2])
def test_a_fit_finds_the_distribution_that_the_excesses_came_from(shape: float) -> None:
    uniform = np.random.default_rng(1).uniform(size=20_000)
    excesses = np.sort(0.1 * -np.log(uniform) if shape == 0.0 else 0.1 * (uniform**-shape - 1.0) / shape)
    tail = fit_tail(excesses, np.ones(len(excesses)), 0.3, 0.05)
    assert tail.shape == pytest.approx(shape, abs=0.04)
    assert tail.scale == pytest.approx(0.1, rel=0.04)


def test_a_weight_counts_as_often_as_it_says() -> None:
    excesses = np.sort(np.random.default_rng(2).exponential(0.1, 200))
    weighted = fit_tail(excesses, np.full(200, 2.0), 0.3, 0.05)
    assert weighted == fit_tail(excesses, np.ones(200), 0.3, 0.05)


def test_too_few_or_equal_scores_have_no_tail() -> None:
    with pytest.raises(InvalidValue, match=f"at least {FEWEST_EXCESSES}"):
        fit_tail(np.ones(5), np.ones(5), 0.3, 0.05)
    with pytest.raises(InvalidValue, match="differ"):
        fit_tail(np.ones(50), np.ones(50), 0.3, 0.05)


def test_what_was_seen_is_counted_and_keeps_the_rate() -> None:
    table = normal_table(people=40, pictures=3, seed=1)
    found = wanted_threshold(table, 0.05, 20, FEW)
    assert found.model is Model.COUNTED
    assert not found.model.extrapolated
    around = np.array([found.threshold, found.threshold - 0.002])
    kept, lower = false_positive_chances(table, 20, around).mean(axis=0)
    assert kept <= 0.05 < lower
    assert found.interval.low <= found.threshold <= found.interval.high
    assert found.fpir_interval.low <= 0.05 <= found.fpir_interval.high


@pytest.mark.parametrize(
    ("fpir", "size", "model"),
    [
        (0.05, 39, Model.COUNTED),
        (0.01, 20, Model.INDEPENDENT),
        (0.05, 40, Model.INDEPENDENT),
        (0.001, 10_000, Model.TAIL),
    ],
)
def test_whatever_nobody_saw_is_marked_as_extrapolated(fpir: float, size: int, model: Model) -> None:
    found = wanted_threshold(normal_table(people=40, pictures=20, seed=1), fpir, size, FEW)
    assert found.model is model
    assert (found.tail is not None) == (model is Model.TAIL)


@pytest.mark.parametrize(("fpir", "size"), [(0.02, 500), (0.001, 1000)])
def test_extrapolated_thresholds_are_those_of_the_distribution(fpir: float, size: int) -> None:
    # A normal tail is lighter than any exponential: the threshold errs on the safe side, and the interval holds it.
    truth = -NormalDist(0.0, 0.1).inv_cdf(fmr_for(fpir, size))
    found = wanted_threshold(normal_table(people=120, pictures=5, seed=4), fpir, size, FEW)
    assert truth - 0.01 <= found.threshold <= truth + 0.1
    assert found.interval.low <= truth <= found.interval.high


def test_people_who_differ_widen_the_interval() -> None:
    alike = wanted_threshold(normal_table(30, 20, seed=5), 0.05, 30, FEW)
    unlike = wanted_threshold(normal_table(30, 20, seed=5, of_person=0.1), 0.05, 30, FEW)
    assert alike.model is unlike.model is Model.INDEPENDENT
    assert unlike.interval.high - unlike.interval.low > 2 * (alike.interval.high - alike.interval.low)


@given(st.sampled_from([(0.01, 0.05), (0.05, 0.2)]), st.sampled_from([1, 5, 39, 200]))
def test_a_stricter_wish_never_lowers_the_threshold(wishes: tuple[float, float], size: int) -> None:
    table = normal_table(people=40, pictures=5, seed=6)
    none = Resampling(replicates=2)
    strict, lax = (wanted_threshold(table, wish, size, none).threshold for wish in wishes)
    assert strict >= lax - 0.002


@pytest.mark.parametrize(("fpir", "size"), [(0.0, 5), (1.0, 5), (0.1, 0)])
def test_what_cannot_be_wanted_is_refused(fpir: float, size: int) -> None:
    with pytest.raises(InvalidValue):
        wanted_threshold(normal_table(5, 2, seed=1), fpir, size, FEW)


def test_too_few_pairs_to_extrapolate_from_are_refused() -> None:
    with pytest.raises(InvalidValue, match="impostor pairs"):
        wanted_threshold(normal_table(3, 2, seed=1), 0.001, 1000, FEW)
