"""What an operator is asked to look at: one person passing, not one frame."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from watchbound.domain.adjudication import Adjudication
from watchbound.domain.errors import InvalidValue
from watchbound.domain.match import Match, deterministic_id
from watchbound.domain.moment import require_aware
from watchbound.domain.watchlist import WatchlistEntry


class AlertEvent(Enum):
    """What happened to an alert."""

    OPENED = "opened"
    UPDATED = "updated"
    EXPIRED = "expired"
    ADJUDICATED = "adjudicated"


@dataclass(frozen=True, slots=True)
class Alert:
    """The state of one alert after an event.

    Attributes:
        id: hash of the id of the match that opened it.
        revision: 0 when opened, then one more with each event; consumers keep the highest.
        opened_by: capture time of the match that opened it.
        first_seen, last_seen: capture times of the passage so far.
        best: the match with the highest score so far; without its crop when somebody adjudicates an alert that is not
            the latest of its entry.
        cameras: where the person was seen in this passage, in order of first sight.
        matches: how many matches stand behind it.
        emitted_at: when this event was made, by the alerting service's clock.
        adjudication: what the reviewers have said so far, and whether it takes two of them; None from a sender that
            knew no adjudication.
    """

    id: str
    event: AlertEvent
    revision: int
    opened_by: datetime
    first_seen: datetime
    last_seen: datetime
    best: Match
    cameras: tuple[str, ...]
    matches: int
    emitted_at: datetime
    adjudication: Adjudication | None = None

    def __post_init__(self) -> None:
        for name in ("opened_by", "first_seen", "last_seen", "emitted_at"):
            require_aware(getattr(self, name), name)
        if self.first_seen > self.last_seen:
            msg = "an alert cannot be last seen before it was first seen"
            raise InvalidValue(msg)
        if self.revision < 0 or self.matches < 1 or not self.cameras:
            msg = "an alert has a revision from 0, at least one match and at least one camera"
            raise InvalidValue(msg)
        if self.event is AlertEvent.ADJUDICATED and not (self.adjudication and self.adjudication.words):
            msg = "an adjudicated alert holds what its reviewers said"
            raise InvalidValue(msg)

    @property
    def entry(self) -> WatchlistEntry:
        """Whom it concerns."""
        return self.best.entry

    @property
    def margin(self) -> float:
        """How far the best score lies above the authorised threshold, in cosine similarity."""
        return self.best.score - self.best.threshold

    @property
    def subject(self) -> str:
        """Kafka key; see `Match.subject`."""
        return self.best.subject


def alert_id(opening: Match) -> str:
    """The id of the alert that `opening` opens: the same at every replay, since the match's is."""
    return deterministic_id("alert", opening.id)
