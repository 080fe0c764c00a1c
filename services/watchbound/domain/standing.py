"""Where an authorisation stands after its acts: the state machine, pure.

draft → signed → active ⇄ paused → ended → purged; cancelled from anywhere before its end, and purged after that.
An urgent one may be active, and paused, before it is signed, and may be signed after its end: that permits nothing,
and decides whether what came of it is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from watchbound.domain.act import Act, ActKind
from watchbound.domain.activation import REVIEW_LASTS, Activation
from watchbound.domain.errors import InvalidValue, NotAuthorised
from watchbound.domain.terms import Terms
from watchbound.domain.threshold_change import ThresholdChange

URGENT_LASTS = timedelta(hours=24)
"""What began before its signature stops where none followed within this time (EU AI Act, Art. 5(3))."""


class AuthorisationState(Enum):
    """Where an authorisation stands; only `ACTIVE` permits anything."""

    DRAFT = "draft"
    SIGNED = "signed"
    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"
    CANCELLED = "cancelled"
    PURGED = "purged"


class Refusal(Enum):
    """Why authority was not there. Each value is a metric label."""

    NO_AUTHORISATION = "no_authorisation"
    NOT_ACTIVE = "not_active"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    NOT_YET_STARTED = "not_yet_started"
    ENDED = "ended"
    PURGED = "purged"
    URGENT_LAPSED = "urgent_lapsed"
    CLOCK_BEHIND = "clock_behind"
    CAPTURED_OUTSIDE_WINDOW = "captured_outside_window"
    CAMERA_NOT_COVERED = "camera_not_covered"
    AUTHORITY_UNKNOWN = "authority_unknown"
    CLOCK_UNTRUSTED = "clock_untrusted"
    KEY_DESTROYED = "key_destroyed"
    UNSIGNED = "unsigned"
    ALTERED = "altered"
    NOT_TRUSTED = "not_trusted"
    KEY_REVOKED = "key_revoked"
    KEY_ENDS_EARLY = "key_ends_early"
    AGAINST_THE_RULES = "against_the_rules"
    FORKED = "forked"


@dataclass(frozen=True, slots=True)
class Standing:
    """What the acts so far amount to.

    Attributes:
        threshold: the operating threshold, never under the terms' minimum.
        since: when the last act was done; None where none counts.
        signed_at: when the authorising officer signed.
        activated_at: when it first became active.
        activation: what was vouched for then; None where it never was.
        cancelled_at: when it was cancelled.
        reason: why, in the words of the last act.
        fault: why nothing is permitted whatever the state; None where all signatures hold.
        fault_detail: the same for people.
    """

    state: AuthorisationState
    threshold: float
    since: datetime | None = None
    signed_at: datetime | None = None
    activated_at: datetime | None = None
    activation: Activation | None = None
    cancelled_at: datetime | None = None
    reason: str = ""
    fault: Refusal | None = None
    fault_detail: str = ""

    @property
    def urgent_until(self) -> datetime | None:
        """Until when a signature may follow, and it may go on without; None where it is signed or has not begun."""
        if self.activated_at is None or self.signed_at is not None:
            return None
        return self.activated_at + URGENT_LASTS


def follow(terms: Terms, standing: Standing | None, act: Act, holder: str) -> Standing:
    """Where an authorisation stands after one more act. The signature is the caller's business.

    Args:
        terms: what was written.
        standing: where it stood; None before the first act.
        act: what is done.
        holder: by whom, as the trust list knows them.

    Raises:
        NotAuthorised: the state machine does not allow it.
    """
    if standing is None:
        return _begin(terms, act, holder)
    if standing.since is not None and act.at < standing.since:
        msg = f"an act cannot be done at {act.at.isoformat()}, before the last one at {standing.since.isoformat()}"
        raise NotAuthorised(msg)
    if act.kind not in _FOLLOWS:
        msg = f"a {act.kind.value} comes first or never"
        raise NotAuthorised(msg)
    states, step = _FOLLOWS[act.kind]
    if standing.state not in states:
        allowed = ", ".join(state.value for state in AuthorisationState if state in states)
        msg = f"{act.kind.value} is possible while it is {allowed}; {terms.id} is {standing.state.value}"
        raise NotAuthorised(msg)
    try:
        changed = step(terms, standing, act, holder)
    except InvalidValue as error:
        raise NotAuthorised(str(error)) from error
    return replace(changed, since=act.at, reason=act.reason)


def _begin(terms: Terms, act: Act, holder: str) -> Standing:
    if act.kind is not ActKind.DRAFT:
        msg = f"an authorisation begins with its draft, got {act.kind.value}"
        raise NotAuthorised(msg)
    if holder != terms.drafted_by:
        msg = f"the terms say that {terms.drafted_by} drafted it, and {holder} signed the draft"
        raise NotAuthorised(msg)
    return Standing(AuthorisationState.DRAFT, terms.minimum_threshold, since=act.at, reason=act.reason)


def _sign(terms: Terms, standing: Standing, act: Act, holder: str) -> Standing:
    if holder != terms.officer:
        msg = f"the terms name {terms.officer} as the authorising officer, and {holder} would sign"
        raise NotAuthorised(msg)
    if standing.signed_at is not None:
        msg = f"{terms.id} is signed already"
        raise NotAuthorised(msg)
    begun = standing.activated_at is not None
    if begun:
        # Also when its window is over: by law a signature may follow within its time, however short the deployment.
        _require_not_lapsed(terms, standing, act.at)
    else:
        _require_time_left(terms, standing, act.at)
    return replace(standing, state=standing.state if begun else AuthorisationState.SIGNED, signed_at=act.at)


def _activate(terms: Terms, standing: Standing, act: Act, holder: str) -> Standing:
    if standing.signed_at is None and not terms.urgent:
        msg = f"{terms.id} must be signed by {terms.officer} before it is activated"
        raise NotAuthorised(msg)
    _require_time_left(terms, standing, act.at)
    activation = Activation.of(dict(act.details))
    if not act.at - REVIEW_LASTS <= activation.reviewed_at <= act.at:
        msg = (
            f"the watchlist must have been reviewed within {REVIEW_LASTS.total_seconds() / 3600:.0f} hours before the "
            f"activation at {act.at.isoformat()}, got a review at {activation.reviewed_at.isoformat()}"
        )
        raise NotAuthorised(msg)
    if activation.watchlist_size > terms.max_watchlist_size:
        msg = f"the terms permit {terms.max_watchlist_size} entries, and the watchlist has {activation.watchlist_size}"
        raise NotAuthorised(msg)
    if activation.missing():
        missing = ", ".join(item.value for item in activation.missing())
        msg = f"before a deployment begins everything must be checked off; missing: {missing}"
        raise NotAuthorised(msg)
    return replace(standing, state=AuthorisationState.ACTIVE, activated_at=act.at, activation=activation)


def _pause(terms: Terms, standing: Standing, act: Act, holder: str) -> Standing:
    _require_reason(act)
    return replace(standing, state=AuthorisationState.PAUSED)


def _resume(terms: Terms, standing: Standing, act: Act, holder: str) -> Standing:
    _require_reason(act)
    _require_time_left(terms, standing, act.at)
    return replace(standing, state=AuthorisationState.ACTIVE)


def _cancel(terms: Terms, standing: Standing, act: Act, holder: str) -> Standing:
    _require_reason(act)
    return replace(standing, state=AuthorisationState.CANCELLED, cancelled_at=act.at)


def _set_threshold(terms: Terms, standing: Standing, act: Act, holder: str) -> Standing:
    _require_reason(act)
    change = ThresholdChange.of(dict(act.details))
    # Accounts differ by more than spaces and capitals: nobody becomes two people by spelling.
    if change.requested_by.strip().casefold() == holder.strip().casefold():
        msg = f"a threshold is changed at the request of one person and approved by another, got {holder} for both"
        raise NotAuthorised(msg)
    if change.threshold < terms.minimum_threshold:
        msg = f"the terms allow no threshold under {terms.minimum_threshold:g}, got {change.threshold:g}"
        raise NotAuthorised(msg)
    return replace(standing, threshold=change.threshold)


def _end(terms: Terms, standing: Standing, act: Act, holder: str) -> Standing:
    _require_reason(act)
    until = standing.urgent_until
    over = terms.window.end if until is None else min(terms.window.end, until)
    if act.at < over:
        msg = f"{terms.id} ends by itself at {over.isoformat()}; cancel it to stop it earlier"
        raise NotAuthorised(msg)
    return replace(standing, state=AuthorisationState.ENDED)


def _purge(terms: Terms, standing: Standing, act: Act, holder: str) -> Standing:
    _require_reason(act)
    return replace(standing, state=AuthorisationState.PURGED)


def _require_reason(act: Act) -> None:
    if not act.reason.strip():
        msg = f"expected a reason for {act.kind.value} (--reason), got none; say why"
        raise NotAuthorised(msg)


def _require_time_left(terms: Terms, standing: Standing, at: datetime) -> None:
    if at >= terms.window.end:
        msg = f"{terms.id} ended at {terms.window.end.isoformat()}"
        raise NotAuthorised(msg)
    _require_not_lapsed(terms, standing, at)


def _require_not_lapsed(terms: Terms, standing: Standing, at: datetime) -> None:
    if standing.urgent_until is not None and at >= standing.urgent_until:
        msg = f"{terms.id} began without a signature, none followed by {standing.urgent_until.isoformat()}, so it ended"
        raise NotAuthorised(msg)


_Step = Callable[[Terms, Standing, Act, str], Standing]
_S = AuthorisationState
_LIVE = frozenset({_S.DRAFT, _S.SIGNED, _S.ACTIVE, _S.PAUSED})

_FOLLOWS: dict[ActKind, tuple[frozenset[AuthorisationState], _Step]] = {
    ActKind.SIGN: (frozenset({_S.DRAFT, _S.ACTIVE, _S.PAUSED, _S.ENDED}), _sign),
    ActKind.ACTIVATE: (frozenset({_S.DRAFT, _S.SIGNED}), _activate),
    ActKind.PAUSE: (frozenset({_S.ACTIVE}), _pause),
    ActKind.RESUME: (frozenset({_S.PAUSED}), _resume),
    ActKind.CANCEL: (_LIVE, _cancel),
    ActKind.SET_THRESHOLD: (frozenset({_S.SIGNED, _S.ACTIVE, _S.PAUSED}), _set_threshold),
    ActKind.END: (_LIVE, _end),
    ActKind.PURGE: (frozenset({_S.ENDED, _S.CANCELLED}), _purge),
}
"""From which states each act is possible, and what comes of it."""
