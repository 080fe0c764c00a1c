"""Intervals for scores of which many belong to one person: people are drawn again, not scores.

Ten pictures of one person are not ten independent trials. Drawing whole people with repetition (the subset bootstrap:
Bolle, Ratha and Pankanti, Computer Vision and Image Understanding 93, 2004) keeps what their pictures have in common.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from watchbound.domain.errors import InvalidValue
from watchbound.statistics.identification import Floats, Indices
from watchbound.statistics.proportion import CONFIDENCE, Interval, wilson


@dataclass(frozen=True, slots=True)
class Resampling:
    """How people are drawn again.

    Attributes:
        replicates: how often; the ends of a 95 % interval are percentiles, so hundreds at least.
        seed: the same draws for the same seed.
        confidence: of the intervals.
    """

    replicates: int = 1000
    seed: int = 20261101
    confidence: float = CONFIDENCE

    def draws(self, people: int) -> Floats:
        """How often each person is drawn, shape (replicates, people); each row adds up to `people`."""
        if people < 1:
            msg = "expected at least one person to draw from"
            raise InvalidValue(msg)
        generator = np.random.default_rng(self.seed)
        return generator.multinomial(people, np.full(people, 1.0 / people), self.replicates).astype(np.float64)

    def ends(self, replicates: Floats) -> tuple[Floats, Floats]:
        """The percentiles that enclose the confidence, along the first axis."""
        tail = (1.0 - self.confidence) / 2.0
        # Replicates may be infinite where a tail has no end; interpolating between two of those would give NaN.
        low, high = np.quantile(replicates, [tail, 1.0 - tail], axis=0, method="inverted_cdf")
        return np.asarray(low), np.asarray(high)


@dataclass(frozen=True, slots=True, eq=False)
class Rates:
    """A share at each of several thresholds, all arrays of shape (t,)."""

    value: Floats
    low: Floats
    high: Floats

    def at(self, index: int) -> tuple[float, Interval]:
        """The share and its interval at one threshold."""
        return float(self.value[index]), Interval(float(self.low[index]), float(self.high[index]))


def rates(chances: Floats, person: Indices, resampling: Resampling) -> Rates:
    """The mean over trials at each threshold, with an interval resampled by person.

    Drawing few people again says too little: where all of them fare the same, every draw does. So no interval is
    narrower than Wilson's for as many independent trials, and none ends nearer to 0 or 1 than Wilson's for nothing, or
    everything, of as many people. Ten people without an error never show a rate below 28 %.

    Args:
        chances: shape (trials, t), each in [0, 1].
        person: shape (trials,), whose trial it is.
        resampling: how people are drawn.

    Raises:
        InvalidValue: there are no trials.
    """
    if len(chances) == 0:
        msg = "expected at least one trial"
        raise InvalidValue(msg)
    names, index = np.unique(person, return_inverse=True)
    sums = np.zeros((len(names), chances.shape[1]))
    np.add.at(sums, index, chances)
    trials = np.bincount(index).astype(np.float64)
    draws = resampling.draws(len(names))
    low, high = resampling.ends((draws @ sums) / (draws @ trials)[:, None])
    counts, of = sums.sum(axis=0), trials.sum()
    apart = np.array([wilson(min(count, of), of, resampling.confidence) for count in counts])
    least = wilson(len(names), len(names), resampling.confidence).low
    most = wilson(0, len(names), resampling.confidence).high
    return Rates(
        counts / of,
        np.minimum(np.minimum(low, apart[:, 0]), least),
        np.maximum(np.maximum(high, apart[:, 1]), most),
    )
