"""What a written authority says: who may be looked for, where, when, why, and within which limits."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from typing import Any

from watchbound.domain.calibration import CalibrationEvidence
from watchbound.domain.canonical import canonical, digest_of, exact
from watchbound.domain.errors import InvalidValue
from watchbound.domain.frame import require_name
from watchbound.domain.moment import Window, to_micros
from watchbound.domain.retention import RetentionPolicy
from watchbound.domain.watchlist import Category


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


IN_WORDS = (
    "legal_basis",
    "legitimate_aim",
    "necessity",
    "proportionality",
    "dpia_reference",
    "location",
    "threshold_reason",
    "signage_reference",
    "officer",
    "drafted_by",
)
"""What must be stated in words."""

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Terms:
    """One deployment's written authority, as it was drafted and signed. It never changes.

    Attributes:
        location: the place in words, for people; `location_type` is what rules look at.
        cameras: the closed set of cameras that it covers.
        window: when it permits anything.
        max_watchlist_size: most entries that the watchlist may hold.
        categories: whom the watchlist may hold.
        minimum_threshold: least cosine similarity that may ever raise a match, in (0, 1]; `threshold_reason` says why.
        min_eye_distance: smaller faces are not compared, in pixels between the eyes.
        signage_reference: which signs tell the public.
        officer: the account of the authorising officer who is to sign.
        drafted_by: the account of whoever drafted it: another person.
        urgent: may begin before it is signed, and stops by itself where no signature follows within 24 hours.
        calibration: the evidence for the threshold, where there is any.
    """

    id: str
    use_case: UseCase
    legal_basis: str
    legitimate_aim: str
    necessity: str
    proportionality: str
    dpia_reference: str
    location: str
    location_type: LocationType
    cameras: frozenset[str]
    window: Window
    max_watchlist_size: int
    categories: frozenset[Category]
    minimum_threshold: float
    threshold_reason: str
    min_eye_distance: float
    signage_reference: str
    officer: str
    drafted_by: str
    retention: RetentionPolicy = field(default_factory=RetentionPolicy)
    urgent: bool = False
    calibration: CalibrationEvidence | None = None

    def __post_init__(self) -> None:
        require_name(self.id, "an authorisation id")
        for name in IN_WORDS:
            if not str(getattr(self, name)).strip():
                msg = f"an authorisation must state its {name.replace('_', ' ')}"
                raise InvalidValue(msg)
        if not self.cameras:
            msg = "an authorisation must name at least one camera; it never covers all by default"
            raise InvalidValue(msg)
        for camera in self.cameras:
            require_name(camera, "a camera id")
        if not self.categories:
            msg = "an authorisation must name at least one category of people; it never permits all by default"
            raise InvalidValue(msg)
        if self.officer == self.drafted_by:
            msg = f"an authorisation is drafted by one person and signed by another, got {self.officer} for both"
            raise InvalidValue(msg)
        self._require_limits()
        if self.calibration is not None:
            self._require_covered(self.calibration)

    def _require_covered(self, evidence: CalibrationEvidence) -> None:
        """Evidence speaks of its own threshold and of lists that are no longer than its own."""
        if self.minimum_threshold < evidence.threshold:
            msg = (
                f"the calibration that is cited keeps its FPIR from a threshold of {evidence.threshold:g} on, got "
                f"{self.minimum_threshold:g}; raise the threshold, or cite no calibration"
            )
            raise InvalidValue(msg)
        if self.max_watchlist_size > evidence.list_size:
            msg = (
                f"the calibration that is cited was made for a list of {evidence.list_size}, got a maximum of "
                f"{self.max_watchlist_size}; calibrate for the longer list"
            )
            raise InvalidValue(msg)

    def _require_limits(self) -> None:
        # Written so that NaN fails them too.
        if not 0.0 < self.minimum_threshold <= 1.0:
            msg = f"a threshold lies in (0, 1], got {self.minimum_threshold}"
            raise InvalidValue(msg)
        if not 0.0 <= self.min_eye_distance < float("inf"):
            msg = f"a minimum face size is a number of pixels between the eyes, got {self.min_eye_distance}"
            raise InvalidValue(msg)
        if not 1 <= self.max_watchlist_size < 2**31:
            msg = f"a watchlist holds at least one entry, got a maximum of {self.max_watchlist_size}"
            raise InvalidValue(msg)
        kept = self.retention
        if any(span % _SECOND for span in (kept.watchlist_after_end, kept.alerts, kept.audit)):
            msg = "how long something is kept is said in whole seconds"
            raise InvalidValue(msg)

    def digest(self) -> bytes:
        """sha256 of the terms as they are signed: a single changed letter gives another."""
        kept = self.retention
        evidence: dict[str, Any] = {} if self.calibration is None else {"calibration": self.calibration.facts()}
        return digest_of(
            canonical(
                "terms",
                {
                    **{name: str(getattr(self, name)) for name in IN_WORDS},
                    "id": self.id,
                    "use_case": self.use_case.value,
                    "location_type": self.location_type.value,
                    "cameras": sorted(self.cameras),
                    "window_us": [to_micros(self.window.start), to_micros(self.window.end)],
                    "max_watchlist_size": self.max_watchlist_size,
                    "categories": sorted(category.value for category in self.categories),
                    "minimum_threshold": exact(self.minimum_threshold),
                    "min_eye_distance": exact(self.min_eye_distance),
                    "retention_s": [span // _SECOND for span in (kept.watchlist_after_end, kept.alerts, kept.audit)],
                    "urgent": self.urgent,
                    # Named only where there is one, so that terms from before keep their digests and signatures.
                    **evidence,
                },
            )
        )
