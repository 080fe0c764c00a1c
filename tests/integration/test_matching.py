"""Matching for real: broker, vector store, models, and workers as Ray runs them."""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest
import simplejpeg

from tests.fixtures.officers import active, enrol_and_approve, officers, publish, watchlist_officers
from watchbound.adapters import codecs
from watchbound.adapters.kafka_log import KafkaRecordProducer, KafkaTopicReader
from watchbound.adapters.kafka_topics import ensure_topics
from watchbound.adapters.keyring import open_key_ring
from watchbound.adapters.signing import FileSigner
from watchbound.camera.synthetic import enrolment_photo
from watchbound.domain.act import ActKind
from watchbound.domain.frame import Frame
from watchbound.domain.match import Match
from watchbound.domain.moment import Window
from watchbound.domain.watchlist import Category, ResponseLevel
from watchbound.extraction.model_pack import ModelPack
from watchbound.governance.main import Governance
from watchbound.governance.submissions import Defaults, read_submissions
from watchbound.matching.main import MatchingConfiguration, WorkerProcess
from watchbound.pipeline.sealing import seal_frame
from watchbound.pipeline.topics import ALL_TOPICS, FRAMES, MATCHES, TALLIES
from watchbound.ports import KeyRing
from watchbound.settings import (
    AuditSettings,
    AuthoritySettings,
    ClockSettings,
    KafkaSettings,
    KeySettings,
    LogSettings,
    MatchingSettings,
    MilvusSettings,
    ModelSettings,
    TrustSettings,
    load,
)
from watchbound.stack.embedded import EmbeddedStack, Service
from watchbound.stack.milvus_lite import MilvusLite
from watchbound.stack.officers import Officers
from watchbound.stack.tansu import Tansu
from watchbound.testing.pictures import InMemoryPictureStore

ACTS_WITHIN_S = 1.0
FRAMES_AFTER = 10
PROCESSED, REFUSED = "watchbound_frames_processed_total", "watchbound_frames_refused_total"
LAG = "watchbound_consumer_lag"
PATIENCE_S = 90.0
FPS = 5.0
# Far enough apart to fall on different partitions, so that two workers have one each.
CAMERAS = ("gate", "door")


def until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, f"not in time: {what}"
        time.sleep(0.02)


def someone_standing(person: str) -> bytes:
    """A 720p picture of one person in front of a grey wall."""
    wall = np.full((720, 1280, 3), 120, np.uint8)
    face = cv2.resize(cv2.imread(str(enrolment_photo(person))), (320, 320), interpolation=cv2.INTER_AREA)
    wall[200:520, 480:800] = face
    return bytes(simplejpeg.encode_jpeg(wall, 90, "BGR", "420"))


class Site:
    """Cameras before which somebody stands, in a thread, until stopped."""

    def __init__(self, kafka: KafkaSettings, ring: KeyRing, authorisation: str, jpeg: bytes) -> None:
        self._ring = ring
        self._producer = KafkaRecordProducer(kafka, "test-site")
        self._authorisation = authorisation
        self._jpeg = jpeg
        self.published = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Site:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._producer.close()

    def _run(self) -> None:
        number = 0
        while not self._stop.wait(1 / FPS):
            for camera in CAMERAS:
                frame = Frame(camera, number, datetime.now(UTC), self._authorisation, self._jpeg)
                self._producer.send(FRAMES.name, camera, codecs.FRAME.encode(seal_frame(self._ring, frame))).wait(10)
                self.published += 1
            number += 1


class RunningWorker:
    """A worker in a thread, ready for frames."""

    def __init__(self, configuration: MatchingConfiguration, name: str) -> None:
        self.process = WorkerProcess(configuration, name)
        self._thread = threading.Thread(target=self.process.run)
        self._thread.start()
        until(lambda: self.process.complaint() is None, f"{name} is ready")

    def stop(self) -> None:
        self.process.stop()
        self._thread.join()


