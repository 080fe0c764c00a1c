"""The authority under which anything is captured or matched at all."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from watchbound.domain.retention import EndedHow, Ending
from watchbound.domain.standing import AuthorisationState, Refusal, Standing
from watchbound.domain.terms import Terms

MOST_SKEW = timedelta(minutes=1)
"""How far the clock of whoever acted may run ahead of the clock of whoever reads it."""

_FINAL = {
    AuthorisationState.CANCELLED: Refusal.CANCELLED,
    AuthorisationState.ENDED: Refusal.ENDED,
    AuthorisationState.PURGED: Refusal.PURGED,
}
_IDLE = {
    AuthorisationState.DRAFT: Refusal.NOT_ACTIVE,
    AuthorisationState.SIGNED: Refusal.NOT_ACTIVE,
    AuthorisationState.PAUSED: Refusal.PAUSED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorisation(Terms):
    """One deployment's written authority, and where it stands.

    Only `pipeline.verification` makes one from what was read, so that what a service holds has been verified.
    """

    standing: Standing

    @classmethod
    def of(cls, terms: Terms, standing: Standing) -> Authorisation:
        """The terms, as their acts have left them."""
        return cls(**{one.name: getattr(terms, one.name) for one in fields(Terms)}, standing=standing)

    @property
    def state(self) -> AuthorisationState:
        """Where it stands after its last act; what time alone brings about is told by `refusal` and `ending`."""
        return self.standing.state

    @property
    def threshold(self) -> float:
        """The operating threshold: least cosine similarity that raises a match now."""
        return self.standing.threshold

    def refusal(self, now: datetime) -> Refusal | None:
        """Why this authorisation permits nothing at `now`; None when it is in force."""
        standing = self.standing
        refusal = _FINAL.get(standing.state) or standing.fault or _IDLE.get(standing.state)
        if refusal is not None:
            return refusal
        if now < self.window.start:
            return Refusal.NOT_YET_STARTED
        if now >= self.window.end:
            return Refusal.ENDED
        if standing.urgent_until is not None and now >= standing.urgent_until:
            return Refusal.URGENT_LAPSED
        if standing.since is None or now < standing.since - MOST_SKEW:
            return Refusal.CLOCK_BEHIND
        return None

    def refusal_of(self, camera_id: str, captured_at: datetime, now: datetime) -> Refusal | None:
        """Why a picture of `camera_id` may not be published or matched at `now`; None when it may.

        Both clocks must lie in the window: the site's (when it was taken) and the trusted one (when it is handled).
        """
        refusal = self.refusal(now)
        if refusal is not None:
            return refusal
        if camera_id not in self.cameras:
            return Refusal.CAMERA_NOT_COVERED
        if captured_at not in self.window:
            return Refusal.CAPTURED_OUTSIDE_WINDOW
        return None

    def ending(self, now: datetime) -> Ending | None:
        """The moment from which nothing more may be matched, for good; None while that has not come.

        What began without a signature lapses, however it ended, once none can follow: at its cancellation, or when
        the time for a signature is over. Until then its window may be over, and the officer may still sign.
        """
        cancelled_at, urgent_until = self.standing.cancelled_at, self.standing.urgent_until
        endings = [Ending(self.window.end, EndedHow.WINDOW_OVER)]
        if cancelled_at is not None:
            endings.append(Ending(cancelled_at, EndedHow.CANCELLED if urgent_until is None else EndedHow.LAPSED))
        if urgent_until is not None:
            endings.append(Ending(urgent_until, EndedHow.LAPSED))
        come = [ending for ending in endings if ending.at <= now]
        # That it lapsed outweighs an earlier end, which would let alerts be kept.
        return min(come, key=lambda ending: (ending.how is not EndedHow.LAPSED, ending.at), default=None)
