"""Whether a frame may be looked at, before it is opened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from watchbound.domain.authorisation import Authorisation
from watchbound.domain.errors import Poison, PoisonReason
from watchbound.domain.frame import Capture
from watchbound.domain.standing import Refusal
from watchbound.pipeline.authority import AuthorityView
from watchbound.ports import Clock


class ShedReason(Enum):
    """Why a live frame was let go on purpose. Each value is a metric label."""

    STALE = "stale"
    OUT_OF_ORDER = "out_of_order"


@dataclass(frozen=True, slots=True)
class FreshnessLimits:
    """How far a capture time may lie from the trusted clock."""

    max_age: timedelta
    max_skew: timedelta


class FrameAdmission:
    """Judges frames by authority first, then by freshness."""

    def __init__(self, authority: AuthorityView, clock: Clock, limits: FreshnessLimits) -> None:
        self._authority = authority
        self._clock = clock
        self._limits = limits

    def judge(self, frame: Capture) -> Authorisation | Refusal | ShedReason:
        """The authorisation under which the frame may be looked at, or why it may not.

        Raises:
            Poison: it claims to come from the future by more than clocks may differ.
        """
        refusal = self.refusal(frame)
        if refusal is not None:
            return refusal
        ahead = frame.captured_at - self._clock.now()
        if ahead > self._limits.max_skew:
            detail = f"captured {ahead.total_seconds():.1f} s ahead of this clock; check the time at the camera's site"
            raise Poison(PoisonReason.FROM_THE_FUTURE, detail)
        if -ahead > self._limits.max_age:
            return ShedReason.STALE
        authorisation = self._authority.find(frame.authorisation_id)
        return Refusal.NO_AUTHORISATION if authorisation is None else authorisation

    def refusal(self, frame: Capture) -> Refusal | None:
        """Why nothing of this frame may be matched now; asked again just before a match is published."""
        return self._authority.refusal_of(frame.authorisation_id, frame.camera_id, frame.captured_at)
