"""When matches become alerts: one alert for one person passing. Pure functions `(window, event) -> Step`.

**What a passage is** depends on capture times alone: a match that was captured at most `gap` after the passage was
last seen continues it, a later one begins the next. Replaying the same matches therefore gives the same alert ids,
however fast or slow they are read.

**When an alert is said to have expired** needs the present too: `gap` must have gone by since the person was last
seen *and* since a match was last handled *and* since this service began to listen. So a service that reads an hour's
backlog does not expire what the next record continues. Should a match still come that continues an expired passage
(the log stood still for longer than `gap`), the alert is updated under its old id: consumers keep the highest revision.

**What reviewers say** (`domain.adjudication`) is told as an event of the alert. Only what is settled silences: after a
confirmation or rejection of its latest alert an entry raises nothing that was captured within `suppress` of it, nor
anything that continues the passage decided upon. One who awaits a second reviewer, and those who disagree, silence
nothing: the alert goes on as if nobody had spoken. A lookalike silences that person alone, whom the caller recognises
(`alerting.lookalike`): the entry itself may pass at any moment.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from watchbound.alerting.window import AlertWindow, Passage, PassageState
from watchbound.domain.adjudication import Adjudication, Standing, Word
from watchbound.domain.alert import Alert, AlertEvent, alert_id
from watchbound.domain.decision import Decision
from watchbound.domain.match import Match
from watchbound.domain.watchlist import ResponseLevel
from watchbound.pipeline.topics import ALERTS, MATCHES

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


_QUIET_AFTER = {Standing.CONFIRMED: Quiet.CONFIRMED, Standing.REJECTED: Quiet.REJECTED}


@dataclass(frozen=True, slots=True)
class AlertPolicy:
    """The rules' numbers.

    Attributes:
        gap: without a match for longer, a passage is over.
        suppress: how long a settled decision silences its entry.
        two_person: response levels where confirming, and suppressing a lookalike, take two reviewers.
        clearly_better: gain in score that is worth an update.
        keep: how long a window outlives its last event: as long as a replay could bring its matches again.
        keep_lookalikes: the same for one that knows a lookalike: as long as the key lasts that opens its template.
    """

    gap: timedelta
    suppress: timedelta
    two_person: frozenset[ResponseLevel] = frozenset(ResponseLevel)
    clearly_better: float = CLEARLY_BETTER
    keep: timedelta = MATCHES.retention or timedelta(hours=6)
    keep_lookalikes: timedelta = ALERTS.retention or timedelta(days=31)

    def adjudication(self, window: AlertWindow, passage: Passage) -> Adjudication:
        """What was said about a passage, under the rule for its entry's response level."""
        return Adjudication.of(window.words(passage.id), passage.best.entry.response_level in self.two_person)


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


def raise_alert(
    window: AlertWindow | None, match: Match, policy: AlertPolicy, now: datetime, lookalike: bool = False
) -> Step:
    """Take a match: open, update, or nothing.

    Args:
        window: the entry's state; None when there is none.
        match: what came.
        policy: the rules' numbers.
        now: by the service's clock.
        lookalike: the match shows a person who was judged to be a lookalike of the entry.
    """
    window = window or AlertWindow(now)
    if match.id in window.recent:
        return Step(window, quiet=Quiet.DUPLICATE)
    window = window.saw(match, now)
    quiet = Quiet.LOOKALIKE if lookalike else _why_quiet(window, match, policy)
    if quiet is not None:
        return Step(window, quiet=quiet)
    passage = window.passage
    if passage is not None and not _settled(window, passage, policy) and _continues(passage, match, policy):
        return _continue(window, passage, match, policy, now)
    return _open(window, match, policy, now)


def settle(window: AlertWindow | None, decision: Decision, policy: AlertPolicy, now: datetime) -> Step:
    """Take a decision: tell what the reviewers' words on its alert come to now.

    One about an alert not known here is remembered: after a crash the decision may be read before the match that
    opened its alert, and must hold all the same.
    """
    before = window or AlertWindow(now)
    heard = before.heard(decision.alert_id, Word(decision.reviewer, decision.verdict, decision.decided_at), now)
    if heard.rulings == before.rulings:
        return Step(before)
    passage = heard.find(decision.alert_id)
    return Step(heard) if passage is None else _adjudicated(heard, passage, policy, now)


def expire(window: AlertWindow, policy: AlertPolicy, now: datetime, listening_since: datetime) -> Step:
    """Let time pass: close the passage that is over, forget the window that no replay can reach."""
    if now <= due(window, policy, listening_since):
        return Step(window)
    passage = window.passage
    if passage is None or not goes_on(window, policy):
        return Step(None)
    return withdraw(window, policy, now)


def withdraw(window: AlertWindow, policy: AlertPolicy, now: datetime) -> Step:
    """Close the open passage, such as that of somebody who may not be alerted on any more."""
    passage = window.passage
    if passage is None or not goes_on(window, policy):
        return Step(window)
    passage = passage.told(PassageState.EXPIRED)
    alert = passage.alert(AlertEvent.EXPIRED, policy.adjudication(window, passage), now)
    return Step(window.with_passage(passage), (alert,))