class TallyWatch:
    """Adds up what workers say of frames."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._reader = KafkaTopicReader(kafka, [TALLIES.name], "test-tallies")
        self._by_worker: dict[str, Counter[str]] = defaultdict(Counter)

    def read(self) -> dict[str, Counter[str]]:
        for record in self._reader.poll(0.05):
            tally = codecs.TALLY.decode(record.value or b"")
            self._by_worker[tally.source].update(tally.counts())
        return self._by_worker

    def handled(self) -> int:
        return sum(counts["processed"] + counts["shed"] for counts in self.read().values())

    def close(self) -> None:
        self._reader.close()


class MatchWatch:
    """Collects matches with the time at which they could be read."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._reader = KafkaTopicReader(kafka, [MATCHES.name], "test-watch")
        self.seen: list[tuple[datetime, Match]] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> MatchWatch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._reader.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            for record in self._reader.poll(0.02):
                self.seen.append((datetime.now(UTC), codecs.MATCH.decode(record.value or b"")))

    def cameras(self, captured_after: datetime) -> set[str]:
        return {match.camera_id for _, match in list(self.seen) if match.captured_at > captured_after}


def configuration(
    kafka: KafkaSettings, milvus: MilvusSettings, models: ModelSettings, keys: KeySettings
) -> MatchingConfiguration:
    return MatchingConfiguration(
        kafka,
        milvus,
        models,
        load(AuthoritySettings),
        load(ClockSettings),
        load(TrustSettings, list=officers().trust_list),
        keys,
        load(AuditSettings, url=f"sqlite:///{keys.folder.parent / 'audit.db'}"),
        load(MatchingSettings),
        load(LogSettings, level="warning"),
    )


def authorise(kafka: KafkaSettings, keys: KeySettings, name: str, by: Officers | None = None) -> KeyRing:
    ring = open_key_ring(keys)
    ring.create(name)
    now = datetime.now(UTC)
    granted = active(
        by or officers(),
        id=name,
        cameras=frozenset(CAMERAS),
        window=Window(now - timedelta(minutes=1), now + timedelta(hours=1)),
        minimum_threshold=0.55,
    )
    publish(kafka, granted)
    return ring


@pytest.fixture
def kafka(tmp_path: Path) -> Iterator[KafkaSettings]:
    with Tansu(tmp_path) as broker:
        settings = load(KafkaSettings, bootstrap=broker.bootstrap)
        ensure_topics(settings, ALL_TOPICS)
        yield settings


@pytest.fixture
def milvus(tmp_path: Path) -> Iterator[MilvusSettings]:
    with MilvusLite(tmp_path) as server:
        yield load(MilvusSettings, uri=server.uri)


@pytest.fixture
def workers(
    kafka: KafkaSettings, milvus: MilvusSettings, model_settings: ModelSettings, keys: KeySettings
) -> Iterator[list[RunningWorker]]:
    """Two workers of one group, as two actors would run them."""
    made = [RunningWorker(configuration(kafka, milvus, model_settings, keys), f"worker-{n}") for n in range(2)]
    try:
        yield made
    finally:
        for worker in made:
            worker.stop()


