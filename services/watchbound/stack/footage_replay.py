"""Replays labelled footage through the matching worker itself, in one process and in the footage's own time.

Worker, models, codecs and alert rules are the product's. The broker, the gallery and the key ring are the ones in
memory that ship with it: exact, and quick enough that hours of footage need not take hours.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from watchbound.adapters import codecs
from watchbound.adapters.prometheus import PrometheusMetrics
from watchbound.alerting.raise_alert import AlertPolicy, raise_alert
from watchbound.alerting.window import AlertWindow
from watchbound.camera.runner import encode_jpeg
from watchbound.domain.frame import Frame
from watchbound.domain.match import Match
from watchbound.domain.moment import Window
from watchbound.domain.watchlist import EnrolledImage
from watchbound.evaluation.sightings import CameraRun, MatchSight, TrackSight
from watchbound.matching.admission import FrameAdmission, FreshnessLimits
from watchbound.matching.announce import MatchAnnouncer
from watchbound.matching.attention import AttentionPolicy
from watchbound.matching.cameras import Cameras
from watchbound.matching.counts import FrameCounts
from watchbound.matching.follow import Passage
from watchbound.matching.intake import Intake
from watchbound.matching.judge import EvidencePolicy, Judge
from watchbound.matching.look import Eyes, Look
from watchbound.matching.search import WatchlistSearch
from watchbound.matching.worker import MatchingWorker
from watchbound.pipeline.audit import AuditTrail
from watchbound.pipeline.audit_gate import AuditGate
from watchbound.pipeline.authority import AuthorityView
from watchbound.pipeline.dead_letter import DeadLetters
from watchbound.pipeline.sealing import seal_frame
from watchbound.pipeline.tallies import TallyBook
from watchbound.pipeline.topics import DEAD_LETTERS, FRAMES, MATCHES
from watchbound.pipeline.watchlist_delta import WatchlistDelta
from watchbound.pipeline.watchlist_roster import Roster
from watchbound.ports import Record, TopicPartition
from watchbound.stack.footage import LabelledFootage
from watchbound.testing.audit import FakeAuditLog
from watchbound.testing.clock import ManualClock
from watchbound.testing.gallery import InMemoryGallery
from watchbound.testing.keyring import UnsealedKeyRing
from watchbound.testing.log import InMemoryBroker
from watchbound.testing.office import Office, terms
from watchbound.testing.watchlist import FakeOfficers

START = datetime(2026, 11, 2, 9, tzinfo=UTC)
AUTHORISATION = "replay"
_PARTITION = TopicPartition(FRAMES.name, 0)
_LONGEST = timedelta(days=7)
_LONG_LIST = 10_000
_AGE = timedelta(seconds=5)

FrameDone = Callable[[], None]


@dataclass(frozen=True, slots=True)
class FootagePolicy:
    """Under which numbers footage is replayed.

    Attributes:
        threshold: as an authorisation would set it.
        min_eye_distance: smaller faces are not compared, in pixels.
        fps: pictures a second that each camera publishes.
        passage_gap: without a match for longer, an alert's passage is over.
        jpeg_quality: of the published frames.
        search_every: least time between two searches of a camera for faces; zero searches every frame.
    """

    threshold: float
    min_eye_distance: float = 14.0
    fps: float = 5.0
    passage_gap: timedelta = timedelta(seconds=20)
    jpeg_quality: int = 85
    search_every: timedelta = AttentionPolicy().every


class FootageReplay:
    """One list before one or several cameras.

    Args:
        eyes: the models, opened as for a worker.
        entries: who is listed.
        policy: under which numbers.
    """

    def __init__(self, eyes: Eyes, entries: Sequence[EnrolledImage], policy: FootagePolicy) -> None:
        self._eyes = eyes
        self._policy = policy
        self._entries = tuple(entries)
        self.references = tuple(sorted({image.entry.reference for image in entries}))
        self._templates = [
            np.stack([image.embedding.vector for image in entries if image.entry.reference == reference])
            for reference in self.references
        ]

    def play(self, footage: LabelledFootage, done: FrameDone) -> CameraRun:
        """One camera from its first frame to its last.

        Raises:
            Unavailable: the video cannot be played.
        """
        world = _World(self._eyes, self._entries, self._policy, footage.camera_id)
        sights: list[TrackSight] = []
        matches: list[MatchSight] = []
        for index, second, image in footage.sampled(self._policy.fps):
            world.show(index, second, encode_jpeg(image, self._policy.jpeg_quality))
            sights += self._sights(world, index)
            matches += world.matches()
            done()
        return CameraRun(footage.camera_id, footage.truth, tuple(sights), tuple(matches))

    def _sights(self, world: _World, index: int) -> Iterator[TrackSight]:
        for passage in world.cameras.passages():
            track, count = passage.track, passage.evidence.count
            if track.last_seen == world.clock.now():
                yield TrackSight(track.id, index, track.box, count, self._scores(passage) if count else None)

    def _scores(self, passage: Passage) -> NDArray[np.float32]:
        fused = passage.evidence.fused()
        return np.array([float((templates @ fused).max()) for templates in self._templates], np.float32)


class _World:
    """What one worker needs around it."""

    def __init__(self, eyes: Eyes, entries: Sequence[EnrolledImage], policy: FootagePolicy, camera_id: str) -> None:
        self.clock = ManualClock(START)
        self._camera_id = camera_id
        self._policy = AlertPolicy(gap=policy.passage_gap, suppress=timedelta(0))
        self._broker = InMemoryBroker(self.clock)
        self._ring = UnsealedKeyRing()
        self._ring.create(AUTHORISATION)
        self._windows: dict[str, AlertWindow | None] = {}
        self._frames: dict[str, int] = {}
        self.cameras = Cameras(AttentionPolicy(policy.search_every))
        self.worker = self._worker(eyes, entries, policy)
        self._outbox = self._broker.reader([MATCHES.name, DEAD_LETTERS.name])

    def _worker(self, eyes: Eyes, entries: Sequence[EnrolledImage], policy: FootagePolicy) -> MatchingWorker:
        clock, metrics, office, officers = self.clock, PrometheusMetrics(), Office(), FakeOfficers()
        authority = AuthorityView(clock, max_age_s=_LONGEST.total_seconds(), trust=office.trust)
        permitted = terms(
            id=AUTHORISATION,
            cameras=frozenset({self._camera_id}),
            window=Window(START, START + _LONGEST),
            minimum_threshold=policy.threshold,
            min_eye_distance=policy.min_eye_distance,
            max_watchlist_size=max(len(entries), _LONG_LIST),
        )
        authority.apply(office.active(permitted))
        authority.confirm()
        refusal = authority.refusal_of(AUTHORISATION, self._camera_id, START)
        if refusal is not None:
            # Else a worker that refuses every frame would pass for one that finds nobody.
            msg = f"the replay's own authority permits nothing: {refusal.value}"
            raise RuntimeError(msg)
        delta, roster = WatchlistDelta(clock), Roster(officers.trust)
        gallery = InMemoryGallery()
        gallery.create(AUTHORISATION, eyes.embedder.digest, eyes.embedder.dimension)
        gallery.add(entries)
        for reference in {image.entry.reference for image in entries}:
            images = [image for image in entries if image.entry.reference == reference]
            roster.apply(officers.listing(images, START, START + _LONGEST))
        tallies = TallyBook("replay", clock)
        gate = AuditGate(AuditTrail(FakeAuditLog(), clock), clock, "replay", {"embedder": eyes.embedder.digest})
        producer = self._broker.producer()
        admission = FrameAdmission(authority, clock, FreshnessLimits(_AGE, timedelta(seconds=1)))
        search = WatchlistSearch(gallery, delta, roster, gate, clock, metrics, threading.Event())
        announcer = MatchAnnouncer(producer, codecs.MATCH, self._ring, tallies, clock, metrics)
        counts, evidence = FrameCounts(metrics, tallies), EvidencePolicy()
        return MatchingWorker(
            Intake(codecs.FRAME, admission, self._ring, counts),
            self.cameras,
            Look(eyes, evidence.shots, counts, metrics),
            Judge(eyes.embedder, search, admission, announcer, counts, metrics, evidence),
            DeadLetters(producer, codecs.DEAD_LETTER, clock, metrics),
            counts,
            clock,
            metrics,
            _AGE,
        )

    def show(self, index: int, second: float, jpeg: bytes) -> None:
        """Let the worker handle one frame at its time."""
        self.clock.set(START + timedelta(seconds=second))
        frame = Frame(self._camera_id, index, self.clock.now(), AUTHORISATION, jpeg)
        self._frames[frame.id] = index
        sealed = codecs.FRAME.encode(seal_frame(self._ring, frame))
        # Handed over at once: a log in memory would keep every picture of the footage.
        self.worker.handle([Record(_PARTITION, index, frame.camera_id, sealed, (), self.clock.now())])

    def matches(self) -> Iterator[MatchSight]:
        """What was announced since the last call, with the alert that each belongs to."""
        for record in self._outbox.poll(0.0):
            if record.source.topic == DEAD_LETTERS.name:
                reason = codecs.DEAD_LETTER.decode(record.value or b"").reason
                msg = f"{self._camera_id}: the worker refused a frame of the footage: {reason}"
                raise RuntimeError(msg)
            match = codecs.MATCH.decode(record.value or b"")
            yield MatchSight(
                match.track_id,
                self._frames[match.frame_id],
                match.box,
                match.entry.reference,
                match.score,
                self._alert_of(match),
            )

    def _alert_of(self, match: Match) -> str | None:
        step = raise_alert(self._windows.get(match.subject), match, self._policy, self.clock.now())
        self._windows[match.subject] = step.window
        if step.window is None or step.window.passage is None:
            return None
        return step.window.passage.id
