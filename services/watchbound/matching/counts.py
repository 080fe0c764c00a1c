"""What became of frames and faces, told twice: to the metrics, and to the tallies that a record is added up from."""

from __future__ import annotations

from watchbound.domain.errors import InvalidValue, PoisonReason
from watchbound.domain.frame import Capture, require_name
from watchbound.domain.standing import Refusal
from watchbound.matching.admission import ShedReason
from watchbound.matching.attention import Rest
from watchbound.pipeline import metric_names as names
from watchbound.pipeline.tallies import TallyBook
from watchbound.ports import Metrics, Record

_NOBODYS = ""
_UNKNOWN_CAMERA = "unknown"


class FrameCounts:
    """Every frame record that is received ends in exactly one of the methods below it."""

    def __init__(self, metrics: Metrics, tallies: TallyBook) -> None:
        self._metrics = metrics
        self._tallies = tallies

    def received(self) -> None:
        """A record was read."""
        self._metrics.count(names.FRAMES_RECEIVED)

    def dead_lettered(self, record: Record, reason: PoisonReason) -> None:
        """No retry can make it valid."""
        self._metrics.count(names.FRAMES_DEAD_LETTERED, reason=reason.value)
        self._tallies.add(_camera_of(record), _NOBODYS, dead_lettered=1)

    def refused(self, frame: Capture, refusal: Refusal) -> None:
        """No authority permits it."""
        self._metrics.count(names.FRAMES_REFUSED, camera=frame.camera_id, reason=refusal.value)
        self._tallies.add(frame.camera_id, frame.authorisation_id, refused=1)

    def shed(self, frame: Capture, reason: ShedReason) -> None:
        """It was let go on purpose."""
        self._metrics.count(names.FRAMES_SHED, camera=frame.camera_id, reason=reason.value)
        self._tallies.add(frame.camera_id, frame.authorisation_id, shed=1)

    def rested(self, frame: Capture, rest: Rest) -> None:
        """It was processed without a search for faces."""
        self._metrics.count(names.FRAMES_PROCESSED, camera=frame.camera_id)
        self._metrics.count(names.FRAMES_RESTED, camera=frame.camera_id, reason=rest.value)
        self._tallies.add(frame.camera_id, frame.authorisation_id, processed=1)

    def searched(self, frame: Capture, faces: int, opened: int) -> None:
        """It was processed: so many faces were in view, and so many of them are new."""
        self._metrics.count(names.FRAMES_PROCESSED, camera=frame.camera_id)
        self._metrics.count(names.FACES_DETECTED, faces, camera=frame.camera_id)
        self._metrics.count(names.TRACKS_OPENED, opened, camera=frame.camera_id)
        self._tallies.add(frame.camera_id, frame.authorisation_id, processed=1, faces=faces, tracks=opened)

    def skipped(self, reason: str) -> None:
        """A face is not worth a template now."""
        self._metrics.count(names.FACES_SKIPPED, reason=reason)

    def compared(self, frame: Capture) -> None:
        """A passage was held against the watchlist for the first time."""
        self._tallies.add(frame.camera_id, frame.authorisation_id, compared=1)


def _camera_of(record: Record) -> str:
    """The camera that a poisoned record claims, if the claim could be a camera's name at all."""
    try:
        require_name(record.key or "", "a camera id")
    except InvalidValue:
        return _UNKNOWN_CAMERA
    return record.key or ""
