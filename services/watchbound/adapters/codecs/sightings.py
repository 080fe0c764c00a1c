"""What was seen: frames, matches, alerts."""

from __future__ import annotations

from watchbound.adapters.codecs.protobuf import EnumMap, ProtobufCodec
from watchbound.adapters.codecs.watchlist import from_entry, to_entry
from watchbound.domain.adjudication import Adjudication, Standing, Word
from watchbound.domain.alert import Alert, AlertEvent
from watchbound.domain.decision import Verdict
from watchbound.domain.errors import InvalidValue
from watchbound.domain.face import Box
from watchbound.domain.frame import SealedFrame
from watchbound.domain.match import Match
from watchbound.domain.moment import from_micros, to_micros
from watchbound.wire import alert_pb2, common_pb2, decision_pb2, frame_pb2, match_pb2

_ALERT_EVENT = EnumMap(AlertEvent, "ALERT_EVENT", alert_pb2.AlertEvent)
_STANDING = EnumMap(Standing, "STANDING", alert_pb2.Standing)
_VERDICT = EnumMap(Verdict, "VERDICT", decision_pb2.Verdict)


def _to_frame(frame: SealedFrame) -> frame_pb2.Frame:
    return frame_pb2.Frame(
        camera_id=frame.camera_id,
        sequence=frame.sequence,
        captured_at_us=to_micros(frame.captured_at),
        authorisation_id=frame.authorisation_id,
        sealed=frame.sealed,
    )


def _from_frame(frame: frame_pb2.Frame) -> SealedFrame:
    return SealedFrame(
        camera_id=frame.camera_id,
        sequence=frame.sequence,
        captured_at=from_micros(frame.captured_at_us),
        authorisation_id=frame.authorisation_id,
        sealed=frame.sealed,
    )


def _to_match(match: Match) -> match_pb2.Match:
    box = match.box
    return match_pb2.Match(
        match_id=match.id,
        entry=to_entry(match.entry),
        camera_id=match.camera_id,
        frame_id=match.frame_id,
        track_id=match.track_id,
        first_seen_us=to_micros(match.first_seen),
        captured_at_us=to_micros(match.captured_at),
        score=match.score,
        threshold=match.threshold,
        shots=match.shots,
        box=common_pb2.Box(x=box.x, y=box.y, width=box.width, height=box.height),
        sealed_crop=match.crop,
        model_digest=match.model_digest,
        index=match.index,
        sealed_template=match.template,
    )


def _from_match(match: match_pb2.Match) -> Match:
    box = match.box
    found = Match(
        entry=from_entry(match.entry),
        camera_id=match.camera_id,
        frame_id=match.frame_id,
        track_id=match.track_id,
        first_seen=from_micros(match.first_seen_us),
        captured_at=from_micros(match.captured_at_us),
        score=match.score,
        threshold=match.threshold,
        shots=match.shots,
        box=Box(box.x, box.y, box.width, box.height),
        crop=match.sealed_crop,
        model_digest=match.model_digest,
        index=match.index,
        template=match.sealed_template,
    )
    if match.match_id != found.id:
        msg = f"expected the match id {found.id}, which follows from its content, got {match.match_id[:80]!r}"
        raise InvalidValue(msg)
    return found


def _to_adjudication(adjudication: Adjudication) -> alert_pb2.Adjudication:
    return alert_pb2.Adjudication(
        standing=_STANDING.to_wire(adjudication.standing),  # type: ignore[arg-type]
        two_person=adjudication.two_person,
        words=[
            alert_pb2.Word(
                reviewer=word.reviewer,
                verdict=_VERDICT.to_wire(word.verdict),  # type: ignore[arg-type]
                spoken_at_us=to_micros(word.spoken_at),
            )
            for word in adjudication.words
        ],
    )


def _from_adjudication(adjudication: alert_pb2.Adjudication) -> Adjudication:
    words = (
        Word(word.reviewer, _VERDICT.from_wire(word.verdict), from_micros(word.spoken_at_us))
        for word in adjudication.words
    )
    found = Adjudication(adjudication.two_person, tuple(words))
    if _STANDING.from_wire(adjudication.standing) is not found.standing:
        msg = f"expected the standing {found.standing.name}, which follows from the words, got {adjudication.standing}"
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
        adjudication=None if alert.adjudication is None else _to_adjudication(alert.adjudication),
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
        adjudication=_from_adjudication(alert.adjudication) if alert.HasField("adjudication") else None,
    )


FRAME = ProtobufCodec(frame_pb2.Frame, _to_frame, _from_frame)
MATCH = ProtobufCodec(match_pb2.Match, _to_match, _from_match)
ALERT = ProtobufCodec(alert_pb2.Alert, _to_alert, _from_alert)
