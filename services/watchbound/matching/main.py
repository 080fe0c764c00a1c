"""Wires the matching service: the supervisor here, and what each worker builds inside its own process."""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import cv2
from threadpoolctl import threadpool_limits

from watchbound.adapters import codecs
from watchbound.adapters.allocator import WIPES_FREED, leave_no_core, wipes_freed
from watchbound.adapters.audit_keeping import keeping
from watchbound.adapters.audit_log import open_audit_log
from watchbound.adapters.clock import SystemClock
from watchbound.adapters.federation import federate
from watchbound.adapters.kafka_clock import watch_clock
from watchbound.adapters.kafka_log import KafkaRecordConsumer, KafkaRecordProducer, KafkaTopicReader
from watchbound.adapters.kafka_topics import ensure_topics
from watchbound.adapters.keyring import open_key_ring
from watchbound.adapters.logs import configure_logs, get_logger
from watchbound.adapters.milvus_gallery import MilvusGallery
from watchbound.adapters.onnx_runtime import OnnxDetector, OnnxEmbedder
from watchbound.adapters.prometheus import PrometheusMetrics
from watchbound.adapters.ray_cluster import WorkerCluster
from watchbound.adapters.service import ServiceEndpoint
from watchbound.adapters.trust_list import FileTrustList
from watchbound.domain.errors import ConfigurationError, Poison, Unavailable
from watchbound.extraction.decode import PictureLimits
from watchbound.extraction.model_pack import ModelPack, find_pack
from watchbound.extraction.quality import live_gate
from watchbound.matching.admission import FrameAdmission, FreshnessLimits
from watchbound.matching.announce import MatchAnnouncer
from watchbound.matching.attention import AttentionPolicy
from watchbound.matching.cameras import Cameras
from watchbound.matching.counts import FrameCounts
from watchbound.matching.intake import Intake
from watchbound.matching.judge import EvidencePolicy, Judge
from watchbound.matching.look import Eyes, Look
from watchbound.matching.search import Stopped, WatchlistSearch
from watchbound.matching.worker import MatchingWorker
from watchbound.pipeline import metric_names as names
from watchbound.pipeline.access import Service, topics_of
from watchbound.pipeline.audit import AuditTrail
from watchbound.pipeline.audit_acts import Act
from watchbound.pipeline.audit_gate import AuditGate
from watchbound.pipeline.authority import AuthorityView
from watchbound.pipeline.dead_letter import DeadLetters
from watchbound.pipeline.feed import Feed, authority_gauges, authority_handler, in_turn
from watchbound.pipeline.poison_guard import PoisonGuard, PoisonPolicy
from watchbound.pipeline.runner import Runner
from watchbound.pipeline.tallies import TallyBook, TallyPublisher
from watchbound.pipeline.topics import AUTHORISATIONS, FRAMES, WATCHLIST_CHANGES
from watchbound.pipeline.watchlist_delta import WatchlistDelta, watchlist_handler
from watchbound.pipeline.watchlist_roster import Roster, roster_handler
from watchbound.ports import Record, TopicPartition
from watchbound.settings import (
    AuditSettings,
    AuthoritySettings,
    ClockSettings,
    HttpSettings,
    KafkaSettings,
    KeySettings,
    LogSettings,
    MatchingSettings,
    MilvusSettings,
    ModelSettings,
    TrustSettings,
)

log = get_logger(__name__)

_SUPERVISE_S = 0.5
_TALLY_S = 1.0
_TALLY_ACKNOWLEDGED_S = 4.0
_CURRENT_WITHIN_S = 60.0
_FEED_FETCH_WAIT_MS = 200
"""Acts within a second all the same, at a quarter of what asking twenty times a second costs."""


@dataclass(frozen=True, slots=True)
class MatchingConfiguration:
    """Everything that a worker is built from; travels to the actor's process."""

    kafka: KafkaSettings
    milvus: MilvusSettings
    models: ModelSettings
    authority: AuthoritySettings
    clock: ClockSettings
    trust: TrustSettings
    keys: KeySettings
    audit: AuditSettings
    matching: MatchingSettings
    logs: LogSettings


