"""Alerting between the log and its rules: records in, authority asked again, alerts out, everything counted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from watchbound.alerting.lookalike import LookalikeCheck
from watchbound.alerting.raise_alert import AlertPolicy, Step, due, expire, goes_on, raise_alert, settle, withdraw
from watchbound.alerting.window import AlertWindow
from watchbound.alerting.window_codec import AlertWindowCodec
from watchbound.domain.alert import Alert, AlertEvent
from watchbound.domain.decision import Decision
from watchbound.domain.errors import NotTrusted, Poison, PoisonReason, Unavailable
from watchbound.domain.listing import EntryStatus
from watchbound.domain.match import Match
from watchbound.domain.standing import Refusal
from watchbound.pipeline import metric_names as names
from watchbound.pipeline.audit import AuditTrail
from watchbound.pipeline.audit_acts import Act
from watchbound.pipeline.authority import AuthorityView
from watchbound.pipeline.keyed_fold import FoldStep, Output
from watchbound.pipeline.reviewers import require_reviewer
from watchbound.pipeline.topics import ALERTS, DECISIONS, MATCHES
from watchbound.pipeline.watchlist_roster import Roster
from watchbound.ports import Clock, Codec, Metrics, Record, TrustList

MAX_CROP_BYTES = 400_000
"""A window holds its best match in base64, and both it and the alert must fit the broker's 1 MiB for a record."""

MAX_CLOCK_SKEW = timedelta(seconds=5)
"""Matching refuses frames from further in the future than 1 s; a match beyond this would hold its alert open, and a
decision silence its entry for longer than it may."""

OVERTAKING = timedelta(seconds=2)
"""A new deployment's first match may be read before the authorisation, which travels on another topic: one under an
unknown authorisation is held until it is so old."""

RECHECK = timedelta(seconds=1)
"""How soon an open alert is withdrawn once its entry is removed or has expired."""

_QUIET_OF_STATUS = {
    EntryStatus.REMOVED: "entry_removed",
    EntryStatus.EXPIRED: "entry_expired",
    EntryStatus.UNKNOWN: "entry_unknown",
}


class AlertCodecs:
    """The wire forms that alerting speaks."""

    def __init__(
        self,
        match: Codec[Match],
        decision: Codec[Decision],
        alert: Codec[Alert],
        window: AlertWindowCodec,
    ) -> None:
        self.match = match
        self.decision = decision
        self.alert = alert
        self.window = window


