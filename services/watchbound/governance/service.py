"""Wires the governance service: the retention clock over the real log, stores and keys."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from watchbound.adapters import codecs
from watchbound.adapters.audit_log import open_audit_log
from watchbound.adapters.clock import SystemClock
from watchbound.adapters.kafka_clock import watch_clock
from watchbound.adapters.kafka_log import KafkaRecordProducer, KafkaTopicReader
from watchbound.adapters.kafka_topics import ensure_topics
from watchbound.adapters.keyring import open_key_ring
from watchbound.adapters.logs import get_logger
from watchbound.adapters.prometheus import PrometheusMetrics
from watchbound.adapters.service import ServiceEndpoint
from watchbound.adapters.trust_list import FileTrustList
from watchbound.domain.errors import Poison
from watchbound.governance.purge import Purger
from watchbound.governance.purging import PurgeConfiguration, open_purger
from watchbound.governance.receipt_shelf import ReceiptShelf
from watchbound.governance.retention import RetentionClock, Undertaker
from watchbound.pipeline.access import Service, topics_of
from watchbound.pipeline.audit import AuditTrail
from watchbound.pipeline.authority import AuthorityView
from watchbound.pipeline.authority_desk import AuthorityDesk
from watchbound.pipeline.feed import Feed, authority_gauges, authority_handler
from watchbound.pipeline.topics import AUTHORISATIONS
from watchbound.ports import Record, Signer
from watchbound.settings import (
    AuditSettings,
    AuthoritySettings,
    ClockSettings,
    GovernanceSettings,
    HttpSettings,
    TrustSettings,
)

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class GovernanceConfiguration:
    """Everything that the service is built from.

    Attributes:
        signer: the service's own guardian key.
    """

    governance: GovernanceSettings
    authority: AuthoritySettings
    clock: ClockSettings
    trust: TrustSettings
    audit: AuditSettings
    http: HttpSettings
    purging: PurgeConfiguration
    signer: Signer


class GovernanceService:
    """Follows authorisations, ends what is over and purges what is due.

    Raises:
        ConfigurationError: the trust list, the key ring or the audit log may not be used.
        Unavailable: no broker answers, or the audit log does not.
    """

    def __init__(self, configuration: GovernanceConfiguration) -> None:
        kafka = configuration.purging.kafka
        self._configuration = configuration
        # A ring that may not be used is known now, not at the first deadline.
        ring = open_key_ring(configuration.purging.keys)
        ensure_topics(kafka, topics_of(Service.GOVERNANCE))
        self._clock = SystemClock()
        self._metrics = PrometheusMetrics()
        self._stop = threading.Event()
        self._producer = KafkaRecordProducer(kafka, "governance")
        watch, self._clock_watcher = watch_clock(kafka, configuration.clock, self._clock, self._metrics, "governance")
        trust = FileTrustList(configuration.trust.list)
        self._view = AuthorityView(self._clock, configuration.authority.max_age_s, trust, watch.trusted)
        self._audit = open_audit_log(configuration.audit)
        self._trail = AuditTrail(self._audit, self._clock)
        self._purger: Purger | None = None
        desk = AuthorityDesk(self._producer, codecs.AUTHORISATION, self._view, self._clock, self._trail)
        shelf = ReceiptShelf(configuration.purging.purge.receipts)
        undertaker = Undertaker(self._view, desk, self._purging, shelf, ring, trust, configuration.signer, self._clock)
        self._retention = RetentionClock(self._view, undertaker, self._clock, watch.trusted, self._metrics)
        self._feed = Feed(
            KafkaTopicReader(kafka, [AUTHORISATIONS.name], "governance-feed"),
            {AUTHORISATIONS.name: authority_handler(codecs.AUTHORISATION, self._view)},
            self._view.confirm,
            _tell_poison,
            "authority",
            authority_gauges(self._view, self._metrics),
        )

    def run(self, stop: threading.Event) -> None:
        """Look at what is due every few seconds until `stop`.

        Raises:
            Exception: a bug; the process must end rather than let anything stay.
        """
        self._stop = stop
        http, every_s = self._configuration.http, self._configuration.governance.every_s
        try:
            with (
                self._clock_watcher,
                self._feed,
                ServiceEndpoint(http, self._metrics.exposition, self._not_ready, self._not_live),
            ):
                while not stop.wait(every_s):
                    self._retention.round()
        finally:
            self._producer.close()
            self._audit.close()
        log.info("stopped")

    def _not_ready(self) -> str | None:
        return self._feed.ready() or self._clock_watcher.ready()

    def _not_live(self) -> str | None:
        return self._feed.live() or self._clock_watcher.live()

    def _purging(self) -> Purger:
        """The purger, once the vector store answers; it connects again by itself from then on."""
        if self._purger is None:
            self._purger = open_purger(
                self._configuration.purging, self._producer, self._trail, self._clock, self._stop
            )
        return self._purger


def _tell_poison(record: Record, poison: Poison) -> None:
    """Other services dead-letter such a record; here it permits nothing and ends nothing."""
    log.error("unreadable record", topic=record.source.topic, offset=record.offset, reason=str(poison))
