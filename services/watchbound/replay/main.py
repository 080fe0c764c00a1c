"""Wires the replay of dead letters."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from watchbound.adapters import codecs
from watchbound.adapters.audit_log import open_audit_log
from watchbound.adapters.clock import SystemClock
from watchbound.adapters.kafka_clock import watch_clock
from watchbound.adapters.kafka_log import KafkaRecordProducer, KafkaTopicReader
from watchbound.adapters.kafka_record import record_at
from watchbound.adapters.kafka_topics import ensure_topics
from watchbound.adapters.logs import get_logger
from watchbound.adapters.prometheus import PrometheusMetrics
from watchbound.adapters.trust_list import FileTrustList
from watchbound.domain.errors import Poison, Unavailable
from watchbound.pipeline.audit import AuditTrail
from watchbound.pipeline.authority import AuthorityView
from watchbound.pipeline.feed import Feed, authority_handler
from watchbound.pipeline.topics import ALL_TOPICS, AUTHORISATIONS, DEAD_LETTERS
from watchbound.pipeline.whole_topics import read_to_end
from watchbound.ports import Record
from watchbound.replay.judges import judges
from watchbound.replay.letters import Letter, read_letters, standings
from watchbound.replay.replayer import Replayer
from watchbound.settings import (
    AuditSettings,
    AuthoritySettings,
    ClockSettings,
    KafkaSettings,
    MatchingSettings,
    TrustSettings,
)

log = get_logger(__name__)

_CURRENT_WITHIN_S = 30.0
_READ_WITHIN_S = 300.0


@dataclass(frozen=True, slots=True)
class ReplayConfiguration:
    """Everything that a replay is built from."""

    kafka: KafkaSettings
    authority: AuthoritySettings
    clock: ClockSettings
    audit: AuditSettings
    trust: TrustSettings
    matching: MatchingSettings


def kept_letters(configuration: ReplayConfiguration) -> list[Letter]:
    """The dead letters that the topic still holds, and what the audit log says was done about each.

    Raises:
        Unavailable: the broker or the audit log does not answer, or not in time.
        Poison: a record of the topic is no dead letter.
    """
    ensure_topics(configuration.kafka, [DEAD_LETTERS])
    with closing(KafkaTopicReader(configuration.kafka, [DEAD_LETTERS.name], "watchbound-replay")) as reader:
        records = list(read_to_end(reader, _READ_WITHIN_S))
    with closing(open_audit_log(configuration.audit)) as audit:
        return read_letters(records, codecs.DEAD_LETTER, standings(audit.events()))


@contextmanager
def open_replayer(configuration: ReplayConfiguration, actor: str, reason: str) -> Iterator[Replayer]:
    """A replayer that knows the present authority, for as long as the context lasts.

    Raises:
        Unavailable: the broker or the audit log does not answer, or authority could not be read in time.
    """
    kafka, name = configuration.kafka, f"replay-{uuid.uuid4().hex[:8]}"
    clock = SystemClock()
    with ExitStack() as opened:
        ensure_topics(kafka, ALL_TOPICS)
        producer = opened.enter_context(closing(KafkaRecordProducer(kafka, name)))
        watch, watcher = watch_clock(kafka, configuration.clock, clock, PrometheusMetrics(), name)
        opened.enter_context(watcher)
        view = AuthorityView(
            clock, configuration.authority.max_age_s, FileTrustList(configuration.trust.list), watch.trusted
        )
        reader = KafkaTopicReader(kafka, [AUTHORISATIONS.name], name)
        handlers = {AUTHORISATIONS.name: authority_handler(codecs.AUTHORISATION, view)}
        feed = opened.enter_context(Feed(reader, handlers, view.confirm, _tell_poison, "authority"))
        if not feed.wait_current(_CURRENT_WITHIN_S):
            msg = f"what is authorised could not be read within {_CURRENT_WITHIN_S:.0f} s: {feed.ready()}"
            raise Unavailable(msg)
        audit = opened.enter_context(closing(open_audit_log(configuration.audit)))
        max_age = timedelta(seconds=configuration.matching.max_frame_age_s)
        yield Replayer(
            partial(record_at, kafka),
            judges(view, clock, max_age, codecs.FRAME, codecs.MATCH, codecs.DECISION),
            producer,
            AuditTrail(audit, clock),
            actor,
            reason,
        )


def _tell_poison(record: Record, poison: Poison) -> None:
    """Such an authorisation permits nothing here either."""
    log.error("unreadable record", topic=record.source.topic, offset=record.offset, reason=str(poison))
