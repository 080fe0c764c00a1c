"""Where every sampled frame is accounted for: captured = published + shed + refused + still held."""

from __future__ import annotations

from enum import Enum

from watchbound.domain.frame import Frame
from watchbound.domain.standing import Refusal
from watchbound.pipeline import metric_names as names
from watchbound.pipeline.tallies import TallyBook
from watchbound.ports import Clock, Metrics


class ShedReason(Enum):
    """Why a frame that might have been published was let go. Each value is a metric label."""

    BACKPRESSURE = "backpressure"
    LATE = "late"
    TOO_LARGE = "too_large"
    UNAVAILABLE = "unavailable"
    UNACKNOWLEDGED = "unacknowledged"
    SHUTDOWN = "shutdown"


class FrameLedger:
    """Tells metrics and tallies the same story. Safe to share between threads."""

    def __init__(self, metrics: Metrics, tallies: TallyBook, clock: Clock) -> None:
        self._metrics = metrics
        self._tallies = tallies
        self._clock = clock

    def captured(self, camera_id: str) -> None:
        """A picture was sampled."""
        self._metrics.count(names.FRAMES_CAPTURED, camera=camera_id)

    def published(self, frame: Frame) -> None:
        """The broker acknowledged a frame."""
        seconds = (self._clock.now() - frame.captured_at).total_seconds()
        self._metrics.observe(names.PUBLISH_SECONDS, max(seconds, 0.0), camera=frame.camera_id)
        self._metrics.count(names.FRAMES_PUBLISHED, camera=frame.camera_id)
        self._tallies.add(frame.camera_id, frame.authorisation_id, published=1)

    def shed(self, camera_id: str, authorisation_id: str, reason: ShedReason) -> None:
        """A frame was let go on purpose."""
        self._metrics.count(names.FRAMES_SHED, camera=camera_id, reason=reason.value)
        self._tallies.add(camera_id, authorisation_id, shed=1)

    def refused(self, camera_id: str, authorisation_id: str, refusal: Refusal) -> None:
        """No authority permitted a frame; the id is empty where no authorisation applied at all."""
        self._metrics.count(names.FRAMES_REFUSED, camera=camera_id, reason=refusal.value)
        self._tallies.add(camera_id, authorisation_id, refused=1)