def poison_policy(matching: MatchingSettings) -> PoisonPolicy:
    """When a partition of frames is held."""
    return PoisonPolicy(matching.poison_in_a_row, matching.poison_share, retry_s=matching.poison_retry_s)


class WorkerProcess:
    """One worker with its adapters, as it lives in an actor: a `Workload` of the cluster."""

    def __init__(self, configuration: MatchingConfiguration, name: str) -> None:
        configure_logs(f"matching/{name}", configuration.logs)
        # Workers share the cores by being several; threads inside one would only contend. OpenBLAS's wait by spinning:
        # a search of the delta cost three times what it computes.
        cv2.setNumThreads(1)
        threadpool_limits(1, "blas")
        self._name = f"{name}-{uuid.uuid4().hex[:8]}"
        leave_no_core()
        if not wipes_freed():
            log.warning("freed memory is not overwritten", remedy=f"start with {WIPES_FREED}")
        self._stop = threading.Event()
        self._metrics = PrometheusMetrics()
        self._clock = SystemClock()
        self._configuration = configuration
        self._tallies = TallyBook(self._name, self._clock)
        self._ring = open_key_ring(configuration.keys)
        trust = FileTrustList(configuration.trust.list)
        self._watch, self._clock_watcher = watch_clock(
            configuration.kafka, configuration.clock, self._clock, self._metrics, self._name
        )
        self._authority = AuthorityView(self._clock, configuration.authority.max_age_s, trust, self._watch.trusted)
        self._delta = WatchlistDelta(self._clock)
        self._roster = Roster(trust)
        self._eyes = self._open_eyes(find_pack(configuration.models, trust))
        self._audit = open_audit_log(configuration.audit)
        self._trail = AuditTrail(self._audit, self._clock)
        self._gate = AuditGate(self._trail, self._clock, self._name, self._models())
        gallery = MilvusGallery(configuration.milvus)
        self._runner: Runner | None = None
        self._search = WatchlistSearch(
            gallery,
            self._delta,
            self._roster,
            self._gate,
            self._clock,
            self._metrics,
            self._stop,
            waiting=self._show_lag,
        )
        self._producer = KafkaRecordProducer(configuration.kafka, self._name)
        self._guard = PoisonGuard(FRAMES.name, poison_policy(configuration.matching), self._metrics)
        self._dead_letters = DeadLetters(self._producer, codecs.DEAD_LETTER, self._clock, self._metrics, self._guard)
        self._feed = self._follow()

    def _open_eyes(self, pack: ModelPack) -> Eyes:
        models, matching = self._configuration.models, self._configuration.matching
        detector = OnnxDetector(pack, models, width=matching.detect_width)
        embedder = OnnxEmbedder(pack, models)
        for role, model in (("detector", detector), ("embedder", embedder)):
            self._metrics.set(names.MODEL_INFO, 1, role=role, digest=model.digest, provider=model.provider)
        limits = PictureLimits(matching.max_frame_bytes, matching.max_frame_pixels)
        return Eyes(detector, embedder, pack.embedder.template, limits, live_gate(matching.min_eye_distance))

    def _models(self) -> dict[str, str]:
        return {"detector": self._eyes.detector.digest, "embedder": self._eyes.embedder.digest}

    def _follow(self) -> Feed:
        """One feed for both compacted topics: a worker that is current knows who may be matched, and where."""
        reader = KafkaTopicReader(
            self._configuration.kafka,
            [AUTHORISATIONS.name, WATCHLIST_CHANGES.name],
            f"{self._name}-feed",
            _FEED_FETCH_WAIT_MS,
        )

        def on_poison(record: Record, poison: Poison) -> None:
            log.error("unreadable record", topic=record.source.topic, offset=record.offset, reason=str(poison))
            self._dead_letters.send(record, poison)

        handlers = {
            AUTHORISATIONS.name: authority_handler(codecs.AUTHORISATION, self._authority),
            WATCHLIST_CHANGES.name: in_turn(
                roster_handler(codecs.LISTING_CHANGE.decode, self._roster),
                watchlist_handler(codecs.watchlist_change(self._ring), self._delta),
            ),
        }
        gauges = authority_gauges(self._authority, self._metrics)
        return Feed(reader, handlers, self._authority.confirm, on_poison, "authority and watchlist", gauges)

    def run(self) -> None:
        """Match until stopped. A worker that does not know its authority reads no frame."""
        reporter = threading.Thread(target=self._report, name="tallies", daemon=True)
        with self._clock_watcher, self._feed:
            while not self._feed.wait_current(_CURRENT_WITHIN_S):
                if self._feed.failed is not None or self._stop.is_set():
                    break
                log.warning("waiting for authority", complaint=self._feed.ready())
            reporter.start()
            try:
                self._consume()
            except Stopped:
                log.info("stopped while the watchlist could not be searched; its frames will be read again")
            finally:
                self._stop.set()
                reporter.join(timeout=5.0)
                self._producer.close()
                self._record_end()
        if self._feed.failed is not None:
            raise self._feed.failed

    def _consume(self) -> None:
        settings = self._configuration
        # Raised when it cannot be recorded: the supervisor starts the worker again until it can.
        self._trail.record(self._name, Act.WORKER_STARTED, "", "begins to match", object="worker", **self._models())
        worker = self._build_worker()
        consumer = KafkaRecordConsumer(
            settings.kafka, settings.matching.group, [FRAMES.name], self._name, self._on_revoked, start="earliest"
        )
        try:
            self._runner = Runner(consumer, worker, self._metrics, guard=self._guard, unknown=self._unknown)
            log.info("matching", provider=self._eyes.embedder.provider)
            self._runner.run(lambda: self._stop.is_set() or self._feed.failed is not None)
        finally:
            consumer.close()

    def _on_revoked(self, partitions: frozenset[TopicPartition]) -> None:
        if self._runner is not None:
            self._runner.revoke(partitions)

    def _show_lag(self) -> None:
        if self._runner is not None:
            self._runner.show_lag()

    def _unknown(self) -> bool:
        """Whether authority or the clock cannot be believed now: frames wait, and are shed when they are too old."""
        return self._authority.stale() or not self._watch.trusted()

    def _build_worker(self) -> MatchingWorker:
        matching = self._configuration.matching
        max_age = timedelta(seconds=matching.max_frame_age_s)
        limits = FreshnessLimits(max_age, timedelta(seconds=matching.max_clock_skew_s))
        admission = FrameAdmission(self._authority, self._clock, limits)
        announcer = MatchAnnouncer(self._producer, codecs.MATCH, self._ring, self._tallies, self._clock, self._metrics)
        counts = FrameCounts(self._metrics, self._tallies)
        policy = EvidencePolicy()
        return MatchingWorker(
            Intake(codecs.FRAME, admission, self._ring, counts),
            Cameras(AttentionPolicy(timedelta(seconds=matching.search_every_s))),
            Look(self._eyes, policy.shots, counts, self._metrics),
            Judge(self._eyes.embedder, self._search, admission, announcer, counts, self._metrics, policy),
            self._dead_letters,
            counts,
            self._clock,
            self._metrics,
            max_age,
        )

    def _report(self) -> None:
        """Send the tallies about every second, and once more at the end."""
        publisher = TallyPublisher(self._tallies, self._producer, codecs.TALLY)
        while not self._stop.wait(_TALLY_S):
            publisher.publish(_TALLY_ACKNOWLEDGED_S)
        # Twice: what an earlier attempt still held goes first, then what was counted since.
        if not (publisher.publish(_TALLY_ACKNOWLEDGED_S) and publisher.publish(_TALLY_ACKNOWLEDGED_S)):
            log.error("the last tallies were not acknowledged", worker=self._name)

    def _record_end(self) -> None:
        """Say what was searched last; stopping waits for nothing, so that a failure is told and not raised."""
        try:
            self._gate.close()
            self._trail.record(self._name, Act.WORKER_STOPPED, "", "matches no more", object="worker")
        except Unavailable as error:
            log.error("the worker's end was not recorded", worker=self._name, cause=str(error))
        self._audit.close()

    def stop(self) -> None:
        """Make `run` return: commit, leave the group, send the last tallies."""
        self._stop.set()

    def complaint(self) -> str | None:
        """Why it is not ready."""
        clock = self._clock_watcher.live() or self._clock_watcher.ready()
        return self._feed.ready() or clock or self._search.complaint or self._guard.complaint

    def exposition(self) -> bytes:
        """Its metrics."""
        return self._metrics.exposition()


