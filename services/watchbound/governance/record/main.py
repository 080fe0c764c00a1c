"""Reads the topics and the audit log for a record, and tells the audit before it is handed out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

from watchbound.adapters import codecs
from watchbound.adapters.audit_log import open_audit_log
from watchbound.adapters.clock import SystemClock
from watchbound.adapters.kafka_lag import records_behind
from watchbound.adapters.kafka_log import KafkaTopicReader
from watchbound.adapters.kafka_topics import ensure_topics
from watchbound.adapters.logs import get_logger
from watchbound.adapters.trust_list import FileTrustList
from watchbound.domain.audit import AuditEvent
from watchbound.domain.errors import Poison, Unavailable, UnknownReference
from watchbound.domain.listing import Listing
from watchbound.governance.record.build import DeploymentRecord, build_record
from watchbound.governance.record.facts import VolunteerLog
from watchbound.governance.record.gather import Gatherer
from watchbound.governance.record.stated import Stated
from watchbound.pipeline.access import Service, topics_of
from watchbound.pipeline.audit import AuditTrail
from watchbound.pipeline.audit_acts import Act
from watchbound.pipeline.authority import AuthorityView
from watchbound.pipeline.feed import authority_handler
from watchbound.pipeline.topics import (
    ALERTS,
    AUTHORISATIONS,
    DECISIONS,
    FRAMES,
    TALLIES,
    WATCHLIST_CHANGES,
)
from watchbound.pipeline.whole_topics import read_to_end
from watchbound.ports import Record
from watchbound.settings import (
    AdjudicationSettings,
    AuditSettings,
    AuthoritySettings,
    KafkaSettings,
    MatchingSettings,
    TrustSettings,
)

log = get_logger(__name__)

_READ_WITHIN_S = 300.0


@dataclass(frozen=True, slots=True)
class RecordConfiguration:
    """Everything that a record is read from."""

    kafka: KafkaSettings
    authority: AuthoritySettings
    trust: TrustSettings
    adjudication: AdjudicationSettings
    matching: MatchingSettings
    audit: AuditSettings


class RecordDesk:
    """Makes records of deployments, running or long over.

    Raises:
        ConfigurationError: there is no trust list, or no audit log, that can be used.
        Unavailable: the broker or the audit log does not answer.
    """

    def __init__(self, configuration: RecordConfiguration) -> None:
        self._configuration = configuration
        self._trust = FileTrustList(configuration.trust.list)
        self._clock = SystemClock()

    def make(
        self, authorisation_id: str, volunteers: VolunteerLog | None, stated: Stated | None = None
    ) -> DeploymentRecord:
        """Read everything and build the record.

        Raises:
            UnknownReference: nothing is known under this id.
            Unavailable: something could not be read to its end.
        """
        settings = self._configuration
        ensure_topics(settings.kafka, topics_of(Service.RECORDER))
        view = AuthorityView(self._clock, settings.authority.max_age_s, self._trust)
        gatherer = Gatherer(authorisation_id, self._trust, settings.adjudication.two_person_levels())
        # Asked before the tallies are read: what is handled in between is then counted, and not missed.
        in_flight = self._in_flight()
        self._read(view, gatherer)
        authorisation, written = view.find(authorisation_id), view.written(authorisation_id)
        if authorisation is None or written is None:
            msg = f"there is no authorisation {authorisation_id}; `watchbound authorise list` shows those that exist"
            raise UnknownReference(msg)
        facts = gatherer.facts(authorisation, written, self._audited(), in_flight, volunteers, self._clock.now())
        return build_record(facts, stated)

    def tell_export(self, record: DeploymentRecord, by: str, form: str, content: bytes) -> None:
        """Tell the audit that the record is about to be handed out.

        Raises:
            Unavailable: it could not be told, so the record must not be handed out.
        """
        with closing(open_audit_log(self._configuration.audit)) as audit:
            AuditTrail(audit, self._clock).record(
                by,
                Act.RECORD_EXPORTED,
                record.authorisation.id,
                "the deployment record was made",
                format=form,
                sha256=hashlib.sha256(content).hexdigest(),
                reconciles="yes" if not record.discrepancies else "no",
            )

    def _read(self, view: AuthorityView, gatherer: Gatherer) -> None:
        def listed(record: Record) -> None:
            if record.value is not None:
                change = codecs.LISTING_CHANGE.decode(record.value)
                if isinstance(change, Listing):
                    gatherer.take_listing(change)

        handlers: dict[str, Callable[[Record], None]] = {
            AUTHORISATIONS.name: authority_handler(codecs.AUTHORISATION, view),
            WATCHLIST_CHANGES.name: listed,
            TALLIES.name: lambda record: gatherer.take_tally(codecs.TALLY.decode(record.value or b"")),
            ALERTS.name: lambda record: gatherer.take_alert(codecs.ALERT.decode(record.value or b"")),
            DECISIONS.name: lambda record: gatherer.take_decision(codecs.DECISION.decode(record.value or b"")),
        }
        reader = KafkaTopicReader(self._configuration.kafka, list(handlers), "record")
        with closing(reader):
            for record in read_to_end(reader, _READ_WITHIN_S):
                _hand_over(record, handlers[record.source.topic])
        view.confirm()

    def _in_flight(self) -> int | None:
        try:
            return records_behind(self._configuration.kafka, self._configuration.matching.group, FRAMES.name)
        except Unavailable as error:
            log.warning("how many frames are in flight could not be asked", reason=str(error))
            return None

    def _audited(self) -> list[AuditEvent] | None:
        try:
            with closing(open_audit_log(self._configuration.audit)) as audit:
                return list(audit.events())
        except Unavailable as error:
            log.warning("the audit log could not be read", reason=str(error))
            return None


def _hand_over(record: Record, handler: Callable[[Record], None]) -> None:
    """What cannot be read counts for nothing here; the service that handles the topic has reported it."""
    try:
        handler(record)
    except Poison as poison:
        log.warning("unreadable record", topic=record.source.topic, offset=record.offset, reason=str(poison))
