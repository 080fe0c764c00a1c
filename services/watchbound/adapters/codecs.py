"""Domain values to protobuf and back: one codec a topic.

Decoding validates everything, because the domain types do: bytes that are no message, an unset enum or a broken
invariant are all `Poison`, with the reason code `bad_protobuf` or `bad_value`.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Generic, TypeVar

import numpy as np
from google.protobuf.message import DecodeError, Message

from watchbound.domain.alert import Alert, AlertEvent
from watchbound.domain.audit import AuditEvent
from watchbound.domain.authorisation import Authorisation, AuthorisationState, LocationType, UseCase
from watchbound.domain.dead_letter import DeadLetter
from watchbound.domain.decision import Decision, Verdict
from watchbound.domain.embedding import Embedding
from watchbound.domain.errors import InvalidValue, Poison, PoisonReason
from watchbound.domain.face import Box
from watchbound.domain.frame import Frame
from watchbound.domain.match import Match
from watchbound.domain.moment import Window, from_micros, to_micros
from watchbound.domain.tally import Tally
from watchbound.domain.watchlist import (
    Category,
    EnrolledImage,
    EntryAdded,
    EntryRemoved,
    ResponseLevel,
    WatchlistChange,
    WatchlistEntry,
)
from watchbound.wire import (
    alert_pb2,
    audit_pb2,
    authorisation_pb2,
    common_pb2,
    dead_letter_pb2,
    decision_pb2,
    frame_pb2,
    match_pb2,
    tally_pb2,
    watchlist_change_pb2,
)

T = TypeVar("T")
M = TypeVar("M", bound=Message)
E = TypeVar("E", bound=Enum)


class ProtobufCodec(Generic[T, M]):
    """A `Codec` made of a message type and the two directions of its mapping."""

    def __init__(self, message_type: type[M], to_message: Callable[[T], M], from_message: Callable[[M], T]) -> None:
        self.message_type = message_type
        self.to_message = to_message
        self.from_message = from_message

    def encode(self, value: T) -> bytes:
        """The value in its wire form."""
        return self.to_message(value).SerializeToString(deterministic=True)

    def decode(self, data: bytes) -> T:
        """The value again.

        Raises:
            Poison: the bytes are no such message (`bad_protobuf`) or break an invariant (`bad_value`).
        """
        message = self.message_type()
        try:
            message.ParseFromString(data)
        except DecodeError as error:
            raise Poison(PoisonReason.BAD_PROTOBUF, f"expected a {self.message_type.__name__}") from error
        try:
            return self.from_message(message)
        except InvalidValue as error:
            raise Poison(PoisonReason.BAD_VALUE, str(error)) from error


class _EnumMap(Generic[E]):
    """`Category.MISSING` ⇄ `CATEGORY_MISSING`: names agree but for the prefix, by buf's own rule."""

    def __init__(self, domain: type[E], prefix: str, wire: type) -> None:
        self._to_wire = {member: int(wire.Value(f"{prefix}_{member.name}")) for member in domain}  # type: ignore[attr-defined]
        self._from_wire = {number: member for member, number in self._to_wire.items()}
        self._name = domain.__name__

    def to_wire(self, member: E) -> int:
        return self._to_wire[member]

    def from_wire(self, number: int) -> E:
        if number not in self._from_wire:
            msg = f"{self._name} {number} is unset or unknown to this version"
            raise InvalidValue(msg)
        return self._from_wire[number]


_CATEGORY = _EnumMap(Category, "CATEGORY", common_pb2.Category)
_RESPONSE_LEVEL = _EnumMap(ResponseLevel, "RESPONSE_LEVEL", common_pb2.ResponseLevel)
_ALERT_EVENT = _EnumMap(AlertEvent, "ALERT_EVENT", alert_pb2.AlertEvent)
_VERDICT = _EnumMap(Verdict, "VERDICT", decision_pb2.Verdict)
_USE_CASE = _EnumMap(UseCase, "USE_CASE", authorisation_pb2.UseCase)
_LOCATION_TYPE = _EnumMap(LocationType, "LOCATION_TYPE", authorisation_pb2.LocationType)
_STATE = _EnumMap(AuthorisationState, "AUTHORISATION_STATE", authorisation_pb2.AuthorisationState)


def _to_entry(entry: WatchlistEntry) -> common_pb2.WatchlistEntry:
    return common_pb2.WatchlistEntry(
        authorisation_id=entry.authorisation_id,
        reference=entry.reference,
        category=_CATEGORY.to_wire(entry.category),  # type: ignore[arg-type]
        response_level=_RESPONSE_LEVEL.to_wire(entry.response_level),  # type: ignore[arg-type]
    )


def _from_entry(entry: common_pb2.WatchlistEntry) -> WatchlistEntry:
    return WatchlistEntry(
        authorisation_id=entry.authorisation_id,
        reference=entry.reference,
        category=_CATEGORY.from_wire(entry.category),
        response_level=_RESPONSE_LEVEL.from_wire(entry.response_level),
    )


