"""What people did: decisions, audit records."""

from __future__ import annotations

from watchbound.adapters.codecs.protobuf import EnumMap, ProtobufCodec
from watchbound.domain.audit import AuditEvent
from watchbound.domain.decision import Decision, Verdict
from watchbound.domain.demography import AgeBand, Ethnicity, Observation, Sex
from watchbound.domain.errors import InvalidValue
from watchbound.domain.frame import require_name
from watchbound.domain.moment import from_micros, to_micros
from watchbound.domain.signature import Signature
from watchbound.pipeline.audit_record import AuditRecord
from watchbound.pipeline.checkpoint import SignedCheckpoint, read_note
from watchbound.wire import audit_pb2, decision_pb2

_VERDICT = EnumMap(Verdict, "VERDICT", decision_pb2.Verdict)
_SEX = EnumMap(Sex, "SEX", decision_pb2.Sex)
_ETHNICITY = EnumMap(Ethnicity, "ETHNICITY", decision_pb2.Ethnicity)
_AGE_BAND = EnumMap(AgeBand, "AGE_BAND", decision_pb2.AgeBand)


def _to_observation(observation: Observation) -> decision_pb2.Observation:
    return decision_pb2.Observation(
        sex=_SEX.to_optional(observation.sex),  # type: ignore[arg-type]
        ethnicity=_ETHNICITY.to_optional(observation.ethnicity),  # type: ignore[arg-type]
        age=_AGE_BAND.to_optional(observation.age),  # type: ignore[arg-type]
    )


def _from_observation(observation: decision_pb2.Observation) -> Observation:
    return Observation(
        sex=_SEX.from_optional(observation.sex),
        ethnicity=_ETHNICITY.from_optional(observation.ethnicity),
        age=_AGE_BAND.from_optional(observation.age),
    )


def _to_decision(decision: Decision) -> decision_pb2.Decision:
    signature = decision.signature
    return decision_pb2.Decision(
        decision_id=decision.id,
        alert_id=decision.alert_id,
        authorisation_id=decision.authorisation_id,
        reference=decision.reference,
        verdict=_VERDICT.to_wire(decision.verdict),  # type: ignore[arg-type]
        reviewer=decision.reviewer,
        reason=decision.reason,
        decided_at_us=to_micros(decision.decided_at),
        observed=None if decision.observed is None else _to_observation(decision.observed),
        signed_by="" if signature is None else signature.key_id,
        signature=b"" if signature is None else signature.value,
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
        observed=_from_observation(decision.observed) if decision.HasField("observed") else None,
        signature=Signature(decision.signed_by, decision.signature) if decision.signed_by else None,
    )


def _to_audit_record(value: AuditRecord | SignedCheckpoint) -> audit_pb2.AuditRecord:
    if isinstance(value, SignedCheckpoint):
        return audit_pb2.AuditRecord(checkpoint=audit_pb2.AuditCheckpoint(note=value.note()))
    event = value.event
    return audit_pb2.AuditRecord(
        event=audit_pb2.AuditEvent(
            event_id=event.id,
            at_us=to_micros(event.at),
            actor=event.actor,
            act=event.act,
            authorisation_id=event.authorisation_id,
            object=event.object,
            reason=event.reason,
            index=value.index,
            log_id=value.log_id,
            facts=dict(event.facts),
        )
    )


def _from_audit_record(record: audit_pb2.AuditRecord) -> AuditRecord | SignedCheckpoint:
    which = record.WhichOneof("record")
    if which == "checkpoint":
        return read_note(record.checkpoint.note)
    if which != "event":
        msg = "an audit record holds an event or a checkpoint, got neither"
        raise InvalidValue(msg)
    event = record.event
    require_name(event.log_id, "a log id")
    return AuditRecord(
        event.log_id,
        event.index,
        AuditEvent(
            id=event.event_id,
            at=from_micros(event.at_us),
            actor=event.actor,
            act=event.act,
            authorisation_id=event.authorisation_id,
            object=event.object,
            reason=event.reason,
            facts=tuple(sorted(event.facts.items())),
        ),
    )


DECISION = ProtobufCodec(decision_pb2.Decision, _to_decision, _from_decision)
AUDIT_RECORD = ProtobufCodec(audit_pb2.AuditRecord, _to_audit_record, _from_audit_record)
