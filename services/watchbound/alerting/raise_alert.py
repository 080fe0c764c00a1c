"""When matches become alerts: one alert for one person passing. Pure functions `(window, event) -> Step`.

**What a passage is** depends on capture times alone: a match that was captured at most `gap` after the passage was
last seen continues it, a later one begins the next. Replaying the same matches therefore gives the same alert ids,
however fast or slow they are read.

**When an alert is said to have expired** needs the present too: `gap` must have gone by since the person was last
seen *and* since a match was last handled *and* since this service began to listen. So a service that reads an hour's
backlog does not expire what the next record continues. Should a match still come that continues an expired passage
(the log stood still for longer than `gap`), the alert is updated under its old id: consumers keep the highest revision.

**After a decision** on its latest alert an entry raises nothing that was captured within `suppress` of the decision,
nor anything that continues the passage decided upon.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from watchbound.alerting.window import AlertWindow, Passage, Ruling, Standing
from watchbound.domain.alert import Alert, AlertEvent, alert_id
from watchbound.domain.decision import Decision, Verdict
from watchbound.domain.match import Match
from watchbound.pipeline.topics import MATCHES

CLEARLY_BETTER = 0.05
"""Cosine similarity gained since the last event that is worth an operator's second look. With scores in [-1, 1] and
thresholds well above 0 it bounds the updates of one alert to a handful, beside one for each further camera."""


class Quiet(Enum):
    """Why a match raised nothing. Each value is a metric label."""

    DUPLICATE = "duplicate"
    LATE = "late"
    NOTHING_NEW = "nothing_new"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    LOOKALIKE = "lookalike"


_QUIET_AFTER = {
    Verdict.CONFIRM: Quiet.CONFIRMED,
    Verdict.REJECT: Quiet.REJECTED,
    Verdict.LOOKALIKE: Quiet.LOOKALIKE,
}


@dataclass(frozen=True, slots=True)
class AlertPolicy:
    """The rules' numbers.

    Attributes:
        gap: without a match for longer, a passage is over.
        suppress: how long a decision silences its entry.
        clearly_better: gain in score that is worth an update.
        keep: how long a window outlives its last event: as long as a replay could bring its matches again.
    """

    gap: timedelta
    suppress: timedelta
    clearly_better: float = CLEARLY_BETTER
    keep: timedelta = MATCHES.retention or timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Step:
    """What follows from one event.

    Attributes:
        window: the state from now on; None when there is nothing left to remember.
        alerts: what to publish, in order.
        quiet: why a match raised nothing.
    """

    window: AlertWindow | None
    alerts: tuple[Alert, ...] = ()
    quiet: Quiet | None = None


def raise_alert(window: AlertWindow | None, match: Match, policy: AlertPolicy, now: datetime) -> Step:
    """Take a match: open, update, or nothing."""
    window = window or AlertWindow(now)
    if match.id in window.recent:
        return Step(window, quiet=Quiet.DUPLICATE)
    window = window.saw(match, now)
    quiet = _why_quiet(window, match, policy)
    if quiet is not None:
        return Step(window, quiet=quiet)
    passage = window.passage
    if passage is not None and passage.standing is not Standing.DECIDED and _continues(passage, match, policy):
        return _continue(window, passage, match, policy, now)
    return _open(window, match, policy, now)


def settle(window: AlertWindow | None, decision: Decision, policy: AlertPolicy, now: datetime) -> Step:
    """Take a decision: silence the entry if it is about its latest alert.

    One about an alert not known here is remembered: after a crash the decision may be read before the match that
    opened its alert, and must hold all the same.
    """
    window = window or AlertWindow(now)
    if decision.verdict not in _QUIET_AFTER or any(ruling.decision_id == decision.id for ruling in window.rulings):
        return Step(window)
    # A reviewer's clock that runs ahead must not silence the entry for longer.
    ruling = Ruling(decision.id, decision.alert_id, decision.verdict, min(decision.decided_at, now))
    window = window.heard(ruling, now)
    if window.passage is None or window.passage.id != decision.alert_id:
        return Step(window)
    return Step(_silence(window, window.passage, ruling, policy))


def expire(window: AlertWindow, policy: AlertPolicy, now: datetime, listening_since: datetime) -> Step:
    """Let time pass: close the passage that is over, forget the window that no replay can reach."""
    if now <= due(window, policy, listening_since):
        return Step(window)
    if window.passage is None or window.passage.standing is not Standing.OPEN:
        return Step(None)
    return withdraw(window, now)


def withdraw(window: AlertWindow, now: datetime) -> Step:
    """Close the open passage, such as that of somebody who may not be alerted on any more."""
    if window.passage is None or window.passage.standing is not Standing.OPEN:
        return Step(window)
    passage = window.passage.told(Standing.EXPIRED)
    return Step(replace(window, passage=passage), (passage.alert(AlertEvent.EXPIRED, now),))


def due(window: AlertWindow, policy: AlertPolicy, listening_since: datetime) -> datetime:
    """The moment after which `expire` has something to do."""
    passage = window.passage
    if passage is not None and passage.standing is Standing.OPEN:
        return max(passage.last_seen, window.handled_at, listening_since) + policy.gap
    return max(window.handled_at, window.quiet_until or window.handled_at) + policy.keep


def _why_quiet(window: AlertWindow, match: Match, policy: AlertPolicy) -> Quiet | None:
    captured, passage = match.captured_at, window.passage
    if window.quiet_until is not None and window.quiet_after is not None and captured <= window.quiet_until:
        return _QUIET_AFTER[window.quiet_after]
    if window.closed_until is not None and captured <= window.closed_until:
        return Quiet.LATE
    if passage is None or passage.standing is Standing.DECIDED:
        return None
    if passage.standing is Standing.EXPIRED and captured <= passage.last_seen:
        return Quiet.LATE
    return Quiet.LATE if captured < passage.opened_by - policy.gap else None


def _continues(passage: Passage, match: Match, policy: AlertPolicy) -> bool:
    return match.captured_at <= passage.last_seen + policy.gap


def _continue(window: AlertWindow, passage: Passage, match: Match, policy: AlertPolicy, now: datetime) -> Step:
    joined = passage.joined(match)
    worth_telling = (
        passage.standing is Standing.EXPIRED
        or len(joined.cameras) > len(passage.cameras)
        or joined.best.score >= passage.announced + policy.clearly_better
    )
    if not worth_telling:
        return Step(replace(window, passage=joined), quiet=Quiet.NOTHING_NEW)
    joined = joined.told(Standing.OPEN)
    return Step(replace(window, passage=joined), (joined.alert(AlertEvent.UPDATED, now),))


def _open(window: AlertWindow, match: Match, policy: AlertPolicy, now: datetime) -> Step:
    alerts: tuple[Alert, ...] = ()
    previous = window.passage
    if previous is not None:
        if previous.standing is Standing.OPEN:
            alerts = (previous.told(Standing.EXPIRED).alert(AlertEvent.EXPIRED, now),)
        window = replace(window, closed_until=_latest(window.closed_until, previous.last_seen, window.quiet_until))
    passage = Passage(
        id=alert_id(match),
        standing=Standing.OPEN,
        revision=0,
        opened_by=match.captured_at,
        first_seen=match.first_seen,
        last_seen=match.captured_at,
        best=match,
        announced=match.score,
        cameras=(match.camera_id,),
        matches=1,
    )
    window = replace(window, passage=passage, quiet_until=None, quiet_after=None)
    ruling = next((ruling for ruling in reversed(window.rulings) if ruling.alert_id == passage.id), None)
    if ruling is not None:
        return Step(_silence(window, passage, ruling, policy), alerts, _QUIET_AFTER[ruling.verdict])
    return Step(window, (*alerts, passage.alert(AlertEvent.OPENED, now)))


def _silence(window: AlertWindow, passage: Passage, ruling: Ruling, policy: AlertPolicy) -> AlertWindow:
    until = _latest(window.quiet_until, ruling.decided_at + policy.suppress, passage.last_seen + policy.gap)
    decided = replace(passage, standing=Standing.DECIDED)
    return replace(window, passage=decided, quiet_until=until, quiet_after=ruling.verdict)


def _latest(*moments: datetime | None) -> datetime:
    return max(moment for moment in moments if moment is not None)
