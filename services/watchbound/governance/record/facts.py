"""What a deployment record is made of, as it was found: no biometrics, so it can be made after they are gone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from watchbound.domain.adjudication import Standing
from watchbound.domain.alert import Alert, AlertEvent
from watchbound.domain.audit import AuditEvent
from watchbound.domain.authorisation import Authorisation
from watchbound.domain.decision import Decision
from watchbound.domain.moment import Window, require_aware
from watchbound.domain.tally import Tally
from watchbound.domain.watchlist import Category, ResponseLevel, WatchlistEntry


@dataclass(frozen=True, slots=True)
class AlertFact:
    """An alert without its picture.

    Attributes:
        opening_read: whether the event that opened it was among those read.
        two_person: whether confirming it takes two reviewers.
        told: what alerting said last that the reviewers' words come to; None where it said nothing of them.
        score, threshold: of the best match so far, in cosine similarity.
    """

    id: str
    entry: WatchlistEntry
    revision: int
    opened_by: datetime
    first_seen: datetime
    last_seen: datetime
    cameras: tuple[str, ...]
    matches: int
    score: float
    threshold: float
    opening_read: bool
    two_person: bool
    told: Standing | None


def fact_of(alert: Alert, opening_read: bool, two_person: frozenset[ResponseLevel]) -> AlertFact:
    """What the record needs of an alert's event.

    Args:
        alert: the event.
        opening_read: whether the one that opened it was read before.
        two_person: response levels where two reviewers are needed, for an event that does not say it.
    """
    said = alert.adjudication
    return AlertFact(
        id=alert.id,
        entry=alert.entry,
        revision=alert.revision,
        opened_by=alert.opened_by,
        first_seen=alert.first_seen,
        last_seen=alert.last_seen,
        cameras=alert.cameras,
        matches=alert.matches,
        score=alert.best.score,
        threshold=alert.best.threshold,
        opening_read=opening_read or alert.event is AlertEvent.OPENED,
        two_person=alert.entry.response_level in two_person if said is None else said.two_person,
        told=None if said is None else said.standing,
    )


@dataclass(frozen=True, slots=True)
class Act:
    """One act upon the authorisation, as its signed chain tells it.

    Attributes:
        kind: such as `pause`.
        by: the account of the person or service who signed it.
        threshold: the operating threshold from then on, where the act set one.
    """

    at: datetime
    kind: str
    by: str
    reason: str
    threshold: float | None = None


@dataclass(frozen=True, slots=True)
class VolunteerPass:
    """A seeded volunteer's own note: at this moment I walked past this camera."""

    reference: str
    camera_id: str
    at: datetime

    def __post_init__(self) -> None:
        require_aware(self.at, "at")


@dataclass(frozen=True, slots=True)
class VolunteerLog:
    """What the volunteers noted, and how to hold it against the alerts.

    Attributes:
        tolerance: between a volunteer's watch and the cameras' clock.
        suppress: how long a decision silences its entry: a pass in that time asks nothing of the system.
    """

    passes: tuple[VolunteerPass, ...]
    tolerance: timedelta
    suppress: timedelta


@dataclass(frozen=True, slots=True)
class WatchlistFacts:
    """Who was looked for, in numbers.

    Attributes:
        size: people on the list.
        as_of: when, in words: the list changes.
        digest: which list the activation was signed for; "" where it does not say.
        approved_since: how many entries two watchlist officers added, or changed, after the activation; None where the
            audit log could not be read.
        removed_since: how many were taken off after it.
    """

    size: int
    categories: tuple[tuple[Category, int], ...]
    as_of: str
    digest: str
    approved_since: int | None
    removed_since: int | None


@dataclass(frozen=True, slots=True)
class IndexGap:
    """Tallies of one process that were not among those read.

    Attributes:
        missing: how many.
        first: the index of the first of them.
    """

    source: str
    missing: int
    first: int


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that was found about one deployment.

    Attributes:
        acts: in their order; empty where no chain was found.
        active: when it permitted matching; the last may reach into the future.
        tallies: each once; of this authorisation, and of its cameras where none applied.
        index_gaps: what is missing among the tallies of the processes that worked for it.
        in_flight: frames that workers had still to read when the facts were gathered, those of other deployments
            included; None where nobody could say.
        audit: its events; None where the audit log could not be read.
        unbelieved: decisions that were read and not counted, with the reason.
        volunteers: None where no log was given.
    """

    authorisation: Authorisation
    acts: tuple[Act, ...]
    active: tuple[Window, ...]
    tallies: tuple[Tally, ...]
    index_gaps: tuple[IndexGap, ...]
    in_flight: int | None
    alerts: tuple[AlertFact, ...]
    decisions: tuple[Decision, ...]
    unbelieved: tuple[str, ...]
    audit: tuple[AuditEvent, ...] | None
    watchlist: WatchlistFacts | None
    volunteers: VolunteerLog | None
    gathered_at: datetime
