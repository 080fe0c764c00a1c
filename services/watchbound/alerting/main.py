"""Wires the alerting service."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from watchbound.adapters import codecs
from watchbound.adapters.audit_keeping import audited_run
from watchbound.adapters.audit_log import open_audit_log
from watchbound.adapters.clock import SystemClock
from watchbound.adapters.faust_alerts import FaustFoldRunner
from watchbound.adapters.kafka_clock import watch_clock
from watchbound.adapters.kafka_log import KafkaRecordProducer, KafkaTopicReader
from watchbound.adapters.kafka_topics import ensure_topics
from watchbound.adapters.keyring import open_key_ring
from watchbound.adapters.logs import get_logger
from watchbound.adapters.prometheus import PrometheusMetrics
from watchbound.adapters.service import ServiceEndpoint
from watchbound.adapters.trust_list import FileTrustList
from watchbound.alerting.budget_main import BudgetConfiguration, BudgetGuard
from watchbound.alerting.fold import AlertCodecs, AlertFold
from watchbound.alerting.lookalike import LookalikeCheck, Resemblance
from watchbound.alerting.raise_alert import AlertPolicy
from watchbound.alerting.window_codec import AlertWindowCodec
from watchbound.domain.errors import Poison
from watchbound.pipeline.access import Service, topics_of
from watchbound.pipeline.audit import AuditTrail
from watchbound.pipeline.audit_acts import Act
from watchbound.pipeline.authority import AuthorityView
from watchbound.pipeline.dead_letter import DeadLetters
from watchbound.pipeline.feed import Feed, authority_gauges, authority_handler
from watchbound.pipeline.topics import AUTHORISATIONS, DECISIONS, MATCHES, WATCHLIST_CHANGES
from watchbound.pipeline.watchlist_roster import Roster, roster_handler
from watchbound.ports import Record
from watchbound.settings import (
    AdjudicationSettings,
    AlertingSettings,
    AuditSettings,
    AuthoritySettings,
    ClockSettings,
    HttpSettings,
    KafkaSettings,
    KeySettings,
    TrustSettings,
)

log = get_logger(__name__)

_DELIVERY_S = 30.0


@dataclass(frozen=True, slots=True)
class AlertingConfiguration:
    """Everything that the service is built from."""

    kafka: KafkaSettings
    authority: AuthoritySettings
    trust: TrustSettings
    audit: AuditSettings
    alerting: AlertingSettings
    clock: ClockSettings
    adjudication: AdjudicationSettings
    keys: KeySettings
    http: HttpSettings
    budget: BudgetConfiguration


class AlertingService:
    """Matches and decisions in, alerts out.

    Raises:
        ConfigurationError: there is no trust list, key ring, guardian's key or audit log that can be used.
        Unavailable: no broker answers.
    """

    def __init__(self, configuration: AlertingConfiguration) -> None:
        kafka, alerting = configuration.kafka, configuration.alerting
        adjudication = configuration.adjudication
        lookalikes = LookalikeCheck(open_key_ring(configuration.keys), Resemblance(adjudication.lookalike_similarity))
        trust = FileTrustList(configuration.trust.list)
        ensure_topics(kafka, topics_of(Service.ALERTING))
        self._audit = configuration.audit
        self._audit_log = open_audit_log(configuration.audit)
        self._http = configuration.http
        self._clock = SystemClock()
        self._metrics = PrometheusMetrics()
        self._producer = KafkaRecordProducer(kafka, "alerting")
        self._dead_letters = DeadLetters(self._producer, codecs.DEAD_LETTER, self._clock, self._metrics)
        watch, self._clock_watcher = watch_clock(kafka, configuration.clock, self._clock, self._metrics, "alerting")
        self._authority = AuthorityView(self._clock, configuration.authority.max_age_s, trust, watch.trusted)
        self._watchlist = Roster(trust)
        self._feed = self._follow(kafka)
        self._budget = BudgetGuard(
            configuration.budget,
            adjudication.two_person_levels(),
            self._audit,
            kafka,
            self._authority,
            trust,
            self._producer,
            self._clock,
            self._metrics,
        )
        policy = AlertPolicy(
            timedelta(seconds=alerting.passage_gap_s),
            timedelta(seconds=alerting.suppress_s),
            adjudication.two_person_levels(),
        )
        wire = AlertCodecs(codecs.MATCH, codecs.DECISION, codecs.ALERT, AlertWindowCodec(codecs.MATCH))
        trail = AuditTrail(self._audit_log, self._clock)
        fold = AlertFold(
            policy, self._authority, self._watchlist, trust, lookalikes, wire, trail, self._clock, self._metrics
        )
        self._runner = FaustFoldRunner(
            kafka, alerting.group, alerting.data, [MATCHES, DECISIONS], fold, self._report, self._clock, self._metrics
        )

    def run(self, stop: threading.Event) -> None:
        """Raise alerts until `stop`.

        Raises:
            Unavailable: its beginning cannot be recorded.
            Exception: a bug; the process must end rather than skip what it did not handle.
        """
        try:
            with (
                audited_run(self._audit, "alerting", Act.ALERTING_STARTED, Act.ALERTING_STOPPED, "alerts"),
                self._clock_watcher,
                self._feed,
                self._budget,
                ServiceEndpoint(self._http, self._metrics.exposition, self._not_ready, self._not_live),
            ):
                self._runner.run(stop)
        finally:
            self._producer.close()
            self._audit_log.close()
        log.info("stopped")

    def _follow(self, kafka: KafkaSettings) -> Feed:
        """One feed for both compacted topics: who may be alerted on, and where."""
        reader = KafkaTopicReader(kafka, [AUTHORISATIONS.name, WATCHLIST_CHANGES.name], "alerting-feed")
        handlers: dict[str, Callable[[Record], None]] = {
            AUTHORISATIONS.name: authority_handler(codecs.AUTHORISATION, self._authority),
            WATCHLIST_CHANGES.name: roster_handler(codecs.LISTING_CHANGE.decode, self._watchlist),
        }
        gauges = authority_gauges(self._authority, self._metrics)
        return Feed(reader, handlers, self._authority.confirm, self._report, "authority and watchlist", gauges)

    def _report(self, record: Record, poison: Poison) -> None:
        log.error("unreadable record", topic=record.source.topic, offset=record.offset, reason=str(poison))
        self._dead_letters.send(record, poison).wait(_DELIVERY_S)

    def _not_ready(self) -> str | None:
        return self._runner.ready() or self._feed.ready() or self._clock_watcher.ready() or self._budget.ready()

    def _not_live(self) -> str | None:
        return self._feed.live() or self._clock_watcher.live() or self._budget.live()
