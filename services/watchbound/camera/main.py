"""Wires the camera service: a site file, a broker, and the authorisations that permit anything at all."""

from __future__ import annotations

import random
import threading
import uuid
from dataclasses import dataclass

import cv2

from watchbound.adapters import codecs
from watchbound.adapters.audit_keeping import audited_run
from watchbound.adapters.clock import SystemClock
from watchbound.adapters.kafka_clock import watch_clock
from watchbound.adapters.kafka_log import KafkaRecordProducer, KafkaTopicReader
from watchbound.adapters.kafka_topics import ensure_topics
from watchbound.adapters.keyring import open_key_ring
from watchbound.adapters.logs import get_logger
from watchbound.adapters.prometheus import PrometheusMetrics
from watchbound.adapters.service import ServiceEndpoint
from watchbound.adapters.trust_list import FileTrustList
from watchbound.camera.service import CameraService
from watchbound.camera.site import SiteConfig
from watchbound.camera.sources.choose import source_of
from watchbound.domain.errors import Poison
from watchbound.pipeline.access import Service, topics_of
from watchbound.pipeline.audit_acts import Act
from watchbound.pipeline.authority import AuthorityView
from watchbound.pipeline.feed import Feed, authority_gauges, authority_handler
from watchbound.pipeline.topics import AUTHORISATIONS
from watchbound.ports import Record
from watchbound.settings import (
    AuditSettings,
    AuthoritySettings,
    ClockSettings,
    HttpSettings,
    KafkaSettings,
    KeySettings,
    TrustSettings,
)

log = get_logger(__name__)

_CURRENT_WITHIN_S = 5.0
"""A file that plays once should not lose its first seconds to a view of authority that is still being read."""


@dataclass(frozen=True, slots=True)
class CameraConfiguration:
    """Everything that the process is built from."""

    site: SiteConfig
    kafka: KafkaSettings
    authority: AuthoritySettings
    clock: ClockSettings
    trust: TrustSettings
    keys: KeySettings
    audit: AuditSettings
    http: HttpSettings


def run_site(configuration: CameraConfiguration, stop: threading.Event) -> None:
    """Run every camera of a site until `stop`, or until all that play once have ended.

    Raises:
        ConfigurationError: there is no trust list, the HTTP port is taken, or a source or the key ring cannot be had.
        Unavailable: no broker or no audit log answers at the start; later on its absence is waited out.
    """
    # Cameras share the cores by being several; threads inside one would only contend.
    cv2.setNumThreads(1)
    trust = FileTrustList(configuration.trust.list)
    ring = open_key_ring(configuration.keys)
    ensure_topics(configuration.kafka, topics_of(Service.CAMERA))
    run_id = f"site-{uuid.uuid4().hex}"
    clock, metrics = SystemClock(), PrometheusMetrics()
    watch, watcher = watch_clock(configuration.kafka, configuration.clock, clock, metrics, run_id)
    authority = AuthorityView(clock, configuration.authority.max_age_s, trust, watch.trusted)
    feed = Feed(
        KafkaTopicReader(configuration.kafka, [AUTHORISATIONS.name], f"{run_id}-feed"),
        {AUTHORISATIONS.name: authority_handler(codecs.AUTHORISATION, authority)},
        authority.confirm,
        _unreadable,
        "authority",
        authority_gauges(authority, metrics),
    )
    producer = KafkaRecordProducer(configuration.kafka, run_id)
    try:
        service = CameraService(
            configuration.site,
            source_of,
            producer,
            codecs.FRAME,
            codecs.TALLY,
            ring,
            authority,
            clock,
            metrics,
            run_id,
            _say,
            random.Random(),  # noqa: S311 - spreads load, guards nothing
        )

        def ready() -> str | None:
            return feed.ready() or watcher.ready() or service.ready()

        def live() -> str | None:
            return feed.live() or watcher.live() or service.live()

        cameras = ", ".join(camera.id for camera in configuration.site.cameras)
        with (
            audited_run(configuration.audit, run_id, Act.SITE_STARTED, Act.SITE_STOPPED, cameras),
            watcher,
            ServiceEndpoint(configuration.http, metrics.exposition, ready, live),
            feed,
        ):
            if not feed.wait_current(_CURRENT_WITHIN_S):
                log.warning("authority is not known: every frame is refused until it is", complaint=feed.ready())
            log.info("cameras start", cameras=[camera.id for camera in configuration.site.cameras], run=run_id)
            service.run(stop)
    finally:
        producer.close()
    log.info("cameras ended")


def _say(event: str, /, *, trouble: bool = False, **facts: object) -> None:
    (log.warning if trouble else log.info)(event, **facts)


def _unreadable(record: Record, poison: Poison) -> None:
    """Told loudly and left to governance's own services to dead-letter: a site holds no right to write there."""
    log.error("unreadable authorisation", topic=record.source.topic, offset=record.offset, reason=str(poison))