class AlertFold:
    """A `KeyedFold`: a key is a subject (authorisation and entry), its state an `AlertWindow`.

    A match raises nothing unless its authorisation is in force *now* and its entry still on the watchlist: whatever
    lay in the log while a deployment was cancelled stays there. While authority is unknown, or the clock is not to be
    trusted, matches wait.

    An alert is told to the audit log before it is raised: what could not be recorded is not raised, and waits.

    A decision counts only with the signature of a reviewer whom `reviewers` knows, and in that reviewer's own name; and
    only under an authorisation that is known and not purged, in force or not.
    """

    def __init__(
        self,
        policy: AlertPolicy,
        authority: AuthorityView,
        watchlist: Roster,
        reviewers: TrustList,
        lookalikes: LookalikeCheck,
        codecs: AlertCodecs,
        audit: AuditTrail,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self._policy = policy
        self._authority = authority
        self._watchlist = watchlist
        self._reviewers = reviewers
        self._lookalikes = lookalikes
        self._codecs = codecs
        self._audit = audit
        self._clock = clock
        self._metrics = metrics

    def handle(self, key: str, record: Record, state: bytes | None, listening_since: datetime) -> FoldStep:
        """Take a match or a decision; see `KeyedFold.handle`."""
        if not record.value:
            raise Poison(PoisonReason.EMPTY, f"expected a record of {record.source.topic} with a value, got none")
        if record.source.topic == MATCHES.name:
            return self._on_match(key, record, self._codecs.match.decode(record.value), state, listening_since)
        if record.source.topic == DECISIONS.name:
            return self._on_decision(key, record, self._codecs.decision.decode(record.value), state, listening_since)
        msg = f"alerting reads {MATCHES.name} and {DECISIONS.name}, got a record of {record.source.topic}"
        raise ValueError(msg)

    def tick(self, key: str, state: bytes, listening_since: datetime) -> FoldStep:
        """Expire what is over; see `KeyedFold.tick`."""
        window = self._codecs.window.decode(state)
        now = self._clock.now()
        withdrawn = self._withdrawn(window, now)
        step = withdraw(window, self._policy, now) if withdrawn else expire(window, self._policy, now, listening_since)
        return self._fold_step(step, window, listening_since, partial(self._count_alerts, step.alerts))

    def _on_match(
        self, key: str, record: Record, match: Match, state: bytes | None, listening_since: datetime
    ) -> FoldStep:
        now = self._clock.now()
        _require_key(key, match.subject)
        _require_sane(match, now)
        refused = self._refused(match, record.timestamp, now)
        window = None if state is None else self._codecs.window.decode(state)
        step = Step(window) if refused is not None else self._raise(window, match, now)
        quiet = refused or (step.quiet.value if step.quiet else None)
        return self._fold_step(step, window, listening_since, partial(self._count_match, step.alerts, quiet))

    def _raise(self, window: AlertWindow | None, match: Match, now: datetime) -> Step:
        lookalike = self._lookalikes.shows_lookalike(window, match)
        return raise_alert(window, match, self._policy, now, lookalike)

    def _on_decision(
        self, key: str, record: Record, decision: Decision, state: bytes | None, listening_since: datetime
    ) -> FoldStep:
        now = self._clock.now()
        _require_key(key, decision.subject)
        _require_past(decision.decided_at, now, "decided")
        try:
            require_reviewer(decision, self._reviewers)
        except NotTrusted as error:
            raise Poison(PoisonReason.UNTRUSTED, str(error)) from error
        window = None if state is None else self._codecs.window.decode(state)
        # People may decide after the end of a deployment, but not on what nobody knows, or what is gone.
        refusal = self._authority.refusal_of_past(decision.authorisation_id)
        _wait_for_authority(refusal, decision.authorisation_id, now - record.timestamp, "decision")
        step = Step(window) if refusal is not None else settle(window, decision, self._policy, now)
        count = partial(self._count_decision, decision, step.alerts, refusal)
        return self._fold_step(step, window, listening_since, count)

    def _refused(self, match: Match, sent_at: datetime, now: datetime) -> str | None:
        entry = match.entry
        refusal = self._authority.refusal_of(entry.authorisation_id, match.camera_id, match.captured_at)
        _wait_for_authority(refusal, entry.authorisation_id, now - sent_at, "match")
        if refusal is not None:
            return str(refusal.value)
        status = self._watchlist.status(entry.authorisation_id, entry.reference, now)
        if status is EntryStatus.UNKNOWN and now - sent_at < OVERTAKING:
            msg = f"nobody is known to have vouched for {match.subject}; the match is held for a moment"
            raise Unavailable(msg)
        return _QUIET_OF_STATUS.get(status)

    def _withdrawn(self, window: AlertWindow, now: datetime) -> bool:
        """Whether an alert is open on somebody who is not on the list any more; never guessed while that is unknown."""
        passage = window.passage
        if passage is None or not goes_on(window, self._policy) or self._authority.stale():
            return False
        entry = passage.best.entry
        return self._watchlist.status(entry.authorisation_id, entry.reference, now) is not EntryStatus.LISTED

    def _fold_step(
        self, step: Step, before: AlertWindow | None, listening_since: datetime, done: Callable[[], None]
    ) -> FoldStep:
        window = step.window
        return FoldStep(
            state=None if window is None else self._codecs.window.encode(window),
            changed=window != before,
            record=self._record_of(step.alerts),
            outputs=tuple(Output(ALERTS.name, a.subject, self._codecs.alert.encode(a)) for a in step.alerts),
            wake_at=None if window is None else self._wake_at(window, listening_since),
            done=done,
        )

    def _record_of(self, alerts: tuple[Alert, ...]) -> Callable[[], None] | None:
        """Tells the audit log of the alert that is raised, if one is."""
        raised = [alert for alert in alerts if alert.event is AlertEvent.OPENED]
        return partial(self._record, raised[0]) if raised else None

    def _record(self, alert: Alert) -> None:
        # A crash before the alert was out has it raised again, under the same id.
        if self._audit.holds(Act.ALERT_RAISED, alert.id):
            return
        entry, match = alert.entry, alert.best
        self._audit.record(
            "alerting",
            Act.ALERT_RAISED,
            entry.authorisation_id,
            "somebody who passed was matched with an entry",
            alert.id,
            camera=match.camera_id,
            entry=entry.reference,
            frame=match.frame_id,
            match=match.id,
            threshold=f"{match.threshold:.4f}",
        )

    def _wake_at(self, window: AlertWindow, listening_since: datetime) -> datetime:
        """When the window is over; while an alert is open, when its entry's place on the list is asked for again."""
        over = due(window, self._policy, listening_since)
        if not goes_on(window, self._policy):
            return over
        return min(over, self._clock.now() + RECHECK)

    def _count_match(self, alerts: tuple[Alert, ...], quiet: str | None) -> None:
        self._metrics.count(names.MATCHES_RECEIVED)
        if quiet is not None:
            self._metrics.count(names.MATCHES_SUPPRESSED, reason=quiet)
        self._count_alerts(alerts)

    def _count_decision(self, decision: Decision, alerts: tuple[Alert, ...], refusal: Refusal | None) -> None:
        self._metrics.count(names.DECISIONS_RECEIVED, verdict=decision.verdict.value)
        if refusal is not None:
            self._metrics.count(names.DECISIONS_REFUSED, reason=refusal.value)
        self._count_alerts(alerts)

    def _count_alerts(self, alerts: tuple[Alert, ...]) -> None:
        for alert in alerts:
            self._metrics.count(names.ALERTS_EMITTED, event=alert.event.value)
            if alert.event is AlertEvent.OPENED:
                seconds = (self._clock.now() - alert.opened_by).total_seconds()
                self._metrics.observe(names.CAPTURE_TO_ALERT_SECONDS, max(seconds, 0.0))


def _wait_for_authority(refusal: Refusal | None, authorisation_id: str, age: timedelta, what: str) -> None:
    """Hold a record whose authority is not known now, or not yet.

    Raises:
        Unavailable: that is so.
    """
    if refusal is Refusal.AUTHORITY_UNKNOWN:
        msg = f"authority is not known to be current; the {what} is held until it is"
        raise Unavailable(msg)
    if refusal is Refusal.CLOCK_UNTRUSTED:
        msg = f"the clock is not to be trusted; the {what} is held until it is"
        raise Unavailable(msg)
    if refusal is Refusal.NO_AUTHORISATION and age < OVERTAKING:
        msg = f"nothing is known yet of the authorisation {authorisation_id}; the {what} is held for a moment"
        raise Unavailable(msg)


def _require_key(key: str, subject: str) -> None:
    """The state lies under the record's key: a match under another key would open a second alert beside the first."""
    if key != subject:
        raise Poison(PoisonReason.WRONG_KEY, f"expected the key {subject!r}, got {key!r}")


def _require_sane(match: Match, now: datetime) -> None:
    if len(match.crop) > MAX_CROP_BYTES:
        detail = f"expected a crop of at most {MAX_CROP_BYTES} bytes, got {len(match.crop)}"
        raise Poison(PoisonReason.TOO_MANY_BYTES, detail)
    _require_past(match.captured_at, now, "captured")


def _require_past(moment: datetime, now: datetime, done: str) -> None:
    if moment > now + MAX_CLOCK_SKEW:
        raise Poison(PoisonReason.FROM_THE_FUTURE, f"{done} at {moment.isoformat()}, handled at {now.isoformat()}")
