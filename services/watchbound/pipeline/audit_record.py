"""The bytes of an audit event that are hashed, kept and shown: the canonical JSON of RFC 8785.

They hold the log's id and the event's own index, so that an event counts in one place of one log and nowhere else.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from watchbound.domain.audit import AuditEvent
from watchbound.domain.errors import InvalidValue
from watchbound.domain.moment import from_micros, to_micros

SCHEMA = "watchbound.audit-event.v1"

_TEXTS = ("act", "actor", "authorisation", "id", "log", "object", "reason")
_NAMES = {*_TEXTS, "at_us", "facts", "index", "schema"}


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """An event in its place of a log.

    Attributes:
        index: how many events stand before it.
    """

    log_id: str
    index: int
    event: AuditEvent


def canonical(record: AuditRecord) -> bytes:
    """The one form of a record; equal records have equal bytes.

    Raises:
        InvalidValue: a text of it cannot be written in UTF-8.
    """
    event = record.event
    document = {
        "act": event.act,
        "actor": event.actor,
        "at_us": to_micros(event.at),
        "authorisation": event.authorisation_id,
        "facts": dict(event.facts),
        "id": event.id,
        "index": record.index,
        "log": record.log_id,
        "object": event.object,
        "reason": event.reason,
        "schema": SCHEMA,
    }
    try:
        return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    except UnicodeEncodeError as error:
        msg = f"an audit event's texts are Unicode, got {error.object[error.start : error.end]!r} in one of them"
        raise InvalidValue(msg) from error


def find_by(event: AuditEvent) -> dict[str, str | int]:
    """The words under which an event is filed, so that searches need not read everything."""
    return {
        "at_us": to_micros(event.at),
        "actor": event.actor,
        "act": event.act,
        "authorisation": event.authorisation_id,
        "object": event.object,
    }


def read_canonical(data: bytes) -> AuditRecord:
    """The record again.

    Raises:
        InvalidValue: the bytes are no record, or not in the one form of it.
    """
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        msg = f"expected an audit event in JSON: {error}"
        raise InvalidValue(msg) from error
    if not isinstance(document, dict) or set(document) != _NAMES or document["schema"] != SCHEMA:
        msg = f"expected an audit event of {SCHEMA} with exactly {', '.join(sorted(_NAMES))}"
        raise InvalidValue(msg)
    record = _record(document)
    if canonical(record) != data:
        msg = "expected an audit event in its canonical form (RFC 8785)"
        raise InvalidValue(msg)
    return record


def _record(document: dict[str, Any]) -> AuditRecord:
    facts = document["facts"]
    texts = all(isinstance(document[name], str) for name in _TEXTS)
    if not (texts and type(document["index"]) is int and type(document["at_us"]) is int and isinstance(facts, dict)):
        msg = "expected an audit event's texts, its index and time as integers and its facts as an object"
        raise InvalidValue(msg)
    if not all(isinstance(value, str) for value in facts.values()):
        msg = "expected the facts of an audit event as texts"
        raise InvalidValue(msg)
    event = AuditEvent(
        id=document["id"],
        at=from_micros(document["at_us"]),
        actor=document["actor"],
        act=document["act"],
        authorisation_id=document["authorisation"],
        object=document["object"],
        reason=document["reason"],
        facts=tuple(sorted(facts.items())),
    )
    return AuditRecord(document["log"], document["index"], event)
