"""What people did: authorisations, decisions, audit events."""

from __future__ import annotations

from watchbound.adapters.codecs.protobuf import EnumMap, ProtobufCodec
from watchbound.domain.audit import AuditEvent
from watchbound.domain.authorisation import Authorisation, AuthorisationState, LocationType, UseCase
from watchbound.domain.decision import Decision, Verdict
from watchbound.domain.demography import AgeBand, Ethnicity, Observation, Sex
from watchbound.domain.moment import Window, from_micros, to_micros
from watchbound.domain.signature import Signature
from watchbound.wire import audit_pb2, authorisation_pb2, decision_pb2

_VERDICT = EnumMap(Verdict, "VERDICT", decision_pb2.Verdict)
_SEX = EnumMap(Sex, "SEX", decision_pb2.Sex)
_ETHNICITY = EnumMap(Ethnicity, "ETHNICITY", decision_pb2.Ethnicity)
_AGE_BAND = EnumMap(AgeBand, "AGE_BAND", decision_pb2.AgeBand)
_USE_CASE = EnumMap(UseCase, "USE_CASE", authorisation_pb2.UseCase)
_LOCATION_TYPE = EnumMap(LocationType, "LOCATION_TYPE", authorisation_pb2.LocationType)
_STATE = EnumMap(AuthorisationState, "AUTHORISATION_STATE", authorisation_pb2.AuthorisationState)


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


DECISION = ProtobufCodec(decision_pb2.Decision, _to_decision, _from_decision)
AUTHORISATION = ProtobufCodec(authorisation_pb2.Authorisation, _to_authorisation, _from_authorisation)
AUDIT_EVENT = ProtobufCodec(audit_pb2.AuditEvent, _to_audit_event, _from_audit_event)