def test_enrolment_and_removal_act_on_every_worker_within_a_second(
    workers: list[RunningWorker],
    kafka: KafkaSettings,
    milvus: MilvusSettings,
    model_settings: ModelSettings,
    keys: KeySettings,
    tmp_path: Path,
) -> None:
    ring = authorise(kafka, keys, "op-1")
    watchlist = tmp_path / "watchlist"
    watchlist.mkdir()
    photo = enrolment_photo("P001")
    (watchlist / f"P001{photo.suffix}").write_bytes(photo.read_bytes())
    papers = {
        "source": "a test",
        "lawful_holding": "nobody real is shown",
        "image_date": "2026-11-01",
        "expires": (datetime.now(UTC) + timedelta(hours=1)).isoformat(),
    }
    lines = read_submissions(
        watchlist,
        Defaults("op-1", Category.MISSING, ResponseLevel.AMBER, papers, "watchlist-1", datetime.now(UTC)),
    )
    two, trust = watchlist_officers(officers()), load(TrustSettings, list=officers().trust_list)
    audit = load(AuditSettings, url=f"sqlite:///{tmp_path / 'audit.db'}")
    pictures = InMemoryPictureStore()
    with Governance(kafka, load(AuthoritySettings), load(ClockSettings), audit, trust, ring, pictures) as governance:
        enroller, remover = governance.enroller(milvus, model_settings, two.first), governance.remover(milvus)
        with Site(kafka, ring, "op-1", someone_standing("P001")), MatchWatch(kafka) as watch:
            # Long enough for both tracks to have been set aside as clearly not listed.
            standing_since = datetime.now(UTC)
            until(lambda: datetime.now(UTC) - standing_since > timedelta(seconds=8), "both workers have looked")
            assert watch.seen == []
            assert all(b"watchbound_frames_processed_total{" in worker.process.exposition() for worker in workers)

            report = enroller.enrol("op-1", lines, lambda _: None)
            until(lambda: bool(governance.pending.of("op-1")), "the proposal waits")
            governance.approver(milvus).approve("op-1", None, two.second)
            enrolled_at = datetime.now(UTC)
            assert report.complete
            until(lambda: watch.cameras(standing_since) == set(CAMERAS), "both workers match")
            first = {match.camera_id: at for at, match in reversed(watch.seen)}
            delays = {camera: (at - enrolled_at).total_seconds() for camera, at in first.items()}
            print("enrolment acted after", delays)
            assert max(delays.values()) <= ACTS_WITHIN_S

            matched_until = datetime.now(UTC)
            until(lambda: watch.cameras(matched_until) == set(CAMERAS), "matches go on for as long as it is listed")
            remover.remove("op-1", "P001", "watchlist-1", "a test")
            removed_at = datetime.now(UTC)
            until(lambda: datetime.now(UTC) - removed_at > timedelta(seconds=6), "time for matches that must not come")
            late = [m for _, m in watch.seen if m.captured_at > removed_at + timedelta(seconds=ACTS_WITHIN_S)]
            assert late == []


def test_pausing_and_cancelling_act_on_every_worker_within_a_second(
    workers: list[RunningWorker],
    kafka: KafkaSettings,
    keys: KeySettings,
    tmp_path: Path,
) -> None:
    """A frame handed to the log more than a second after the act is refused by every worker, as their tallies say."""
    ring = authorise(kafka, keys, "op-1")
    officer = FileSigner.load(officers().key("officer"))
    trust = load(TrustSettings, list=officers().trust_list)
    audit = load(AuditSettings, url=f"sqlite:///{tmp_path / 'audit.db'}")
    with Governance(kafka, load(AuthoritySettings), load(ClockSettings), audit, trust) as governance:
        desk = governance.desk()
        with Site(kafka, ring, "op-1", someone_standing("P001")):
            assert (
                _seconds_to_stop(workers, lambda: desk.act("op-1", ActKind.PAUSE, officer, "a test")) <= ACTS_WITHIN_S
            )
            desk.act("op-1", ActKind.RESUME, officer, "a test")
            assert (
                _seconds_to_stop(workers, lambda: desk.act("op-1", ActKind.CANCEL, officer, "a test")) <= ACTS_WITHIN_S
            )


def _seconds_to_stop(workers: list[RunningWorker], stop: Callable[[], object]) -> float:
    """From the beginning of the act until every worker refuses frames; after that none looks at another."""
    processed = [_counted(worker, PROCESSED) for worker in workers]
    until(lambda: _grew(workers, PROCESSED, processed), "every worker looks at frames")
    refused = [_counted(worker, REFUSED) for worker in workers]
    began = time.monotonic()
    stop()
    published = time.monotonic() - began
    until(lambda: _grew(workers, REFUSED, refused), "every worker refuses")
    took = time.monotonic() - began
    print(f"published after {published:.3f} s, refused by every worker after {took:.3f} s")
    looked_at = [_counted(worker, PROCESSED) for worker in workers]
    until(lambda: _grew(workers, REFUSED, refused, FRAMES_AFTER), "frames go on to be refused")
    assert [_counted(worker, PROCESSED) for worker in workers] == looked_at
    return took


