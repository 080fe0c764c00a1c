"""Writes what governance did to the audit topic."""

from __future__ import annotations

from watchbound.domain.audit import AuditEvent
from watchbound.domain.match import deterministic_id
from watchbound.domain.moment import to_micros
from watchbound.pipeline.topics import AUDIT
from watchbound.ports import Clock, Codec, RecordProducer

LOG_ID = "governance"
_ACKNOWLEDGED_WITHIN_S = 10.0


class AuditTrail:
    """Appends events to one log and waits until the broker holds them."""

    def __init__(self, producer: RecordProducer, codec: Codec[AuditEvent], clock: Clock) -> None:
        self._producer = producer
        self._codec = codec
        self._clock = clock

    def record(self, actor: str, act: str, authorisation_id: str, reason: str) -> None:
        """Say that `actor` did `act` to an authorisation.

        Raises:
            Unavailable: the broker has not acknowledged the event.
        """
        at = self._clock.now()
        name = deterministic_id("audit", LOG_ID, act, actor, authorisation_id, to_micros(at))
        event = AuditEvent(name, at, actor, act, authorisation_id, authorisation_id, reason)
        self._producer.send(AUDIT.name, LOG_ID, self._codec.encode(event)).wait(_ACKNOWLEDGED_WITHIN_S)