def goes_on(window: AlertWindow, policy: AlertPolicy) -> bool:
    """Whether the end of the latest passage is still to be told: nobody waits for that of one decided upon."""
    passage = window.passage
    return passage is not None and passage.state is PassageState.OPEN and not _settled(window, passage, policy)


def due(window: AlertWindow, policy: AlertPolicy, listening_since: datetime) -> datetime:
    """The moment after which `expire` has something to do."""
    passage = window.passage
    if passage is not None and goes_on(window, policy):
        return max(passage.last_seen, window.handled_at, listening_since) + policy.gap
    silence = _silence(window, policy)
    keep = policy.keep_lookalikes if window.lookalikes else policy.keep
    return _latest(window.handled_at, silence and silence[0]) + keep


def _why_quiet(window: AlertWindow, match: Match, policy: AlertPolicy) -> Quiet | None:
    captured, passage = match.captured_at, window.passage
    silence = _silence(window, policy)
    if silence is not None and captured <= silence[0]:
        return silence[1]
    if window.closed_until is not None and captured <= window.closed_until:
        return Quiet.LATE
    if passage is None or _settled(window, passage, policy):
        return None
    if passage.state is PassageState.EXPIRED and captured <= passage.last_seen:
        return Quiet.LATE
    return Quiet.LATE if captured < passage.opened_by - policy.gap else None


def _silence(window: AlertWindow, policy: AlertPolicy) -> tuple[datetime, Quiet] | None:
    """The capture time up to which a settled decision on the latest alert silences the entry, and why."""
    if window.passage is None:
        return None
    adjudication = policy.adjudication(window, window.passage)
    quiet = _QUIET_AFTER.get(adjudication.standing)
    if quiet is None or adjudication.decided_at is None:
        return None
    return max(adjudication.decided_at + policy.suppress, window.passage.last_seen + policy.gap), quiet


def _settled(window: AlertWindow, passage: Passage, policy: AlertPolicy) -> bool:
    return policy.adjudication(window, passage).standing.settled


def _continues(passage: Passage, match: Match, policy: AlertPolicy) -> bool:
    return match.captured_at <= passage.last_seen + policy.gap


def _continue(window: AlertWindow, passage: Passage, match: Match, policy: AlertPolicy, now: datetime) -> Step:
    joined = passage.joined(match)
    worth_telling = (
        passage.state is PassageState.EXPIRED
        or len(joined.cameras) > len(passage.cameras)
        or joined.best.score >= passage.announced + policy.clearly_better
    )
    if not worth_telling:
        return Step(window.with_passage(joined), quiet=Quiet.NOTHING_NEW)
    joined = joined.told(PassageState.OPEN)
    alert = joined.alert(AlertEvent.UPDATED, policy.adjudication(window, joined), now)
    return Step(window.with_passage(joined), (alert,))


def _open(window: AlertWindow, match: Match, policy: AlertPolicy, now: datetime) -> Step:
    passage = Passage(
        id=alert_id(match),
        state=PassageState.OPEN,
        revision=0,
        opened_by=match.captured_at,
        first_seen=match.first_seen,
        last_seen=match.captured_at,
        best=match,
        announced=match.score,
        cameras=(match.camera_id,),
        matches=1,
    )
    window, alerts = _close(window, policy, now)
    window = window.begun(passage, window.closed_until)
    opened = passage.alert(AlertEvent.OPENED, policy.adjudication(window, passage), now)
    if not window.words(passage.id):
        return Step(window, (*alerts, opened))
    step = _adjudicated(window, passage, policy, now)
    return Step(step.window, (*alerts, opened, *step.alerts))


def _close(window: AlertWindow, policy: AlertPolicy, now: datetime) -> tuple[AlertWindow, tuple[Alert, ...]]:
    """The window whose latest passage is over because another begins, and what is to be told of that."""
    previous = window.passage
    if previous is None:
        return window, ()
    silence = _silence(window, policy)
    closed = replace(window, closed_until=_latest(window.closed_until, previous.last_seen, silence and silence[0]))
    if not goes_on(window, policy):
        return closed, ()
    over = previous.told(PassageState.EXPIRED)
    return closed.with_passage(over), (over.alert(AlertEvent.EXPIRED, policy.adjudication(window, over), now),)


def _adjudicated(window: AlertWindow, passage: Passage, policy: AlertPolicy, now: datetime) -> Step:
    """Tell what the words on a passage come to, and remember or forget a lookalike accordingly."""
    adjudication = policy.adjudication(window, passage)
    told = passage.told(passage.state)
    lookalike = told.best if adjudication.standing is Standing.LOOKALIKE else None
    window = window.with_passage(told).with_lookalike(told.id, lookalike)
    return Step(window, (told.alert(AlertEvent.ADJUDICATED, adjudication, now),))


def _latest(*moments: datetime | None) -> datetime:
    return max(moment for moment in moments if moment is not None)
