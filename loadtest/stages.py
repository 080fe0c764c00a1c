"""What each stage of a worker costs, and what it finds: synthetic footage through the real worker, in one process.

Broker, key ring, gallery and authority are the shipped fakes: what is left is decoding, models and what lies between.
Frames come in the order of their capture, in batches as a poll would give them. CPU is that of the one thread that
works. The footage is gone through twice, so that both columns come from one run: every frame searched, and as it is.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from unittest.mock import patch

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_limits

from loadtest.footage import FPS, JPEG_QUALITY
from watchbound.adapters import codecs
from watchbound.adapters.logs import configure_logs
from watchbound.adapters.model_preparation import prepare_default
from watchbound.adapters.onnx_runtime import OnnxDetector, OnnxEmbedder
from watchbound.camera.synthetic import SiteSpec, SiteTruth, enrolment_photo, walk_by
from watchbound.domain.embedding import Embedding
from watchbound.domain.frame import Frame
from watchbound.domain.match import Match
from watchbound.domain.moment import Window
from watchbound.domain.watchlist import Category, EnrolledImage, ResponseLevel, WatchlistEntry
from watchbound.extraction.align import align
from watchbound.extraction.decode import PictureLimits, decode_jpeg
from watchbound.extraction.model_pack import ModelPack
from watchbound.extraction.quality import live_gate
from watchbound.matching import look as look_module
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
from watchbound.pipeline import metric_names as names
from watchbound.pipeline.audit import AuditTrail
from watchbound.pipeline.audit_gate import AuditGate
from watchbound.pipeline.authority import AuthorityView
from watchbound.pipeline.dead_letter import DeadLetters
from watchbound.pipeline.sealing import seal_frame
from watchbound.pipeline.tallies import TallyBook
from watchbound.pipeline.topics import FRAMES, MATCHES
from watchbound.pipeline.watchlist_delta import WatchlistDelta
from watchbound.pipeline.watchlist_roster import Roster
from watchbound.ports import Image
from watchbound.settings import LogSettings, MatchingSettings, ModelSettings, load
from watchbound.stack.demo_plan import LISTED, people_of
from watchbound.testing.audit import FakeAuditLog
from watchbound.testing.clock import ManualClock
from watchbound.testing.gallery import InMemoryGallery
from watchbound.testing.keyring import FakeKeyRing
from watchbound.testing.log import InMemoryBroker
from watchbound.testing.metrics import RecordedMetrics
from watchbound.testing.office import Office, terms
from watchbound.testing.watchlist import FakeOfficers

AUTHORISATION = "op-1"
THRESHOLD = 0.55
_START = datetime(2026, 11, 1, 12, tzinfo=UTC)
_MAX_AGE = timedelta(seconds=5)
_BEFORE_S, _AFTER_S = 8.0, 1.5
"""A passage counts from its first near and clear frame; a match may come while the person is still far."""


@dataclass(frozen=True, slots=True)
class Site:
    """One camera's pictures and what is true of them."""

    camera_id: str
    jpegs: tuple[bytes, ...]
    truth: SiteTruth


@dataclass(slots=True)
class Spent:
    """Thread CPU by stage, and how often it was entered (an embedding is one face)."""

    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    calls: Counter[str] = field(default_factory=Counter)

    def call(self, stage: str, function: Any, *arguments: Any, times: int = 1) -> Any:
        """The function's answer; its CPU goes to the stage."""
        started = time.thread_time()
        try:
            return function(*arguments)
        finally:
            self.seconds[stage] += time.thread_time() - started
            self.calls[stage] += times


class MeteredDetector:
    """A `Detector` that says what it costs."""

    def __init__(self, detector: OnnxDetector, spent: Spent) -> None:
        self._detector, self._spent = detector, spent
        self.digest, self.provider, self.forget = detector.digest, detector.provider, detector.forget

    def detect(self, image: Image) -> Any:
        """As the detector's."""
        return self._spent.call("detect", self._detector.detect, image)


class MeteredEmbedder:
    """An `Embedder` that says what it costs."""

    def __init__(self, embedder: OnnxEmbedder, spent: Spent) -> None:
        self._embedder, self._spent = embedder, spent
        self.digest, self.provider, self.dimension = embedder.digest, embedder.provider, embedder.dimension
        self.forget = embedder.forget

    def embed(self, crops: NDArray[np.uint8]) -> Any:
        """As the embedder's."""
        return self._spent.call("embed", self._embedder.embed, crops, times=len(crops))


