"""The threshold for a wanted FPIR: counted where people enough were compared, else extrapolated by a stated model."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

import numpy as np

from watchbound.domain.errors import InvalidValue
from watchbound.statistics.identification import Floats, Indices, ScoreTable, false_positive_chances
from watchbound.statistics.proportion import Interval
from watchbound.statistics.resampling import Resampling, rates
from watchbound.statistics.tail import FEWEST_EXCESSES, Tail, fit_tail

_STEP = 0.001
_MOST_OF_ALL = 0.1
_TAIL = 4.0
"""Times the root of the number of pairs are taken for the tail: ever more of them, yet an ever smaller share."""
_EVENTS = 10.0
"""Impostor pairs that must have reached a threshold before their count is believed."""


class Model(Enum):
    """How a threshold was had; the value is a sentence for people."""

    COUNTED = "counted on lists of that size"
    INDEPENDENT = "FPIR = 1-(1-FMR)^N with the FMR counted: entries are taken to match independently of each other"
    TAIL = (
        "FPIR = 1-(1-FMR)^N with the FMR from a generalised Pareto fit to the highest impostor scores, never lighter "
        "than exponential"
    )

    @property
    def extrapolated(self) -> bool:
        """Whether it says something that nobody saw happen."""
        return self is not Model.COUNTED


@dataclass(frozen=True, slots=True)
class WantedThreshold:
    """What keeps the FPIR that was asked for.

    Attributes:
        fpir, list_size: what was asked for.
        threshold: the lowest that keeps it, in cosine similarity; above 1 where none does.
        interval: of the threshold, resampled by person.
        fpir_interval: of the FPIR at `threshold`, resampled by person.
        model: how it was had.
        tail: the fit, where there was one.
    """

    fpir: float
    list_size: int
    threshold: float
    interval: Interval
    fpir_interval: Interval
    model: Model
    tail: Tail | None = None


def fmr_for(fpir: float, list_size: int) -> float:
    """The FMR at which a list of independent entries has this FPIR: from FPIR = 1-(1-FMR)^N."""
    return -math.expm1(math.log1p(-fpir) / list_size)


def fpir_for(fmr: float, list_size: int) -> float:
    """FPIR = 1-(1-FMR)^N: of a list whose entries match independently of each other."""
    return 1.0 if fmr >= 1.0 else -math.expm1(list_size * math.log1p(-fmr))


def wanted_threshold(table: ScoreTable, fpir: float, list_size: int, resampling: Resampling) -> WantedThreshold:
    """The lowest threshold that keeps an FPIR, with how sure it is.

    Counted, where there are entries enough for lists of that size and people enough that a share of `fpir` of them is
    at least one; else from the FMR, counted where at least ten impostor pairs may reach the threshold, else from a fit
    to the tail. The threshold and the upper ends of a fit come from a tail without end, the lower ends from the fit as
    it is: between them lies what the choice of the model is worth.

    Raises:
        InvalidValue: what is wanted is no share or no size, or the table holds too few impostor pairs for any model.
    """
    if not 0.0 < fpir < 1.0 or list_size < 1:
        msg = f"expected an FPIR between 0 and 1 and a list of at least 1, got {fpir} and {list_size}"
        raise InvalidValue(msg)
    probes = len(np.unique(table.probe_person))
    if list_size <= table.largest_list and fpir * probes >= 1.0:
        return _counted(table, fpir, list_size, resampling)
    return _extrapolated(table, fpir, list_size, resampling)


def _counted(table: ScoreTable, fpir: float, list_size: int, resampling: Resampling) -> WantedThreshold:
    impostor = table.impostor
    grid = np.arange(math.floor(impostor.min() / _STEP), math.ceil(impostor.max() / _STEP) + 2) * _STEP
    people, index = np.unique(table.probe_person, return_inverse=True)
    chances = false_positive_chances(table, list_size, grid)
    sums = np.zeros((len(people), len(grid)))
    np.add.at(sums, index, chances)
    trials = np.bincount(index).astype(np.float64)
    draws = resampling.draws(len(people))
    drawn = (draws @ sums) / (draws @ trials)[:, None]
    # FPIR never rises with the threshold, so the first that keeps it is the lowest.
    at = int(np.argmax(sums.sum(axis=0) / trials.sum() <= fpir + 1e-12))
    low, high = resampling.ends(grid[np.argmax(drawn <= fpir + 1e-12, axis=1)])
    _, fpir_interval = rates(chances[:, [at]], table.probe_person, resampling).at(0)
    return WantedThreshold(
        fpir, list_size, float(grid[at]), Interval(float(low), float(high)), fpir_interval, Model.COUNTED
    )


def _extrapolated(table: ScoreTable, fpir: float, list_size: int, resampling: Resampling) -> WantedThreshold:
    fmr, top, everybody = fmr_for(fpir, list_size), _Top.of(table), np.ones(table.people)
    counted = fmr * top.pairs >= _EVENTS and fmr < top.share(everybody)
    tail = None if counted else top.tail(everybody).without_end()
    threshold = top.counted(everybody, fmr) if tail is None else tail.threshold(fmr)

    def once(weights: Floats) -> tuple[float, float, float, float]:
        """The threshold, and the FPIR at the one that was found, by the lighter and by the heavier tail."""
        try:
            if tail is None:
                drawn, rate = top.counted(weights, fmr), top.reached(weights, threshold)
                return drawn, drawn, rate, rate
            light = top.tail(weights)
            heavy = light.without_end()
            return light.threshold(fmr), heavy.threshold(fmr), light.fmr(threshold), heavy.fmr(threshold)
        except InvalidValue:
            # A draw of so few different people that its tail cannot be fitted says: anything is possible.
            return -math.inf, math.inf, 0.0, 1.0

    lowest, highest, rarest, commonest = np.array([once(weights) for weights in resampling.draws(table.people)]).T
    return WantedThreshold(
        fpir,
        list_size,
        float(threshold),
        Interval(min(float(resampling.ends(lowest)[0]), threshold), max(float(resampling.ends(highest)[1]), threshold)),
        Interval(
            fpir_for(float(resampling.ends(rarest)[0]), list_size),
            fpir_for(float(resampling.ends(commonest)[1]), list_size),
        ),
        Model.INDEPENDENT if tail is None else Model.TAIL,
        tail,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Top:
    """The highest impostor scores with the two people of each pair: all that a tail needs.

    A pair depends on both its people. Each is drawn again, and a pair counts as often as both were: `w_i · w_j` (the
    vertex bootstrap of Snijders and Borgatti, Connections 22, 1999, without pairs of a person with themselves).
    """

    scores: Floats
    probe: Indices
    entry: Indices
    start: float
    probes_of: Floats
    entries_of: Floats

    @classmethod
    def of(cls, table: ScoreTable) -> _Top:
        rows, columns = np.nonzero(~table.same)
        scores = table.scores[rows, columns]
        kept = max(int(min(_TAIL * math.sqrt(len(scores)), _MOST_OF_ALL * len(scores))), FEWEST_EXCESSES)
        if len(scores) <= kept:
            msg = f"expected more than {FEWEST_EXCESSES} impostor pairs to extrapolate from, got {len(scores)}"
            raise InvalidValue(msg)
        start = float(np.partition(scores, len(scores) - kept - 1)[len(scores) - kept - 1])
        above = np.flatnonzero(scores > start)
        order = above[np.argsort(scores[above])]
        people = table.people
        return cls(
            scores[order],
            table.probe_person[rows[order]],
            table.entry_person[columns[order]],
            start,
            np.bincount(table.probe_person, minlength=people).astype(np.float64),
            np.bincount(table.entry_person, minlength=people).astype(np.float64),
        )

    @property
    def pairs(self) -> float:
        """How many impostor pairs there are in all."""
        return self._total(np.ones(len(self.probes_of)))

    def _total(self, person: Floats) -> float:
        probes, entries = person * self.probes_of, person * self.entries_of
        return float(probes.sum() * entries.sum() - probes @ entries)

    def _weights(self, person: Floats) -> Floats:
        return np.asarray(person[self.probe] * person[self.entry])

    def share(self, person: Floats) -> float:
        """Of all pairs, those kept here."""
        total = self._total(person)
        if total <= 0.0:
            msg = "expected impostor pairs of at least two people"
            raise InvalidValue(msg)
        return float(self._weights(person).sum()) / total

    def reached(self, person: Floats, threshold: float) -> float:
        """The FMR at a threshold above `start`."""
        self.share(person)
        return float(self._weights(person)[self.scores >= threshold].sum()) / self._total(person)

    def counted(self, person: Floats, fmr: float) -> float:
        """The lowest threshold that no more than this share of pairs reaches."""
        self.share(person)
        from_top = np.cumsum(self._weights(person)[::-1]) / self._total(person)
        reached = int(np.searchsorted(from_top, fmr, side="right"))
        # Beyond what was kept nothing is known but that `start` is low enough.
        return self.start if reached == len(from_top) else float(np.nextafter(self.scores[::-1][reached], np.inf))

    def tail(self, person: Floats) -> Tail:
        """The fit."""
        return fit_tail(self.scores - self.start, self._weights(person), self.start, self.share(person))
