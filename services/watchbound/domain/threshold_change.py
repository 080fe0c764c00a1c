"""A change of the operating threshold: asked for by one person, approved by another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from watchbound.domain.canonical import exact
from watchbound.domain.errors import InvalidValue

_NAMES = {"requested_by", "threshold"}


@dataclass(frozen=True, slots=True)
class ThresholdChange:
    """What a `SET_THRESHOLD` vouches for; whoever signs it approves it.

    Attributes:
        threshold: least cosine similarity that raises a match from now on, in (0, 1].
        requested_by: who asked for it.
    """

    threshold: float
    requested_by: str

    def __post_init__(self) -> None:
        # Written so that NaN fails it too.
        if not 0.0 < self.threshold <= 1.0:
            msg = f"a threshold lies in (0, 1], got {self.threshold}"
            raise InvalidValue(msg)
        if not self.requested_by.strip():
            msg = "a change of the threshold says who asked for it"
            raise InvalidValue(msg)

    def details(self) -> dict[str, str]:
        """As an act carries it."""
        return {"requested_by": self.requested_by, "threshold": exact(self.threshold)}

    @classmethod
    def of(cls, details: Mapping[str, str]) -> ThresholdChange:
        """The inverse of `details`.

        Raises:
            InvalidValue: something is missing, unknown or not well-formed.
        """
        if set(details) != _NAMES:
            msg = f"a change of the threshold states {', '.join(sorted(_NAMES))}, got {', '.join(sorted(details))}"
            raise InvalidValue(msg)
        try:
            threshold = float(details["threshold"])
        except ValueError as error:
            msg = f"a threshold is a number, got {details['threshold'][:40]!r}"
            raise InvalidValue(msg) from error
        return cls(threshold, details["requested_by"])