class Bench:
    """A worker among fakes, with the demonstration's five people on its list."""

    def __init__(self, pack: ModelPack, cameras: Sequence[str], attention: AttentionPolicy) -> None:
        self.spent = Spent()
        self.clock, self.metrics = ManualClock(_START), RecordedMetrics()
        self.broker, self.ring = InMemoryBroker(self.clock), FakeKeyRing()
        self.ring.create(AUTHORISATION)
        self._detector = OnnxDetector(pack, load(ModelSettings), load(MatchingSettings).detect_width)
        self._embedder = OnnxEmbedder(pack, load(ModelSettings))
        office = Office()
        window = Window(_START, _START + timedelta(hours=6))
        self._authority = AuthorityView(self.clock, max_age_s=3600, trust=office.trust)
        self._authority.apply(
            office.active(
                terms(id=AUTHORISATION, cameras=frozenset(cameras), window=window, minimum_threshold=THRESHOLD)
            )
        )
        officers = FakeOfficers()
        self._roster, self._gallery = Roster(officers.trust), InMemoryGallery()
        self._gallery.create(AUTHORISATION, self._embedder.digest, self._embedder.dimension)
        for person in LISTED:
            image = self._enrolled(person, pack)
            self._gallery.add([image])
            self._roster.apply(officers.listing([image], _START))
        self._worker = self._built(pack, attention)
        self._consumer = self.broker.consumer("stages", [FRAMES.name])

    def _enrolled(self, person: str, pack: ModelPack) -> EnrolledImage:
        picture = cv2.imread(str(enrolment_photo(person)))
        if picture is None:
            msg = f"expected a picture of {person}, got a file that OpenCV cannot read; install openpeople again"
            raise RuntimeError(msg)
        face = max(self._detector.detect(picture), key=lambda found: found.eye_distance)
        template = self._embedder.embed(align(picture, face.landmarks, pack.embedder.template)[None])[0]
        entry = WatchlistEntry(AUTHORISATION, person, Category.MISSING, ResponseLevel.AMBER)
        return EnrolledImage(entry, f"{person}-1", Embedding(template, self._embedder.digest))

    def _built(self, pack: ModelPack, attention: AttentionPolicy) -> MatchingWorker:
        detector, embedder = MeteredDetector(self._detector, self.spent), MeteredEmbedder(self._embedder, self.spent)
        matching = load(MatchingSettings)
        limits = PictureLimits(matching.max_frame_bytes, matching.max_frame_pixels)
        eyes = Eyes(detector, embedder, pack.embedder.template, limits, live_gate(matching.min_eye_distance))
        tallies, producer = TallyBook("stages", self.clock), self.broker.producer()
        counts = FrameCounts(self.metrics, tallies)
        admission = FrameAdmission(self._authority, self.clock, FreshnessLimits(_MAX_AGE, _MAX_AGE))
        gate = AuditGate(AuditTrail(FakeAuditLog(), self.clock), self.clock, "stages", {"embedder": embedder.digest})
        delta = WatchlistDelta(self.clock)
        search = WatchlistSearch(self._gallery, delta, self._roster, gate, self.clock, self.metrics, threading.Event())
        announcer = MatchAnnouncer(producer, codecs.MATCH, self.ring, tallies, self.clock, self.metrics)
        policy = EvidencePolicy()
        return MatchingWorker(
            Intake(codecs.FRAME, admission, self.ring, counts),
            Cameras(attention),
            Look(eyes, policy.shots, counts, self.metrics),
            Judge(embedder, search, admission, announcer, counts, self.metrics, policy),
            DeadLetters(producer, codecs.DEAD_LETTER, self.clock, self.metrics),
            counts,
            self.clock,
            self.metrics,
            _MAX_AGE,
        )

    def play(self, sites: Sequence[Site], batch: int) -> None:
        """All cameras' pictures at their own pace; a batch is handled whenever it is full."""
        waiting = 0
        for number in range(max(len(site.jpegs) for site in sites)):
            captured = _START + timedelta(seconds=number / FPS)
            self.clock.set(captured + timedelta(seconds=1 / FPS))
            self._authority.confirm()
            for site in sites:
                if number < len(site.jpegs):
                    frame = Frame(site.camera_id, number, captured, AUTHORISATION, site.jpegs[number])
                    sealed = codecs.FRAME.encode(seal_frame(self.ring, frame))
                    self.broker.producer().send(FRAMES.name, frame.camera_id, sealed).wait(1)
                    waiting += 1
                if waiting >= batch:
                    self._handle()
                    waiting = 0
        self._handle()

    def _handle(self) -> None:
        records = self._consumer.poll(0, 1000)
        self.spent.call("all", self._worker.handle, records, times=len(records))

    def matches(self) -> list[Match]:
        """What was announced."""
        return [codecs.MATCH.decode(record.value or b"") for record in self.broker.records(MATCHES.name)]