def _to_frame(frame: Frame) -> frame_pb2.Frame:
    return frame_pb2.Frame(
        camera_id=frame.camera_id,
        sequence=frame.sequence,
        captured_at_us=to_micros(frame.captured_at),
        authorisation_id=frame.authorisation_id,
        jpeg=frame.jpeg,
    )


def _from_frame(frame: frame_pb2.Frame) -> Frame:
    return Frame(
        camera_id=frame.camera_id,
        sequence=frame.sequence,
        captured_at=from_micros(frame.captured_at_us),
        authorisation_id=frame.authorisation_id,
        jpeg=frame.jpeg,
    )


def _to_match(match: Match) -> match_pb2.Match:
    box = match.box
    return match_pb2.Match(
        match_id=match.id,
        entry=_to_entry(match.entry),
        camera_id=match.camera_id,
        frame_id=match.frame_id,
        track_id=match.track_id,
        first_seen_us=to_micros(match.first_seen),
        captured_at_us=to_micros(match.captured_at),
        score=match.score,
        threshold=match.threshold,
        shots=match.shots,
        box=common_pb2.Box(x=box.x, y=box.y, width=box.width, height=box.height),
        crop=match.crop,
        model_digest=match.model_digest,
        index=match.index,
    )


def _from_match(match: match_pb2.Match) -> Match:
    box = match.box
    found = Match(
        entry=_from_entry(match.entry),
        camera_id=match.camera_id,
        frame_id=match.frame_id,
        track_id=match.track_id,
        first_seen=from_micros(match.first_seen_us),
        captured_at=from_micros(match.captured_at_us),
        score=match.score,
        threshold=match.threshold,
        shots=match.shots,
        box=Box(box.x, box.y, box.width, box.height),
        crop=match.crop,
        model_digest=match.model_digest,
        index=match.index,
    )
    if match.match_id != found.id:
        msg = f"expected the match id {found.id}, which follows from its content, got {match.match_id[:80]!r}"
        raise InvalidValue(msg)
    return found


def _to_alert(alert: Alert) -> alert_pb2.Alert:
    return alert_pb2.Alert(
        alert_id=alert.id,
        event=_ALERT_EVENT.to_wire(alert.event),  # type: ignore[arg-type]
        revision=alert.revision,
        opened_by_us=to_micros(alert.opened_by),
        first_seen_us=to_micros(alert.first_seen),
        last_seen_us=to_micros(alert.last_seen),
        best=_to_match(alert.best),
        cameras=alert.cameras,
        matches=alert.matches,
        emitted_at_us=to_micros(alert.emitted_at),
    )


def _from_alert(alert: alert_pb2.Alert) -> Alert:
    return Alert(
        id=alert.alert_id,
        event=_ALERT_EVENT.from_wire(alert.event),
        revision=alert.revision,
        opened_by=from_micros(alert.opened_by_us),
        first_seen=from_micros(alert.first_seen_us),
        last_seen=from_micros(alert.last_seen_us),
        best=_from_match(alert.best),
        cameras=tuple(alert.cameras),
        matches=alert.matches,
        emitted_at=from_micros(alert.emitted_at_us),
    )


def _to_decision(decision: Decision) -> decision_pb2.Decision:
    return decision_pb2.Decision(
        decision_id=decision.id,
        alert_id=decision.alert_id,
        authorisation_id=decision.authorisation_id,
        reference=decision.reference,
        verdict=_VERDICT.to_wire(decision.verdict),  # type: ignore[arg-type]
        reviewer=decision.reviewer,
        reason=decision.reason,
        decided_at_us=to_micros(decision.decided_at),
    )


def _from_decision(decision: decision_pb2.Decision) -> Decision:
    return Decision(
        alert_id=decision.alert_id,
        authorisation_id=decision.authorisation_id,
        reference=decision.reference,
        verdict=_VERDICT.from_wire(decision.verdict),
        reviewer=decision.reviewer,
        reason=decision.reason,
        decided_at=from_micros(decision.decided_at_us),
    )


def _to_authorisation(authorisation: Authorisation) -> authorisation_pb2.Authorisation:
    return authorisation_pb2.Authorisation(
        id=authorisation.id,
        use_case=_USE_CASE.to_wire(authorisation.use_case),  # type: ignore[arg-type]
        legal_basis=authorisation.legal_basis,
        location=authorisation.location,
        location_type=_LOCATION_TYPE.to_wire(authorisation.location_type),  # type: ignore[arg-type]
        cameras=sorted(authorisation.cameras),
        start_us=to_micros(authorisation.window.start),
        end_us=to_micros(authorisation.window.end),
        threshold=authorisation.threshold,
        officer=authorisation.officer,
        state=_STATE.to_wire(authorisation.state),  # type: ignore[arg-type]
    )


def _from_authorisation(authorisation: authorisation_pb2.Authorisation) -> Authorisation:
    return Authorisation(
        id=authorisation.id,
        use_case=_USE_CASE.from_wire(authorisation.use_case),
        legal_basis=authorisation.legal_basis,
        location=authorisation.location,
        location_type=_LOCATION_TYPE.from_wire(authorisation.location_type),
        cameras=frozenset(authorisation.cameras),
        window=Window(from_micros(authorisation.start_us), from_micros(authorisation.end_us)),
        threshold=authorisation.threshold,
        officer=authorisation.officer,
        state=_STATE.from_wire(authorisation.state),
    )


