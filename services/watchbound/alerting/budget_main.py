"""Wires the false-alert budget: the topics that it counts from, and the guardian's key with which it pauses."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType

from watchbound.adapters import codecs
from watchbound.adapters.audit_log import open_audit_log
from watchbound.adapters.kafka_log import KafkaTopicReader
from watchbound.adapters.logs import get_logger
from watchbound.adapters.signers import open_signer
from watchbound.alerting.budget import BudgetPolicy
from watchbound.alerting.budget_watch import BudgetWatch
from watchbound.domain.act import ActKind
from watchbound.domain.errors import ConfigurationError, NotTrusted, Poison
from watchbound.domain.watchlist import ResponseLevel
from watchbound.pipeline.audit import AuditTrail
from watchbound.pipeline.authority import AuthorityView
from watchbound.pipeline.authority_desk import AuthorityDesk
from watchbound.pipeline.feed import Feed
from watchbound.pipeline.reviewers import require_reviewer
from watchbound.pipeline.topics import ALERTS, DECISIONS, TALLIES
from watchbound.ports import Clock, Metrics, Record, RecordProducer, Signer, TrustList
from watchbound.settings import AuditSettings, BudgetSettings, GuardianSettings, KafkaSettings

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class BudgetConfiguration:
    """What the budget needs beside what alerting has."""

    budget: BudgetSettings
    guardian: GuardianSettings


class BudgetGuard:
    """Follows the counts while it is entered, in a thread of its own.

    Args:
        configuration: the budget, and with what to pause.
        two_person: response levels where a lookalike takes two reviewers, for alerts that do not say it.
        audit: where pauses are recorded.
        kafka: where the log is.
        view: the present state of every authorisation, kept up to date by the caller.
        trust: whose decisions count.
        producer: appends pauses to the log.
        clock: the trusted clock.
        metrics: where the counts are shown.

    Raises:
        ConfigurationError: there is no guardian's key or no audit log that can be used.
        Unavailable: the broker or the audit log does not answer.
    """

    def __init__(
        self,
        configuration: BudgetConfiguration,
        two_person: frozenset[ResponseLevel],
        audit: AuditSettings,
        kafka: KafkaSettings,
        view: AuthorityView,
        trust: TrustList,
        producer: RecordProducer,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        settings = configuration.budget
        self._trust = trust
        self._guardian = _guardian(configuration.guardian)
        self._audit = open_audit_log(audit)
        trail = AuditTrail(self._audit, clock)
        self._desk = AuthorityDesk(producer, codecs.AUTHORISATION, view, clock, trail)
        policy = BudgetPolicy(settings.rate, settings.alpha, settings.minimum_faces)
        self._watch = BudgetWatch(policy, two_person, view, self._pause, metrics)
        self._feed = self._follow(kafka)

    def __enter__(self) -> BudgetGuard:
        self._feed.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._feed.__exit__(kind, error, trace)
        self._audit.close()

    def ready(self) -> str | None:
        """Why counts are not up to date, or which broken budget could not be acted upon; None when all is well."""
        return self._feed.ready() or self._watch.complaint()

    def live(self) -> str | None:
        """What ended the feed, or None."""
        return self._feed.live()

    def _follow(self, kafka: KafkaSettings) -> Feed:
        handlers: dict[str, Callable[[Record], None]] = {
            TALLIES.name: lambda record: self._watch.take_tally(codecs.TALLY.decode(record.value or b"")),
            ALERTS.name: lambda record: self._watch.take_alert(codecs.ALERT.decode(record.value or b"")),
            DECISIONS.name: self._on_decision,
        }
        reader = KafkaTopicReader(kafka, list(handlers), "alerting-budget")
        return Feed(reader, handlers, self._watch.look, _tell_poison, "false-alert budget")

    def _on_decision(self, record: Record) -> None:
        decision = codecs.DECISION.decode(record.value or b"")
        # Alerting itself reads the same decisions, and reports those that nobody vouches for.
        with suppress(NotTrusted):
            require_reviewer(decision, self._trust)
            self._watch.take_decision(decision)

    def _pause(self, authorisation_id: str, reason: str, details: dict[str, str]) -> None:
        self._desk.act(authorisation_id, ActKind.PAUSE, self._guardian, reason, details)
        log.warning("paused for its false-alert budget", authorisation=authorisation_id, reason=reason, **details)


def _guardian(settings: GuardianSettings) -> Signer:
    if settings.key is None:
        msg = (
            "WATCHBOUND_GUARDIAN_KEY: alerting pauses a deployment that breaks its false-alert budget, and needs the "
            "key of a guardian for it; `watchbound keys generate` makes one"
        )
        raise ConfigurationError(msg)
    return open_signer(settings.key)


def _tell_poison(record: Record, poison: Poison) -> None:
    """Whoever handles the topic dead-letters such a record; here it only counts for nothing."""
    log.warning("unreadable record", topic=record.source.topic, offset=record.offset, reason=str(poison))