def measure(pack: ModelPack, sites: Sequence[Site], attention: AttentionPolicy, batch: int) -> dict[str, Any]:
    """One way through the footage."""
    bench = Bench(pack, [site.camera_id for site in sites], attention)
    with patch.object(look_module, "decode_jpeg", partial(bench.spent.call, "decode", decode_jpeg)):
        bench.play(sites, batch)
    frames, spent, total = bench.spent.calls["all"], bench.spent, bench.metrics.total
    stages = {stage: round(1000 * spent.seconds[stage] / frames, 2) for stage in ("decode", "detect", "embed", "all")}
    return {
        "frames": frames,
        "cpu_ms_per_frame": stages | {"rest": round(2 * stages["all"] - sum(stages.values()), 2)},
        "searched_share": round(spent.calls["detect"] / frames, 3),
        "embeddings_per_frame": round(spent.calls["embed"] / frames, 3),
        "tracks": int(total(names.TRACKS_OPENED)),
        "splits": int(total(names.TRACKS_SPLIT)),
        **found(sites, bench.matches()),
    }


def found(sites: Sequence[Site], matches: Sequence[Match]) -> dict[str, int]:
    """Who of those who should have been matched was, and how many matches were of somebody who was not there."""
    passages = missed = wrong = 0
    for site in sites:
        said = [(m.entry.reference, (m.captured_at - _START).total_seconds()) for m in matches if _of(m, site)]
        for passage in site.truth.passages():
            if passage.person in LISTED:
                passages += 1
                first, last = passage.first_s - _BEFORE_S, passage.last_s + _AFTER_S
                missed += not any(who == passage.person and first <= second <= last for who, second in said)
        wrong += sum(who not in site.truth.visible_at(second) for who, second in said)
    return {"listed_passages": passages, "missed": missed, "wrong_matches": wrong}


def _of(match: Match, site: Site) -> bool:
    return match.camera_id == site.camera_id


def footage(cameras: int, seconds: float) -> list[Site]:
    """Some who are listed and as many who are not walk past each camera."""
    sites = []
    for number in range(cameras):
        spec = SiteSpec(f"camera-{number}", 100 + number, seconds, FPS, people=people_of(number))
        drawn = [(simplejpeg.encode_jpeg(image, JPEG_QUALITY, "BGR", "420"), truth) for image, truth in walk_by(spec)]
        truth = SiteTruth.of(spec, (each for _, each in drawn))
        sites.append(Site(spec.camera_id, tuple(bytes(jpeg) for jpeg, _ in drawn), truth))
    return sites


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cameras", type=int, default=4, help="synthetic cameras of 1280×720 [4]")
    parser.add_argument("--seconds", type=float, default=24.0, help="length of the footage [24]")
    parser.add_argument("--batch", type=int, default=4, help="frames a batch; more is a backlog [4]")
    arguments = parser.parse_args()
    configure_logs("stages", load(LogSettings, level="warning"))
    cv2.setNumThreads(1)
    pack = prepare_default(load(ModelSettings).cache.expanduser())
    sites = footage(arguments.cameras, arguments.seconds)
    with threadpool_limits(1, "blas"):
        results = {
            "every frame": measure(pack, sites, AttentionPolicy(every=timedelta(0)), arguments.batch),
            "as it is": measure(pack, sites, AttentionPolicy(), arguments.batch),
        }
    table = Table("", *results, title="CPU ms a frame, one thread")
    for stage in ("decode", "detect", "embed", "rest", "all"):
        table.add_row(stage, *(f"{result['cpu_ms_per_frame'][stage]:.2f}" for result in results.values()))
    for fact in ("searched_share", "embeddings_per_frame", "tracks", "splits", "listed_passages", "missed"):
        table.add_row(fact.replace("_", " "), *(str(result[fact]) for result in results.values()))
    Console(stderr=True).print(table)
    print(json.dumps(results))


if __name__ == "__main__":
    main()
