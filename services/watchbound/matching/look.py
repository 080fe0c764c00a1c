"""One frame: decode → detect → track → assess quality → align. What comes out is the few sights worth a template."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from watchbound.domain.authorisation import Authorisation
from watchbound.domain.face import Box, Detection
from watchbound.domain.frame import Capture
from watchbound.extraction.align import STANDARD, CropTemplate, align
from watchbound.extraction.canvas import Canvas
from watchbound.extraction.decode import PictureLimits, check_jpeg, decode_jpeg, glance_jpeg
from watchbound.extraction.quality import QualityFault, QualityGate, assess, worth, worth_bound
from watchbound.extraction.shots import Shot, ShotPolicy, TrackEvidence, cut_context
from watchbound.extraction.track import Track, TrackUpdate
from watchbound.matching.counts import FrameCounts
from watchbound.matching.follow import Follower, PendingShot, Sight
from watchbound.matching.timing import timed
from watchbound.ports import Detector, Embedder, Image, Metrics

_QUIET_AFTER = timedelta(seconds=1)
"""Without a search for so long, what the last one left is overwritten."""


@dataclass(frozen=True, slots=True)
class Eyes:
    """The models of a worker, and what it takes to use them.

    Attributes:
        template: the form of the crops that the embedder takes.
    """

    detector: Detector
    embedder: Embedder
    template: CropTemplate
    limits: PictureLimits
    gate: QualityGate


class Look:
    """Finds and follows the faces of frames, and chooses the shots that deserve a template."""

    def __init__(self, eyes: Eyes, shots: ShotPolicy, counts: FrameCounts, metrics: Metrics) -> None:
        self._eyes = eyes
        self._shots = shots
        self._counts = counts
        self._metrics = metrics
        self._standard = eyes.template.is_like(STANDARD)
        self._canvas = Canvas()
        self._looked_at: datetime | None = None

    def at(
        self, follower: Follower, frame: Capture, authorisation: Authorisation, jpeg: bytes, offset: int, now: datetime
    ) -> list[PendingShot]:
        """Search the frame, unless its camera may rest; the shots that deserve a template.

        Args:
            follower: the camera's.
            frame: what is looked at, without its picture.
            authorisation: what permits it.
            jpeg: its picture.
            offset: where it lies in the log.
            now: by the trusted clock.

        Raises:
            Poison: it is no picture, or one that must not be decoded.
        """
        limits = self._eyes.limits
        check_jpeg(jpeg, limits)
        rest = follower.rest(frame.captured_at, lambda: glance_jpeg(jpeg, limits))
        if rest is not None:
            self._counts.rested(frame, rest)
            return []
        with timed(self._metrics, "decode"):
            image = decode_jpeg(jpeg, limits, self._canvas)
        with timed(self._metrics, "detect"):
            detections = self._eyes.detector.detect(image)
        self._looked_at = now
        with timed(self._metrics, "track"):
            update = follower.see(detections, frame.captured_at, offset, lambda: glance_jpeg(jpeg, limits))
        self._counts.searched(frame, len(detections), update.opened)
        with timed(self._metrics, "choose"):
            return self._sights(follower, frame, authorisation, image, update, offset)

    def forget(self, now: datetime) -> bool:
        """Nobody is followed any more: whether faces may be left in freed memory.

        A second after the last search the picture and the detector's buffers are overwritten too; then nothing is left.
        """
        if self._looked_at is None:
            return False
        if now - self._looked_at > _QUIET_AFTER:
            self._looked_at = None
            self._canvas.forget()
            self._eyes.detector.forget()
        return True

    def _sights(
        self,
        follower: Follower,
        frame: Capture,
        authorisation: Authorisation,
        image: Image,
        update: TrackUpdate,
        offset: int,
    ) -> list[PendingShot]:
        pending: list[PendingShot] = []
        for track, detection in update.seen:
            if detection.eye_distance < authorisation.min_eye_distance:
                self._counts.skipped(QualityFault.TOO_SMALL.value)
                continue
            passage = follower.passages[track.id]
            others = [other.box for _, other in update.seen if other is not detection]
            shot = self._choose(passage.evidence, track, detection, image, others)
            if shot is not None:
                sight = Sight(shot, detection, frame, offset, authorisation)
                pending.append(PendingShot(follower, passage, sight))
        return pending

    def _choose(
        self, evidence: TrackEvidence, track: Track, detection: Detection, image: Image, others: Sequence[Box]
    ) -> Shot | None:
        """The sight as a shot, if it can be used and is worth an embedding now."""
        fault = self._eyes.gate.geometry_fault(detection)
        if fault is None and not evidence.wants(worth_bound(detection), track.last_seen, self._shots):
            return None
        if fault is None:
            crop = align(image, detection.landmarks, self._eyes.template)
            quality = assess(detection, crop if self._standard else align(image, detection.landmarks, STANDARD))
            fault = self._eyes.gate.fault(quality)
        if fault is not None:
            self._counts.skipped(fault.value)
            return None
        value = worth(quality)
        if not evidence.wants(value, track.last_seen, self._shots):
            return None
        evidence.take(value, track.last_seen)
        return Shot(value, track.last_seen, crop, cut_context(image, detection.box, others))
