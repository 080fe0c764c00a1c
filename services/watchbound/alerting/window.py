"""What alerting remembers of one entry: its last passage, what was decided about it, and which matches it has seen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from watchbound.domain.alert import Alert, AlertEvent
from watchbound.domain.decision import Verdict
from watchbound.domain.match import Match

_RECENT_MATCHES = 64
_RECENT_RULINGS = 8


class Standing(Enum):
    """Where a passage stands."""

    OPEN = "open"
    EXPIRED = "expired"
    DECIDED = "decided"


@dataclass(frozen=True, slots=True)
class Passage:
    """One person passing, and the alert about it.

    Attributes:
        id: the alert's id.
        revision: of the event published last.
        announced: the best score that an event has told; what is better by little stays untold.
        best: the match with the highest score, told or not.
    """

    id: str
    standing: Standing
    revision: int
    opened_by: datetime
    first_seen: datetime
    last_seen: datetime
    best: Match
    announced: float
    cameras: tuple[str, ...]
    matches: int

    def joined(self, match: Match) -> Passage:
        """The passage with one more match; the best never gets worse, and the earlier of two equals stays."""
        known = match.camera_id in self.cameras
        return replace(
            self,
            first_seen=min(self.first_seen, match.first_seen),
            last_seen=max(self.last_seen, match.captured_at),
            best=match if match.score > self.best.score else self.best,
            cameras=self.cameras if known else (*self.cameras, match.camera_id),
            matches=self.matches + 1,
        )

    def told(self, standing: Standing) -> Passage:
        """The passage once its next event is out."""
        return replace(self, standing=standing, revision=self.revision + 1, announced=self.best.score)

    def alert(self, event: AlertEvent, now: datetime) -> Alert:
        """The event to publish."""
        return Alert(
            id=self.id,
            event=event,
            revision=self.revision,
            opened_by=self.opened_by,
            first_seen=self.first_seen,
            last_seen=self.last_seen,
            best=self.best,
            cameras=self.cameras,
            matches=self.matches,
            emitted_at=now,
        )


@dataclass(frozen=True, slots=True)
class Ruling:
    """A decision, as far as it bears on alerts to come."""

    decision_id: str
    alert_id: str
    verdict: Verdict
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class AlertWindow:
    """The state of one key (authorisation and entry). At most one passage of it is open, since it holds only one.

    Attributes:
        handled_at: by the service's clock, when a match or decision was handled last.
        closed_until: capture time up to which everything belongs to passages before this one.
        quiet_until: capture time up to which a decision silences the entry.
        quiet_after: that decision's verdict.
        rulings: the latest decisions, also on alerts that this window does not know.
        recent: ids of the latest matches.
    """

    handled_at: datetime
    passage: Passage | None = None
    closed_until: datetime | None = None
    quiet_until: datetime | None = None
    quiet_after: Verdict | None = None
    rulings: tuple[Ruling, ...] = ()
    recent: tuple[str, ...] = ()

    def saw(self, match: Match, now: datetime) -> AlertWindow:
        """Remember the match's id, among a bounded number."""
        return replace(self, handled_at=now, recent=(*self.recent, match.id)[-_RECENT_MATCHES:])

    def heard(self, ruling: Ruling, now: datetime) -> AlertWindow:
        """Remember the decision, among a bounded number."""
        return replace(self, handled_at=now, rulings=(*self.rulings, ruling)[-_RECENT_RULINGS:])
