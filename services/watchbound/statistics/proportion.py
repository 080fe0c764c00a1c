"""A share with its confidence interval."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import NamedTuple

from scipy.special import betaincinv

from watchbound.domain.errors import InvalidValue

CONFIDENCE = 0.95
METHOD = "Clopper–Pearson, 95 %"
"""Exact for a binomial share and never narrower than it says (Clopper and Pearson, Biometrika, 1934). It takes the
trials as independent; people who come by twice make it somewhat too narrow."""


class Interval(NamedTuple):
    """Both ends belong to it."""

    low: float
    high: float


def wilson(count: float, of: float, confidence: float = CONFIDENCE) -> Interval:
    """The score interval of a binomial share (Wilson, JASA 22, 1927).

    Narrower than Clopper–Pearson's and right on average rather than at least; the usual choice for curves and for
    comparing two systems. It takes the trials as independent, and holds for fractional counts too.

    Args:
        count: how many of the trials hold, 0 to `of`.
        of: how many trials, above 0.
        confidence: how often such intervals hold the true share, in (0, 1).

    Raises:
        InvalidValue: the counts are not some of a whole, or the confidence is none.
    """
    if not (0 <= count <= of and of > 0):
        msg = f"a share counts some of a whole, got {count} of {of}"
        raise InvalidValue(msg)
    z = normal_quantile(confidence)
    share, spread = count / of, z * z / of
    centre = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt(share * (1 - share) / of + spread / (4 * of))
    # At the ends the formula gives 0 and 1 but for the last digits.
    return Interval(0.0 if count == 0 else max(centre - half, 0.0), 1.0 if count == of else min(centre + half, 1.0))


def clopper_pearson(count: int, of: int, confidence: float = CONFIDENCE) -> Interval:
    """The exact interval of a binomial share, never narrower than it says (see `METHOD`).

    Raises:
        InvalidValue: the counts are not some of a whole, or the confidence is none.
    """
    if not (0 <= count <= of and of > 0):
        msg = f"a share counts some of a whole, got {count} of {of}"
        raise InvalidValue(msg)
    tail, rest = (1.0 - _valid(confidence)) / 2.0, of - count
    low = float(betaincinv(count, rest + 1, tail)) if count else 0.0
    high = float(betaincinv(count + 1, rest, 1.0 - tail)) if rest else 1.0
    return Interval(low, high)


def normal_quantile(confidence: float) -> float:
    """How many standard deviations to either side hold this share of a normal distribution: 1.96 for 0.95."""
    return NormalDist().inv_cdf((1.0 + _valid(confidence)) / 2.0)


def _valid(confidence: float) -> float:
    if not 0.0 < confidence < 1.0:
        msg = f"a confidence lies between 0 and 1, such as 0.95, got {confidence}"
        raise InvalidValue(msg)
    return confidence


@dataclass(frozen=True, slots=True)
class Proportion:
    """So many of so many; without trials it has no value."""

    count: int
    of: int

    def __post_init__(self) -> None:
        if not 0 <= self.count <= self.of:
            msg = f"a proportion counts some of a whole, got {self.count} of {self.of}"
            raise InvalidValue(msg)

    @property
    def value(self) -> float | None:
        """The share; None of nothing."""
        return self.count / self.of if self.of else None

    @property
    def interval(self) -> Interval | None:
        """The exact confidence interval (see `METHOD`); None of nothing."""
        return clopper_pearson(self.count, self.of) if self.of else None

    @property
    def wilson(self) -> Interval | None:
        """The score interval; None of nothing."""
        return wilson(self.count, self.of) if self.of else None
