"""A share with its confidence interval."""

from __future__ import annotations

from dataclasses import dataclass

from scipy.special import betaincinv

from watchbound.domain.errors import InvalidValue

CONFIDENCE = 0.95
METHOD = "Clopper–Pearson, 95 %"
"""Exact for a binomial share and never narrower than it says (Clopper and Pearson, Biometrika, 1934). It takes the
trials as independent; people who come by twice make it somewhat too narrow."""


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
    def interval(self) -> tuple[float, float] | None:
        """Lower and upper end of the confidence interval (see `METHOD`); None of nothing."""
        if not self.of:
            return None
        tail = (1.0 - CONFIDENCE) / 2.0
        k, rest = self.count, self.of - self.count
        low = float(betaincinv(k, rest + 1, tail)) if k else 0.0
        high = float(betaincinv(k + 1, rest, 1.0 - tail)) if rest else 1.0
        return low, high
