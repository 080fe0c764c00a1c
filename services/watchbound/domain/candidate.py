"""What a gallery answers."""

from __future__ import annotations

from dataclasses import dataclass

from watchbound.domain.errors import InvalidValue
from watchbound.domain.watchlist import WatchlistEntry


def require_score(score: float) -> None:
    """Refuse anything that is no cosine similarity (NaN included)."""
    if not -1.0 <= score <= 1.0:
        msg = f"a score is a cosine similarity in [-1, 1], got {score}"
        raise InvalidValue(msg)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry that resembles a probe; `score` is cosine similarity."""

    entry: WatchlistEntry
    score: float

    def __post_init__(self) -> None:
        require_score(self.score)
