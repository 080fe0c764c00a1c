"""The authority under which anything is captured or matched at all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from watchbound.domain.errors import InvalidValue
from watchbound.domain.frame import require_name
from watchbound.domain.moment import Window


class UseCase(Enum):
    """*Who* may be looked for: a closed list (Court of Appeal, Bridges, 2020)."""

    LOCATE_WANTED = "locate-wanted"
    LOCATE_MISSING = "locate-missing"
    PREVENT_SERIOUS_HARM = "prevent-serious-harm"
    ENFORCE_CONDITIONS = "enforce-conditions"
    PROTECT_EVENT = "protect-event"
    DEMONSTRATION = "demonstration"


class LocationType(Enum):
    """*Where* it may be done: a closed list (Court of Appeal, Bridges, 2020)."""

    CRIME_HOTSPOT = "crime-hotspot"
    TRANSPORT_HUB = "transport-hub"
    PUBLIC_EVENT = "public-event"
    ACCESS_ROUTE = "access-route"
    PROTECTED_SITE = "protected-site"
    TEST_SITE = "test-site"


class AuthorisationState(Enum):
    """Where an authorisation stands; only `ACTIVE` permits anything."""

    ACTIVE = "active"
    CANCELLED = "cancelled"


class Refusal(Enum):
    """Why authority was not there. Each value is a metric label."""

    NO_AUTHORISATION = "no_authorisation"
    NOT_ACTIVE = "not_active"
    NOT_YET_STARTED = "not_yet_started"
    ENDED = "ended"
    CAPTURED_OUTSIDE_WINDOW = "captured_outside_window"
    CAMERA_NOT_COVERED = "camera_not_covered"
    AUTHORITY_UNKNOWN = "authority_unknown"
    KEY_DESTROYED = "key_destroyed"


@dataclass(frozen=True, slots=True)
class Authorisation:
    """One deployment's written authority.

    Attributes:
        location: the place in words, for people; `location_type` is what rules look at.
        cameras: the closed set of cameras that it covers.
        window: when it permits anything.
        threshold: least cosine similarity that may raise a match, in (0, 1].
        officer: who authorised it.
    """

    id: str
    use_case: UseCase
    legal_basis: str
    location: str
    location_type: LocationType
    cameras: frozenset[str]
    window: Window
    threshold: float
    officer: str
    state: AuthorisationState = AuthorisationState.ACTIVE

    def __post_init__(self) -> None:
        require_name(self.id, "an authorisation id")
        for name in ("legal_basis", "location", "officer"):
            if not str(getattr(self, name)).strip():
                msg = f"an authorisation must state its {name.replace('_', ' ')}"
                raise InvalidValue(msg)
        if not self.cameras:
            msg = "an authorisation must name at least one camera; it never covers all by default"
            raise InvalidValue(msg)
        for camera in self.cameras:
            require_name(camera, "a camera id")
        if not 0.0 < self.threshold <= 1.0:
            msg = f"a threshold lies in (0, 1], got {self.threshold}"
            raise InvalidValue(msg)

    def refusal(self, now: datetime) -> Refusal | None:
        """Why this authorisation permits nothing at `now`; None when it is in force."""
        if self.state is not AuthorisationState.ACTIVE:
            return Refusal.NOT_ACTIVE
        if now < self.window.start:
            return Refusal.NOT_YET_STARTED
        if now >= self.window.end:
            return Refusal.ENDED
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