class MatchingService:
    """The supervisor: a cluster of workers, one page of metrics, one readiness."""

    def __init__(self, configuration: MatchingConfiguration, http: HttpSettings) -> None:
        matching, models = configuration.matching, configuration.models
        if matching.gpus_per_worker > 0 and models.provider != "cuda":
            msg = "WATCHBOUND_MODELS_PROVIDER: expected cuda since GPUs are asked for each worker, got cpu"
            raise ConfigurationError(msg)
        # Each worker reads it for itself; where there is none, that is said here once and not by every worker.
        find_pack(models, FileTrustList(configuration.trust.list))
        # Refused here, where a person sees it, rather than in each worker.
        open_key_ring(configuration.keys)
        ensure_topics(configuration.kafka, topics_of(Service.MATCHING))
        self._audit = configuration.audit
        self._producer = KafkaRecordProducer(configuration.kafka, "matching-audit")
        self._metrics = PrometheusMetrics()
        self._wanted = matching.workers
        self.cluster = WorkerCluster(
            matching.ray_address,
            partial(WorkerProcess, configuration),
            matching.gpus_per_worker,
            partial(self._metrics.count, names.WORKER_RESTARTS),
            matching.ray_token_file,
        )
        self._http = http
        self._statuses: dict[str, tuple[str | None, bytes]] = {}

    def run(self, stop: threading.Event) -> None:
        """Serve and supervise until `stop`, then let the workers finish."""
        try:
            with keeping(self._audit, self._producer, SystemClock(), self._metrics) as self._audit_ready:
                self._serve(stop)
        finally:
            self._producer.close()

    def _serve(self, stop: threading.Event) -> None:
        told = False
        try:
            self.cluster.scale(self._wanted)
            with ServiceEndpoint(self._http, self._exposition, self._complaint):
                while not stop.wait(_SUPERVISE_S):
                    self.cluster.supervise()
                    self._statuses = self.cluster.statuses()
                    ready = sum(complaint is None for complaint, _ in self._statuses.values())
                    self._metrics.set(names.WORKERS, ready, state="ready")
                    self._metrics.set(names.WORKERS, self.cluster.size - ready, state="not_ready")
                    if not told and self._complaint() is None:
                        told = True
                        log.info("all workers are ready", workers=ready)
        finally:
            # The workers' last records are signed for after them.
            self.cluster.close()

    def _complaint(self) -> str | None:
        complaints = [f"{name}: {complaint}" for name, (complaint, _) in self._statuses.items() if complaint]
        missing = self.cluster.size - len(self._statuses)
        if missing:
            complaints.append(f"{missing} of {self.cluster.size} workers do not answer")
        unsigned = self._audit_ready()
        if unsigned is not None:
            complaints.append(unsigned)
        return "; ".join(complaints) or None

    def _exposition(self) -> bytes:
        workers = {name: exposition for name, (_, exposition) in self.cluster.statuses().items()}
        return federate(self._metrics.exposition(), workers)
