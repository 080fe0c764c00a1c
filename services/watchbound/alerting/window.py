"""What alerting remembers of one entry: its last passages, what was said about them, and which matches it has seen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from watchbound.domain.adjudication import Adjudication, Word
from watchbound.domain.alert import Alert, AlertEvent
from watchbound.domain.match import Match

_RECENT_MATCHES = 64
_RULINGS_ON_UNKNOWN = 32
_EARLIER_PASSAGES = 8
_LOOKALIKES = 16


class PassageState(Enum):
    """Whether a passage still goes on."""

    OPEN = "open"
    EXPIRED = "expired"


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
    state: PassageState
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

    def told(self, state: PassageState) -> Passage:
        """The passage once its next event is out."""
        return replace(self, state=state, revision=self.revision + 1, announced=self.best.score)

    def alert(self, event: AlertEvent, adjudication: Adjudication, now: datetime) -> Alert:
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
            adjudication=adjudication,
        )

    def put_away(self) -> Passage:
        """The passage once another has begun: its picture is in the events told, and need not be held here too."""
        return replace(self, best=replace(self.best, crop=b""))


@dataclass(frozen=True, slots=True)
class Ruling:
    """A reviewer's latest word on one alert."""

    alert_id: str
    word: Word


@dataclass(frozen=True, slots=True)
class Lookalike:
    """Somebody judged to be a lookalike of the entry, as a sealed template that only the deployment's key opens.

    Attributes:
        alert_id: the alert that was judged.
        match_id: what the template is bound to.
        template: sealed.
        model_digest: what made it; templates of other models do not compare.
    """

    alert_id: str
    match_id: str
    template: bytes
    model_digest: str


@dataclass(frozen=True, slots=True)
class AlertWindow:
    """The state of one key (authorisation and entry). At most one passage of it is open, since only the last can be.

    Attributes:
        handled_at: by the service's clock, when a match or decision was handled last.
        passage: the latest.
        earlier: passages before it, oldest first, for reviewers who speak late.
        closed_until: capture time up to which everything belongs to passages before the latest.
        rulings: what was said, also on alerts that this window does not know.
        lookalikes: who is not to raise an alert on this entry again.
        recent: ids of the latest matches.
    """

    handled_at: datetime
    passage: Passage | None = None
    earlier: tuple[Passage, ...] = ()
    closed_until: datetime | None = None
    rulings: tuple[Ruling, ...] = ()
    lookalikes: tuple[Lookalike, ...] = ()
    recent: tuple[str, ...] = ()

    def find(self, alert_id: str) -> Passage | None:
        """The passage that the alert is about, if it is remembered."""
        known = (*self.earlier, *(() if self.passage is None else (self.passage,)))
        return next((passage for passage in known if passage.id == alert_id), None)

    def words(self, alert_id: str) -> tuple[Word, ...]:
        """What was said about an alert."""
        return tuple(ruling.word for ruling in self.rulings if ruling.alert_id == alert_id)

    def saw(self, match: Match, now: datetime) -> AlertWindow:
        """Remember the match's id, among a bounded number."""
        return replace(self, handled_at=now, recent=(*self.recent, match.id)[-_RECENT_MATCHES:])

    def heard(self, alert_id: str, word: Word, now: datetime) -> AlertWindow:
        """Remember the word if it is its reviewer's latest; of those on unknown alerts a bounded number is kept."""
        words = Adjudication.of((*self.words(alert_id), word), two_person=False).words
        others = [ruling for ruling in self.rulings if ruling.alert_id != alert_id]
        unknown = [ruling for ruling in others if self.find(ruling.alert_id) is None][-_RULINGS_ON_UNKNOWN:]
        known = [ruling for ruling in others if self.find(ruling.alert_id) is not None]
        return replace(self, handled_at=now, rulings=(*unknown, *known, *(Ruling(alert_id, each) for each in words)))

    def with_passage(self, passage: Passage) -> AlertWindow:
        """The window with a passage that it knows in its new state."""
        if self.passage is not None and self.passage.id == passage.id:
            return replace(self, passage=passage)
        return replace(self, earlier=tuple(passage if old.id == passage.id else old for old in self.earlier))

    def begun(self, passage: Passage, closed_until: datetime | None) -> AlertWindow:
        """The window once another passage has begun."""
        before = () if self.passage is None else (self.passage.put_away(),)
        return replace(
            self,
            passage=passage,
            earlier=(*self.earlier, *before)[-_EARLIER_PASSAGES:],
            closed_until=closed_until,
        )

    def with_lookalike(self, alert_id: str, match: Match | None) -> AlertWindow:
        """Remember `match` as the lookalike that the alert was about, or, for None, nobody."""
        others = tuple(known for known in self.lookalikes if known.alert_id != alert_id)
        if match is None or not match.template:
            return replace(self, lookalikes=others)
        new = Lookalike(alert_id, match.id, match.template, match.model_digest)
        return replace(self, lookalikes=(*others, new)[-_LOOKALIKES:])
