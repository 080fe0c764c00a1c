"""Open-set identification: how often a listed person is found, and somebody unlisted is taken for one.

The terms are those of ISO/IEC 19795-1:2021. A *mated* search asks for somebody who is listed, a *non-mated* one for
somebody who is not. TPIR is the share of mated searches that return the right entry, FPIR the share of non-mated
searches that return any. A score reaches a threshold when it is not below it, as the matching worker has it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln

from watchbound.domain.errors import InvalidValue
from watchbound.statistics.proportion import Proportion

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """What one threshold does."""

    threshold: float
    tpir: Proportion
    fpir: Proportion


def operating_point(mated: ArrayLike, non_mated: ArrayLike, threshold: float) -> OperatingPoint:
    """TPIR and FPIR at a threshold.

    Args:
        mated: of each mated search, the score of its right entry; -inf where another entry stood before it or no face
            was found.
        non_mated: of each non-mated search, the highest score; -inf where there was none.
        threshold: what a score must reach.
    """
    right, wrong = _scores(mated), _scores(non_mated)
    return OperatingPoint(
        threshold,
        Proportion(int(np.count_nonzero(right >= threshold)), len(right)),
        Proportion(int(np.count_nonzero(wrong >= threshold)), len(wrong)),
    )


def threshold_at_fpir(non_mated: ArrayLike, fpir: float) -> float:
    """The lowest threshold at which no more than this share of the non-mated searches return anybody.

    Raises:
        InvalidValue: there are no searches, or the share does not lie in [0, 1).
    """
    scores = np.sort(_scores(non_mated))[::-1]
    if len(scores) == 0 or not 0.0 <= fpir < 1.0:
        msg = f"expected non-mated searches and an FPIR in [0, 1), got {len(scores)} searches and {fpir}"
        raise InvalidValue(msg)
    # A hair more than the first score that must not reach it; ties with that score fail together.
    return float(np.nextafter(scores[int(fpir * len(scores) + 1e-9)], np.inf))


def tpir_at_fpir(mated: ArrayLike, non_mated: ArrayLike, fpir: float) -> OperatingPoint:
    """The operating point with the highest TPIR whose FPIR is no more than wanted. See `operating_point`.

    To compare systems whose scores have nothing in common, give both the same searches and the same FPIR.

    Raises:
        InvalidValue: see `threshold_at_fpir`.
    """
    return operating_point(mated, non_mated, threshold_at_fpir(non_mated, fpir))


def _scores(values: ArrayLike) -> Floats:
    scores = np.asarray(values, dtype=np.float64).ravel()
    if np.isnan(scores).any():
        msg = "a score is a number; say -inf where a search returned nothing"
        raise InvalidValue(msg)
    return scores


@dataclass(frozen=True, slots=True, eq=False)
class ScoreTable:
    """Every probe held against every entry.

    Attributes:
        scores: shape (probes, entries), cosine similarity.
        probe_person: shape (probes,), index of the person on each probe.
        entry_person: shape (entries,), index of the person of each entry; one entry a person.
        people: how many people there are in all; those without an entry are never mated.
    """

    scores: Floats
    probe_person: Indices
    entry_person: Indices
    people: int

    def __post_init__(self) -> None:
        if self.scores.shape != (len(self.probe_person), len(self.entry_person)):
            msg = (
                f"expected a score for each of {len(self.probe_person)} probes and {len(self.entry_person)} entries, "
                f"got shape {self.scores.shape}"
            )
            raise InvalidValue(msg)
        if len(np.unique(self.entry_person)) != len(self.entry_person):
            msg = "expected one entry a person"
            raise InvalidValue(msg)
        _scores(self.scores)

    @property
    def same(self) -> NDArray[np.bool_]:
        """Shape (probes, entries): whether both show the same person."""
        return np.asarray(self.probe_person[:, None] == self.entry_person[None, :])

    @property
    def genuine(self) -> Floats:
        """Scores of the pairs that show one person."""
        return self.scores[self.same]

    @property
    def impostor(self) -> Floats:
        """Scores of the pairs that show two."""
        return self.scores[~self.same]

    @property
    def largest_list(self) -> int:
        """The most entries that a list without a probe's own can hold for every probe."""
        return int((~self.same).sum(axis=1).min(initial=len(self.entry_person)))

    def of(self, chosen: NDArray[np.bool_]) -> ScoreTable:
        """With these probes alone; the entries stay."""
        return ScoreTable(self.scores[chosen], self.probe_person[chosen], self.entry_person, self.people)


def false_positive_chances(table: ScoreTable, list_size: int, thresholds: Floats) -> Floats:
    """Of each probe, the share of all lists of this size without its person that would return somebody.

    Lists are drawn from the other people's entries without repetition, all equally likely; the share is exact
    (hypergeometric), so that nothing depends on which lists a random generator happened to draw.

    Args:
        table: the comparisons.
        list_size: entries on the list, at most `table.largest_list`.
        thresholds: shape (t,).

    Returns:
        Shape (probes, t).
    """
    if not 1 <= list_size <= table.largest_list:
        msg = f"expected a list of 1 to {table.largest_list} entries, got {list_size}"
        raise InvalidValue(msg)
    others = ~table.same
    chances = np.empty((len(table.probe_person), len(thresholds)))
    for row, (scores, mask) in enumerate(zip(table.scores, others, strict=True)):
        pool = np.sort(scores[mask])
        reach = len(pool) - np.searchsorted(pool, thresholds, side="left")
        chances[row] = 1.0 - _none_drawn(len(pool), reach, list_size)
    return chances


def true_positive_chances(table: ScoreTable, list_size: int, thresholds: Floats) -> Floats:
    """Of each mated probe, the share of all lists of this size with its person that would return them first.

    The list holds the person's own entry and `list_size - 1` of the others'. Where another entry scores higher, that
    one is returned: the worker raises its best candidate alone.

    Returns:
        Shape (mated probes, t), in the order of the probes.
    """
    if not 1 <= list_size <= table.largest_list + 1:
        msg = f"expected a list of 1 to {table.largest_list + 1} entries, got {list_size}"
        raise InvalidValue(msg)
    mated = table.same.any(axis=1)
    own = np.where(table.same, table.scores, -np.inf).max(axis=1)[mated]
    scores, others = table.scores[mated], ~table.same[mated]
    before = (others & (scores > own[:, None])).sum(axis=1)
    first = _none_drawn(others.sum(axis=1), before, list_size - 1)
    return np.asarray((own[:, None] >= thresholds[None, :]) * first[:, None])


def _none_drawn(pool: int | Indices, marked: Indices, drawn: int) -> Floats:
    """The chance that `drawn` of `pool`, without repetition, are none of the `marked`: C(p-m, d) / C(p, d)."""
    rest = np.asarray(pool - marked, dtype=np.float64)
    enough = rest >= drawn
    left = np.where(enough, rest - drawn, 0.0)
    logarithm = (
        gammaln(rest + 1) - gammaln(left + 1) - gammaln(np.add(pool, 1.0)) + gammaln(np.subtract(pool, drawn) + 1.0)
    )
    return np.where(enough, np.where(marked == 0, 1.0, np.exp(np.minimum(logarithm, 0.0))), 0.0)
