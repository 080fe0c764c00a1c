"""A small world for the worker: a broker, a gallery, an authorisation, and people who are colours."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import simplejpeg

from tests.unit.extraction.faces import face_at
from watchbound.adapters import codecs
from watchbound.domain.embedding import Embedding
from watchbound.domain.face import Detection
from watchbound.domain.frame import Frame, SealedFrame
from watchbound.domain.listing import listing_of
from watchbound.domain.match import Match
from watchbound.domain.moment import Window
from watchbound.domain.watchlist import (
    Category,
    EnrolledImage,
    EntryAdded,
    ResponseLevel,
    WatchlistChange,
    WatchlistEntry,
)
from watchbound.extraction.align import STANDARD, CropTemplate
from watchbound.extraction.decode import PictureLimits
from watchbound.extraction.quality import live_gate
from watchbound.matching.admission import FrameAdmission, FreshnessLimits
from watchbound.matching.announce import MatchAnnouncer
from watchbound.matching.attention import AttentionPolicy
from watchbound.matching.cameras import Cameras
from watchbound.matching.counts import FrameCounts
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
from watchbound.ports import Image
from watchbound.testing.audit import FakeAuditLog
from watchbound.testing.clock import ManualClock
from watchbound.testing.eyes import FAKE_DIGEST, ColourEmbedder, ScriptedDetector, colour_template
from watchbound.testing.gallery import InMemoryGallery
from watchbound.testing.keyring import FakeKeyRing
from watchbound.testing.log import InMemoryBroker
from watchbound.testing.metrics import RecordedMetrics
from watchbound.testing.office import Office, terms
from watchbound.testing.watchlist import FakeOfficers

START = datetime(2026, 11, 1, 12, tzinfo=UTC)
RED, GREEN, BLUE = (20, 20, 230), (20, 230, 20), (230, 20, 20)
Colour = tuple[int, int, int]
EVERY_FRAME = AttentionPolicy(every=timedelta(0))
"""What most tests ask for: each picture of their script is answered by the scripted detector."""

OFFICE = Office()
TERMS = terms(
    cameras=frozenset({"gate", "door"}), window=Window(START, START + timedelta(hours=1)), minimum_threshold=0.9
)


def entry(reference: str) -> WatchlistEntry:
    return WatchlistEntry("op-1", reference, Category.MISSING, ResponseLevel.AMBER)


def enrolled(reference: str, colour: Colour) -> EnrolledImage:
    return EnrolledImage(entry(reference), f"image-{reference}", Embedding(colour_template(*colour), FAKE_DIGEST))


def picture(people: list[tuple[Detection, Colour]]) -> Image:
    """People as patches of their colour, with enough texture to count as sharp."""
    image = np.full((360, 640, 3), 90, np.uint8)
    for face, colour in people:
        x, y, size = int(face.box.x), int(face.box.y), int(face.box.width)
        patch = image[max(y - size, 0) : y + 2 * size, max(x - size, 0) : x + 2 * size]
        patch[:] = colour
        patch[(np.indices(patch.shape[:2]) // 3).sum(axis=0) % 2 == 0] //= 3
    return image


class Scene:
    """Publishes frames and lets one worker handle them."""

    def __init__(
        self,
        script: list[list[tuple[Detection, Colour]]],
        attention: AttentionPolicy = EVERY_FRAME,
        template: CropTemplate = STANDARD,
    ) -> None:
        self.attention = attention
        self.template = template
        self.clock = ManualClock(START)
        self.metrics = RecordedMetrics()
        self.broker = InMemoryBroker(self.clock)
        self.gallery = InMemoryGallery()
        self.gallery.create("op-1", FAKE_DIGEST, 3)
        self.ring = FakeKeyRing()
        self.ring.create("op-1")
        self.authority = AuthorityView(self.clock, max_age_s=3600, trust=OFFICE.trust)
        self.authority.apply(OFFICE.active(TERMS))
        self.authority.confirm()
        self.delta = WatchlistDelta(self.clock)
        self.officers = FakeOfficers()
        self.roster = Roster(self.officers.trust)
        self.tallies = TallyBook("worker-0", self.clock)
        self.embedder = ColourEmbedder()
        self.audit = FakeAuditLog()
        self.gate = AuditGate(AuditTrail(self.audit, self.clock), self.clock, "worker-0", {"embedder": FAKE_DIGEST})
        self.stop = threading.Event()
        self.while_waiting: Callable[[], None] = lambda: None
        self.search = WatchlistSearch(
            self.gallery,
            self.delta,
            self.roster,
            self.gate,
            self.clock,
            self.metrics,
            self.stop,
            waiting=lambda: self.while_waiting(),
        )
        self.script = script
        self.sequence = 0
        self.worker = self.build(script)
        self.consumer = self.broker.consumer("matching", [FRAMES.name])

    def tell(self, change: WatchlistChange) -> None:
        """What the feed would."""
        self.roster.apply(listing_of(change) if isinstance(change, EntryAdded) else change)
        self.delta.apply(change, change.at)

    def build(self, script: list[list[tuple[Detection, Colour]]]) -> MatchingWorker:
        self.detector = ScriptedDetector([[face for face, _ in people] for people in script])
        producer = self.broker.producer()
        max_age = timedelta(seconds=5)
        counts = FrameCounts(self.metrics, self.tallies)
        admission = FrameAdmission(self.authority, self.clock, FreshnessLimits(max_age, timedelta(seconds=1)))
        eyes = Eyes(self.detector, self.embedder, self.template, PictureLimits(500_000, 1280 * 720), live_gate(14.0))
        announcer = MatchAnnouncer(producer, codecs.MATCH, self.ring, self.tallies, self.clock, self.metrics)
        policy = EvidencePolicy()
        self.cameras = Cameras(self.attention)
        return MatchingWorker(
            Intake(codecs.FRAME, admission, self.ring, counts),
            self.cameras,
            Look(eyes, policy.shots, counts, self.metrics),
            Judge(self.embedder, self.search, admission, announcer, counts, self.metrics, policy),
            DeadLetters(producer, codecs.DEAD_LETTER, self.clock, self.metrics),
            counts,
            self.clock,
            self.metrics,
            max_age,
        )

    def frame(self, jpeg: bytes, camera: str = "gate", authorisation: str = "op-1", ahead_s: float = 0.0) -> Frame:
        self.sequence += 1
        captured = self.clock.now() + timedelta(seconds=ahead_s)
        return Frame(camera, self.sequence, captured, authorisation, jpeg)

    def publish(self, frame: Frame, key: str | None = None) -> None:
        self.publish_sealed(seal_frame(self.ring, frame), key)

    def publish_sealed(self, frame: SealedFrame, key: str | None = None) -> None:
        self.broker.producer().send(FRAMES.name, key or frame.camera_id, codecs.FRAME.encode(frame)).wait(1)

    def step(self) -> int:
        records = self.consumer.poll(0, 100)
        self.worker.handle(records)
        return len(records)

    def play(self, fps: float = 5.0, camera: str = "gate") -> None:
        """Publish and handle the whole script, a frame at a time."""
        for people in self.script:
            jpeg = simplejpeg.encode_jpeg(picture(people), 95, "BGR", "444")
            self.publish(self.frame(bytes(jpeg), camera))
            self.step()
            self.clock.advance(1 / fps)

    def complaint(self) -> str | None:
        return self.search.complaint

    def matches(self) -> list[Match]:
        return [codecs.MATCH.decode(record.value or b"") for record in self.broker.records(MATCHES.name)]

    def dead_letters(self) -> list[str]:
        records = self.broker.records(DEAD_LETTERS.name)
        return [codecs.DEAD_LETTER.decode(record.value or b"").reason for record in records]


def walk(colour: Colour, frames: int, start: int = 120, size: int = 60) -> list[list[tuple[Detection, Colour]]]:
    return [[(face_at(start + 20 * n, 180, size), colour)] for n in range(frames)]
