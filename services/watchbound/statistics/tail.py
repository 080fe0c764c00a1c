"""How rare higher impostor scores are than any that were seen: a fit to the upper tail.

Above a high enough level the excesses of almost any distribution follow a generalised Pareto distribution (Pickands,
Annals of Statistics 3, 1975). Its parameters come from probability-weighted moments (Hosking and Wallis,
Technometrics 29, 1987), which take weights and are steady on small samples.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from watchbound.domain.errors import InvalidValue
from watchbound.statistics.identification import Floats

FEWEST_EXCESSES = 30
"""With fewer the moments say nothing about a tail."""


@dataclass(frozen=True, slots=True)
class Tail:
    """The share of impostor scores that reach a level above `start`.

    Attributes:
        start: where the fit begins, in cosine similarity.
        share: of all impostor scores, those above `start`.
        shape: ξ of the generalised Pareto distribution; below 0 the scores have an end.
        scale: σ, above 0.
    """

    start: float
    share: float
    shape: float
    scale: float

    def without_end(self) -> Tail:
        """The same, but never lighter than an exponential with the same mean excess.

        A shape below 0 says that nobody ever scores beyond some level. No sample can vouch for that, and on normally
        distributed scores such a fit puts the threshold for one pair in a million 0.5 standard deviations too low.
        """
        if self.shape >= 0.0:
            return self
        return Tail(self.start, self.share, 0.0, self.scale / (1.0 - self.shape))

    def fmr(self, threshold: float) -> float:
        """The share of impostor pairs that reach a threshold; for one at or above `start`."""
        excess = max(threshold - self.start, 0.0) / self.scale
        if abs(self.shape) < 1e-9:
            return self.share * math.exp(-excess)
        base = 1.0 + self.shape * excess
        return self.share * math.pow(base, -1.0 / self.shape) if base > 0.0 else 0.0

    def threshold(self, fmr: float) -> float:
        """The threshold that this share of impostor pairs reaches; for a share of at most `share`, above 0."""
        ratio = self.share / fmr
        if abs(self.shape) < 1e-9:
            return self.start + self.scale * math.log(ratio)
        return self.start + self.scale * (math.pow(ratio, self.shape) - 1.0) / self.shape


def fit_tail(excesses: Floats, weights: Floats, start: float, share: float) -> Tail:
    """The tail of scores above `start`.

    Args:
        excesses: how far each score above `start` exceeds it, ascending, shape (n,).
        weights: how often each counts, shape (n,); 0 leaves it out.
        start: where the tail begins.
        share: of all scores, by weight, those above `start`.

    Raises:
        InvalidValue: there are fewer than `FEWEST_EXCESSES`, or they are all the same.
    """
    total = float(weights.sum())
    if total < FEWEST_EXCESSES:
        msg = f"expected at least {FEWEST_EXCESSES} impostor scores in the tail, got {total:g}"
        raise InvalidValue(msg)
    rank = (np.cumsum(weights) - 0.5 * weights) / total
    first = float(weights @ excesses) / total
    second = float(weights @ (excesses * (1.0 - rank))) / total
    if not first > 2.0 * second > 0.0:
        msg = "expected impostor scores that differ in the tail"
        raise InvalidValue(msg)
    # Hosking and Wallis, equations 8 and 9, with k = -ξ.
    shape = 2.0 - first / (first - 2.0 * second)
    return Tail(start, share, shape, 2.0 * first * second / (first - 2.0 * second))
