"""The matching worker: frames in, matches out, and nothing kept of anybody else.

open → decode → detect → track → assess quality → align → embed → search → decide. One worker reads whole cameras, so it
can follow a walking face; a frame never leaves it, and a face that does not match leaves no trace when its track ends.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from watchbound.domain.authorisation import Authorisation
from watchbound.domain.embedding import UNIT_TOLERANCE
from watchbound.domain.errors import InvalidValue, KeyDestroyed, Poison, PoisonReason
from watchbound.domain.face import Box, Detection
from watchbound.domain.frame import Capture, SealedFrame, require_name
from watchbound.domain.standing import Refusal
from watchbound.extraction.align import align
from watchbound.extraction.decode import PictureLimits, decode_jpeg
from watchbound.extraction.quality import QualityFault, QualityGate, assess, worth, worth_bound
from watchbound.extraction.shots import Shot, ShotPolicy, TrackEvidence, cut_context
from watchbound.extraction.track import Track, Tracker
from watchbound.extraction.wipe import wipe, wipe_freed
from watchbound.matching.admission import FrameAdmission, ShedReason
from watchbound.matching.announce import MatchAnnouncer
from watchbound.matching.decide import DecisionPolicy, decide
from watchbound.matching.follow import Follower, Passage, PendingShot, Sight
from watchbound.matching.search import WatchlistSearch
from watchbound.pipeline import metric_names as names
from watchbound.pipeline.dead_letter import DeadLetters
from watchbound.pipeline.sealing import open_frame
from watchbound.pipeline.tallies import TallyBook
from watchbound.ports import Clock, Codec, Delivery, Detector, Embedder, Image, KeyRing, Metrics, Record, TopicPartition

_ACKNOWLEDGED_WITHIN_S = 30.0
_QUIET_AFTER = timedelta(seconds=1)
"""Without a frame for so long, the detector overwrites what the last one left in it."""
_TEMPLATE_ITEM_BYTES = 4
_NO_TEMPLATE = "no_template"
"""The embedder answered with something that is no unit vector; nothing can be compared with it."""


@dataclass(frozen=True, slots=True)
class Eyes:
    """The models of a worker, and what it takes to use them.

    Attributes:
        template: where the embedder expects the five landmarks, shape (5, 2), pixels of a 112×112 crop.
    """

    detector: Detector
    embedder: Embedder
    template: NDArray[np.float32]
    limits: PictureLimits
    gate: QualityGate


@dataclass(frozen=True, slots=True)
class Policies:
    """How the worker spends its work and judges its evidence."""

    shots: ShotPolicy
    decision: DecisionPolicy
    max_frame_age: timedelta


class MatchingWorker:
    """A `Stage` over the frames topic."""

    def __init__(
        self,
        eyes: Eyes,
        admission: FrameAdmission,
        search: WatchlistSearch,
        announcer: MatchAnnouncer,
        dead_letters: DeadLetters,
        codec: Codec[SealedFrame],
        ring: KeyRing,
        tallies: TallyBook,
        clock: Clock,
        metrics: Metrics,
        policies: Policies,
    ) -> None:
        self._eyes = eyes
        self._admission = admission
        self._search = search
        self._announcer = announcer
        self._dead_letters = dead_letters
        self._codec = codec
        self._ring = ring
        self._tallies = tallies
        self._clock = clock
        self._metrics = metrics
        self._policies = policies
        self._followers: dict[str, Follower] = {}
        self._handled: dict[TopicPartition, int] = {}
        self._seen_at: datetime | None = None

    # --- stage -----------------------------------------------------------------------------------------------

    def handle(self, records: Sequence[Record]) -> None:
        """Work through a batch: look at each frame, then compare all chosen shots at once.

        Raises:
            Stopped: the worker was told to stop while the audit log or the watchlist could not be asked.
            Unavailable: an output was not acknowledged; the batch will be read again.
        """
        deliveries: list[Delivery] = []
        pending: list[PendingShot] = []
        for record in records:
            try:
                pending += self._look(record)
            except Poison as poison:
                self._metrics.count(names.FRAMES_DEAD_LETTERED, reason=poison.reason.value)
                self._tallies.add(_camera_of(record), "", dead_lettered=1)
                deliveries.append(self._dead_letters.send(record, poison))
        deliveries += self._compare(pending)
        for delivery in deliveries:
            delivery.wait(_ACKNOWLEDGED_WITHIN_S)
        for record in records:
            self._handled[record.source] = record.offset + 1
        self._forget(pending)
        self._search.settle()

    def watermarks(self) -> Mapping[TopicPartition, int]:
        """What is handled, but never past the first frame of an open passage that a replay could rebuild."""
        marks = dict(self._handled)
        fresh = self._clock.now() - self._policies.max_frame_age
        for follower in self._followers.values():
            held = follower.held_offset(fresh)
            if held is not None and follower.source in marks:
                marks[follower.source] = min(marks[follower.source], held)
        return marks

    def release(self, partitions: frozenset[TopicPartition]) -> None:
        """Forget the cameras of partitions that go to another worker."""
        for camera, follower in list(self._followers.items()):
            if follower.source in partitions:
                self._followers.pop(camera).forget_all()
        for source in partitions:
            self._handled.pop(source, None)

    def _forget(self, pending: Sequence[PendingShot]) -> None:
        """Overwrite what the batch has left, and end what no frame can continue, also where a camera is silent."""
        now = self._clock.now()
        # A frame older than this would be shed.
        oldest = now - self._policies.max_frame_age
        for follower in self._followers.values():
            follower.forget(oldest)
        followed = [passage for follower in self._followers.values() for passage in follower.passages.values()]
        self._metrics.set(names.TRACKS_OPEN, len(followed))
        shown = {id(passage.evidence.best_context) for passage in followed}
        for each in pending:
            shot = each.sight.shot
            wipe(shot.crop, None if id(shot.context) in shown else shot.context)
        if pending or (self._seen_at is not None and not followed):
            wipe_freed([self._eyes.embedder.dimension * _TEMPLATE_ITEM_BYTES])
        if self._seen_at is not None and not followed and now - self._seen_at > _QUIET_AFTER:
            self._seen_at = None
            self._eyes.detector.forget()

    # --- one frame -------------------------------------------------------------------------------------------

    def _look(self, record: Record) -> list[PendingShot]:
        """Find and follow the faces of one frame; the shots that deserve a template."""
        self._metrics.count(names.FRAMES_RECEIVED)
        frame = self._codec.decode(record.value or b"")
        if record.key != frame.camera_id:
            detail = f"expected the key {frame.camera_id!r} of the frame's camera, got {(record.key or '')[:80]!r}"
            raise Poison(PoisonReason.WRONG_KEY, detail)
        judged = self._admission.judge(frame)
        if isinstance(judged, Refusal):
            self._refuse(frame, judged)
            return []
        follower = self._follower(record.source, frame)
        if isinstance(judged, Authorisation) and not follower.is_new(frame.captured_at):
            judged = ShedReason.OUT_OF_ORDER
        if isinstance(judged, ShedReason):
            self._metrics.count(names.FRAMES_SHED, camera=frame.camera_id, reason=judged.value)
            self._tallies.add(frame.camera_id, frame.authorisation_id, shed=1)
            return []
        try:
            with self._timed("open"):
                jpeg = open_frame(self._ring, frame)
        except KeyDestroyed:
            self._refuse(frame, Refusal.KEY_DESTROYED)
            return []
        with self._timed("decode"):
            image = decode_jpeg(jpeg, self._eyes.limits)
        with self._timed("detect"):
            detections = self._eyes.detector.detect(image)
        self._seen_at = self._clock.now()
        return self._follow(follower, frame.bare(), judged, image, detections, record.offset)

    def _refuse(self, frame: Capture, refusal: Refusal) -> None:
        self._metrics.count(names.FRAMES_REFUSED, camera=frame.camera_id, reason=refusal.value)
        self._tallies.add(frame.camera_id, frame.authorisation_id, refused=1)

    def _follow(
        self,
        follower: Follower,
        frame: Capture,
        authorisation: Authorisation,
        image: Image,
        detections: list[Detection],
        offset: int,
    ) -> list[PendingShot]:
        with self._timed("track"):
            update = follower.see(detections, frame.captured_at, offset)
        camera = frame.camera_id
        self._metrics.count(names.FRAMES_PROCESSED, camera=camera)
        self._metrics.count(names.FACES_DETECTED, len(detections), camera=camera)
        self._metrics.count(names.TRACKS_OPENED, update.opened, camera=camera)
        self._tallies.add(camera, frame.authorisation_id, processed=1, faces=len(detections), tracks=update.opened)
        pending: list[PendingShot] = []
        with self._timed("choose"):
            for track, detection in update.seen:
                if detection.eye_distance < authorisation.min_eye_distance:
                    self._metrics.count(names.FACES_SKIPPED, reason=QualityFault.TOO_SMALL.value)
                    continue
                passage = follower.passages[track.id]
                others = [other.box for other in detections if other is not detection]
                shot = self._choose(passage.evidence, track, detection, image, others)
                if shot is not None:
                    sight = Sight(shot, detection, frame, offset, authorisation)
                    pending.append(PendingShot(follower, passage, sight))
        return pending

    def _choose(
        self, evidence: TrackEvidence, track: Track, detection: Detection, image: Image, others: Sequence[Box]
    ) -> Shot | None:
        """The sight as a shot, if it can be used and is worth an embedding now."""
        policy = self._policies.shots
        fault = self._eyes.gate.geometry_fault(detection)
        if fault is None and not evidence.wants(worth_bound(detection), track.last_seen, policy):
            return None
        if fault is None:
            crop = align(image, detection.landmarks, self._eyes.template)
            quality = assess(detection, crop)
            fault = self._eyes.gate.fault(quality)
        if fault is not None:
            self._metrics.count(names.FACES_SKIPPED, reason=fault.value)
            return None
        value = worth(quality)
        if not evidence.wants(value, track.last_seen, policy):
            return None
        evidence.take(value, track.last_seen)
        return Shot(value, track.last_seen, crop, cut_context(image, detection.box, others))

    def _follower(self, source: TopicPartition, frame: Capture) -> Follower:
        """The camera's follower; a new authority begins with no memory of what an older one saw."""
        follower = self._followers.get(frame.camera_id)
        if follower is None or follower.authorisation_id != frame.authorisation_id:
            if follower is not None:
                follower.forget_all()
            follower = Follower(frame.camera_id, frame.authorisation_id, source, Tracker(frame.camera_id))
            self._followers[frame.camera_id] = follower
        return follower

    # --- all shots of a batch ----------------------------------------------------------------------------------

    def _compare(self, pending: list[PendingShot]) -> list[Delivery]:
        """Embed the shots together, add them to their passages, and ask the watchlist about each passage once."""
        latest = self._fused(pending) if pending else {}
        for passage in self._overtaken():
            latest.setdefault(passage.track.id, passage)
        deliveries: list[Delivery] = []
        by_authorisation: dict[str, list[tuple[Passage, Sight]]] = {}
        for passage in latest.values():
            if passage.latest is not None:
                by_authorisation.setdefault(passage.latest.authorisation.id, []).append((passage, passage.latest))
        for authorisation_id, group in sorted(by_authorisation.items()):
            deliveries += self._judge(authorisation_id, group)
        return deliveries

    def _fused(self, pending: list[PendingShot]) -> dict[str, Passage]:
        """Embed the shots and add them to their passages; those passages, by track."""
        crops = np.stack([p.sight.shot.crop for p in pending])
        with self._timed("embed"):
            templates = self._eyes.embedder.embed(crops)
        wipe(crops)
        self._metrics.count(names.EMBEDDINGS_MADE, len(pending))
        norms = np.linalg.norm(templates, axis=1)
        moved: dict[str, Passage] = {}
        fused: dict[str, Passage] = {}
        for shot, template, norm in zip(pending, templates, norms, strict=True):
            # Written so that NaN fails it too.
            if not abs(norm - 1.0) <= UNIT_TOLERANCE:
                self._metrics.count(names.FACES_SKIPPED, reason=_NO_TEMPLATE)
                continue
            passage = self._fuse(shot, template, moved)
            fused[passage.track.id] = passage
        wipe(templates)
        return fused

    def _overtaken(self) -> list[Passage]:
        """Open passages that were compared before somebody was added to their watchlist.

        They are compared again with the template that they have: whoever is in view when they are listed is found
        without waiting for a better shot.
        """
        overtaken: list[Passage] = []
        for follower in self._followers.values():
            additions = self._search.additions(follower.authorisation_id)
            if additions != follower.additions_seen:
                follower.additions_seen = additions
                overtaken += [p for p in follower.passages.values() if p.evidence.count > 0]
        return overtaken

    def _fuse(self, pending: PendingShot, template: NDArray[np.float32], moved: dict[str, Passage]) -> Passage:
        """Add a template to its passage, or to a new one if the track has jumped to another person.

        `moved` holds the passages that took over from a split one in this batch, by the track that they replaced.
        """
        known = pending.passage.track.id
        passage = moved.get(known, pending.passage)
        if not passage.evidence.agrees(template, self._policies.shots):
            passage = moved[known] = pending.follower.split(passage, pending.sight)
            self._metrics.count(names.TRACKS_SPLIT, camera=pending.sight.frame.camera_id)
        passage.evidence.fuse(pending.sight.shot, template)
        passage.latest = pending.sight
        return passage

    def _judge(self, authorisation_id: str, group: list[tuple[Passage, Sight]]) -> Iterable[Delivery]:
        probes = np.stack([passage.evidence.fused() for passage, _ in group])
        with self._timed("search"):
            thresholds = frozenset(sight.authorisation.threshold for _, sight in group)
            answers = self._search.candidates(authorisation_id, probes, self._eyes.embedder.digest, thresholds)
        wipe(probes)
        for (passage, sight), candidates in zip(group, answers, strict=True):
            if not passage.compared:
                passage.compared = True
                self._tallies.add(sight.frame.camera_id, authorisation_id, compared=1)
            threshold, categories = sight.authorisation.threshold, sight.authorisation.categories
            # Enrolment refuses the others already; whatever a store holds, nobody else is matched.
            permitted = [candidate for candidate in candidates if candidate.entry.category in categories]
            finding = decide(permitted, passage.evidence.count, threshold, self._policies.decision)
            passage.evidence.standing = finding.standing
            # The search may have waited: authority is asked once more, at the last moment.
            if finding.candidate is not None and self._admission.refusal(sight.frame) is None:
                try:
                    yield self._announcer.announce(passage, sight, finding.candidate, self._eyes.embedder.digest)
                except KeyDestroyed:
                    self._metrics.count(names.MATCHES_UNSEALABLE, camera=sight.frame.camera_id)

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self._metrics.observe(names.STAGE_SECONDS, time.perf_counter() - started, stage=stage)


def _camera_of(record: Record) -> str:
    """The camera that a poisoned record claims, if the claim could be a camera's name at all."""
    try:
        require_name(record.key or "", "a camera id")
    except InvalidValue:
        return "unknown"
    return record.key or ""