def _to_watchlist_change(change: WatchlistChange) -> watchlist_change_pb2.WatchlistChange:
    message = watchlist_change_pb2.WatchlistChange(at_us=to_micros(change.at))
    if isinstance(change, EntryAdded):
        message.added.entry.CopyFrom(_to_entry(change.entry))
        message.added.model_digest = change.images[0].embedding.model_digest
        for image in change.images:
            message.added.images.add(image_id=image.image_id, vector=image.embedding.vector.astype("<f4").tobytes())
    else:
        message.removed.authorisation_id = change.authorisation_id
        message.removed.reference = change.reference
    return message


def _from_watchlist_change(message: watchlist_change_pb2.WatchlistChange) -> WatchlistChange:
    at = from_micros(message.at_us)
    match message.WhichOneof("change"):
        case "added":
            entry = _from_entry(message.added.entry)
            digest = message.added.model_digest
            images = [
                EnrolledImage(entry, i.image_id, Embedding(_vector(i.vector), digest)) for i in message.added.images
            ]
            return EntryAdded(entry, tuple(images), at)
        case "removed":
            return EntryRemoved(message.removed.authorisation_id, message.removed.reference, at)
        case _:
            msg = "a watchlist change must add or remove an entry"
            raise InvalidValue(msg)


def _vector(data: bytes) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    if len(data) % 4:
        msg = f"a vector is a whole number of float32, got {len(data)} bytes"
        raise InvalidValue(msg)
    return np.frombuffer(data, dtype="<f4").astype(np.float32)


def _to_tally(tally: Tally) -> tally_pb2.Tally:
    return tally_pb2.Tally(
        source=tally.source,
        index=tally.index,
        camera_id=tally.camera_id,
        authorisation_id=tally.authorisation_id,
        start_us=to_micros(tally.span.start),
        end_us=to_micros(tally.span.end),
        **tally.counts(),
    )


def _from_tally(tally: tally_pb2.Tally) -> Tally:
    return Tally(
        source=tally.source,
        index=tally.index,
        camera_id=tally.camera_id,
        authorisation_id=tally.authorisation_id,
        span=Window(from_micros(tally.start_us), from_micros(tally.end_us)),
        published=tally.published,
        processed=tally.processed,
        shed=tally.shed,
        faces=tally.faces,
        tracks=tally.tracks,
        matches=tally.matches,
        refused=tally.refused,
        dead_lettered=tally.dead_lettered,
    )


def _to_audit_event(event: AuditEvent) -> audit_pb2.AuditEvent:
    return audit_pb2.AuditEvent(
        event_id=event.id,
        at_us=to_micros(event.at),
        actor=event.actor,
        act=event.act,
        authorisation_id=event.authorisation_id,
        object=event.object,
        reason=event.reason,
    )


def _from_audit_event(event: audit_pb2.AuditEvent) -> AuditEvent:
    return AuditEvent(
        id=event.event_id,
        at=from_micros(event.at_us),
        actor=event.actor,
        act=event.act,
        authorisation_id=event.authorisation_id,
        object=event.object,
        reason=event.reason,
    )


def _to_dead_letter(letter: DeadLetter) -> dead_letter_pb2.DeadLetter:
    return dead_letter_pb2.DeadLetter(
        topic=letter.topic,
        partition=letter.partition,
        offset=letter.offset,
        reason=letter.reason,
        detail=letter.detail,
        payload_size=letter.payload_size,
        payload_digest=letter.payload_digest,
        payload=letter.payload,
        at_us=to_micros(letter.at),
    )


def _from_dead_letter(letter: dead_letter_pb2.DeadLetter) -> DeadLetter:
    return DeadLetter(
        topic=letter.topic,
        partition=letter.partition,
        offset=letter.offset,
        reason=letter.reason,
        detail=letter.detail,
        payload_size=letter.payload_size,
        payload_digest=letter.payload_digest,
        payload=letter.payload,
        at=from_micros(letter.at_us),
    )


FRAME = ProtobufCodec(frame_pb2.Frame, _to_frame, _from_frame)
MATCH = ProtobufCodec(match_pb2.Match, _to_match, _from_match)
ALERT = ProtobufCodec(alert_pb2.Alert, _to_alert, _from_alert)
DECISION = ProtobufCodec(decision_pb2.Decision, _to_decision, _from_decision)
AUTHORISATION = ProtobufCodec(authorisation_pb2.Authorisation, _to_authorisation, _from_authorisation)
WATCHLIST_CHANGE = ProtobufCodec(watchlist_change_pb2.WatchlistChange, _to_watchlist_change, _from_watchlist_change)
TALLY = ProtobufCodec(tally_pb2.Tally, _to_tally, _from_tally)
AUDIT_EVENT = ProtobufCodec(audit_pb2.AuditEvent, _to_audit_event, _from_audit_event)
DEAD_LETTER = ProtobufCodec(dead_letter_pb2.DeadLetter, _to_dead_letter, _from_dead_letter)