def _counted(worker: RunningWorker, name: str) -> float:
    lines = worker.process.exposition().decode().splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(f"{name}{{"))


def _grew(workers: list[RunningWorker], name: str, before: list[float], by: int = 1) -> bool:
    return all(_counted(worker, name) >= was + by for worker, was in zip(workers, before, strict=True))


def test_a_worker_that_waits_for_the_gallery_tells_how_far_it_falls_behind(
    kafka: KafkaSettings, model_settings: ModelSettings, keys: KeySettings, tmp_path: Path
) -> None:
    ring = authorise(kafka, keys, "op-1")
    with MilvusLite(tmp_path) as server:
        milvus = load(MilvusSettings, uri=server.uri, timeout_s=1.0)
        worker = RunningWorker(configuration(kafka, milvus, model_settings, keys), "worker-0")
    try:
        with Site(kafka, ring, "op-1", someone_standing("P001")):
            until(lambda: "cannot be searched" in (worker.process.complaint() or ""), "the worker is held")
            held_at = _counted(worker, LAG)
            until(lambda: _counted(worker, LAG) >= held_at + 4 * FPS, "its lag grows while it is held")
            assert "cannot be searched" in (worker.process.complaint() or "")
    finally:
        worker.stop()


def test_scaling_up_and_down_hands_cameras_over_and_loses_no_frame(
    kafka: KafkaSettings, milvus: MilvusSettings, model_settings: ModelSettings, keys: KeySettings
) -> None:
    ring = authorise(kafka, keys, "op-1")
    tallies = TallyWatch(kafka)
    first = RunningWorker(configuration(kafka, milvus, model_settings, keys), "worker-0")
    with Site(kafka, ring, "op-1", someone_standing("P001")) as site:
        until(lambda: tallies.handled() >= 10, "one worker handles both cameras")
        second = RunningWorker(configuration(kafka, milvus, model_settings, keys), "worker-1")
        until(lambda: len(tallies.read()) == 2, "the second takes its share")
        second.stop()
        alone_at = tallies.handled()
        until(lambda: tallies.handled() >= alone_at + 10, "the first takes it back")
    until(lambda: tallies.handled() >= site.published, "every frame is accounted for")
    first.stop()
    tallies.close()


def test_a_killed_worker_is_replaced_and_matching_goes_on(tmp_path: Path, model_pack: ModelPack) -> None:
    with EmbeddedStack(tmp_path) as stack:
        stack.environment["WATCHBOUND_MODELS_CACHE"] = str(model_pack.root.parent)
        kafka = load(KafkaSettings, bootstrap=stack.environment["WATCHBOUND_KAFKA_BOOTSTRAP"])
        ensure_topics(kafka, ALL_TOPICS)
        ring = authorise(kafka, stack.keys, "op-1", stack.officers)
        photo = enrolment_photo("P001")
        watchlist = tmp_path / "watchlist"
        watchlist.mkdir()
        (watchlist / f"P001{photo.suffix}").write_bytes(photo.read_bytes())
        enrol_and_approve(stack, watchlist, "op-1")
        service = stack.start("matching", ["match", "run", "--workers", "2"])
        service.process.wait_until(service.ready, PATIENCE_S)
        with Site(kafka, ring, "op-1", someone_standing("P001")), MatchWatch(kafka) as watch:
            since = datetime.now(UTC)
            until(lambda: watch.cameras(since) == set(CAMERAS), "both cameras match")
            _a_worker_of(service).kill()
            killed_at = datetime.now(UTC)
            until(lambda: "watchbound_worker_restarts_total 1.0" in service.metrics(), "the death is counted")
            until(lambda: watch.cameras(killed_at + timedelta(seconds=1)) == set(CAMERAS), "both match again")
            print("recovered after", (datetime.now(UTC) - killed_at).total_seconds(), "s")
        service.process.stop()
        assert service.process.log_tail().count("Traceback") == 0


def _a_worker_of(service: Service) -> psutil.Process:
    children = psutil.Process(service.process.pid).children(recursive=True)
    return next(child for child in children if "_Actor" in " ".join(child.cmdline()))
