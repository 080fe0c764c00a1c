"""Authorisations: terms and the chain of signed acts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from watchbound.adapters.codecs.protobuf import EnumMap, ProtobufCodec
from watchbound.domain.act import Act, ActKind, SignedAct
from watchbound.domain.calibration import CalibrationEvidence
from watchbound.domain.errors import InvalidValue
from watchbound.domain.moment import Window, from_micros, to_micros
from watchbound.domain.retention import RetentionPolicy
from watchbound.domain.signature import Signature
from watchbound.domain.terms import LocationType, Terms, UseCase
from watchbound.domain.watchlist import Category
from watchbound.domain.written_authority import WrittenAuthority
from watchbound.wire import authorisation_pb2, common_pb2

_USE_CASE = EnumMap(UseCase, "USE_CASE", authorisation_pb2.UseCase)
_LOCATION_TYPE = EnumMap(LocationType, "LOCATION_TYPE", authorisation_pb2.LocationType)
_ACT_KIND = EnumMap(ActKind, "ACT_KIND", authorisation_pb2.ActKind)
_CATEGORY = EnumMap(Category, "CATEGORY", common_pb2.Category)
_SECOND = timedelta(seconds=1)


def _to_act(signed: SignedAct) -> authorisation_pb2.SignedAct:
    act = signed.act
    return authorisation_pb2.SignedAct(
        seq=act.seq,
        kind=_ACT_KIND.to_wire(act.kind),  # type: ignore[arg-type]
        at_us=to_micros(act.at),
        reason=act.reason,
        details=[authorisation_pb2.Detail(name=name, value=value) for name, value in act.details],
        terms_digest=act.terms_digest,
        previous_digest=act.previous,
        key_id=signed.signature.key_id,
        signature=signed.signature.value,
    )


def _from_act(act: authorisation_pb2.SignedAct) -> SignedAct:
    return SignedAct(
        Act(
            seq=act.seq,
            kind=_ACT_KIND.from_wire(act.kind),
            at=from_micros(act.at_us),
            reason=act.reason,
            details=tuple((detail.name, detail.value) for detail in act.details),
            terms_digest=act.terms_digest,
            previous=act.previous_digest,
        ),
        Signature(act.key_id, act.signature),
    )


def _to_retention(policy: RetentionPolicy) -> authorisation_pb2.Retention:
    return authorisation_pb2.Retention(
        watchlist_after_end_s=policy.watchlist_after_end // _SECOND,
        alerts_s=policy.alerts // _SECOND,
        audit_s=policy.audit // _SECOND,
    )


def _from_retention(policy: authorisation_pb2.Retention) -> RetentionPolicy:
    try:
        spans = [timedelta(seconds=s) for s in (policy.watchlist_after_end_s, policy.alerts_s, policy.audit_s)]
    except OverflowError as error:
        msg = "a time for which something is kept is longer than any calendar"
        raise InvalidValue(msg) from error
    return RetentionPolicy(*spans)


def _to_calibration(evidence: CalibrationEvidence) -> authorisation_pb2.Calibration:
    return authorisation_pb2.Calibration(
        report_digest=bytes.fromhex(evidence.report_digest),
        model_digest=evidence.model_digest,
        fpir=evidence.fpir,
        list_size=evidence.list_size,
        threshold=evidence.threshold,
        extrapolated=evidence.extrapolated,
        made_at_us=to_micros(evidence.made_at),
    )


def _from_calibration(message: authorisation_pb2.Authorisation) -> CalibrationEvidence | None:
    if not message.HasField("calibration"):
        return None
    evidence = message.calibration
    return CalibrationEvidence(
        report_digest=evidence.report_digest.hex(),
        model_digest=evidence.model_digest,
        fpir=evidence.fpir,
        list_size=evidence.list_size,
        threshold=evidence.threshold,
        extrapolated=evidence.extrapolated,
        made_at=from_micros(evidence.made_at_us),
    )


def _categories(terms: Terms) -> list[Any]:
    return sorted(_CATEGORY.to_wire(category) for category in terms.categories)


def _to_authority(written: WrittenAuthority) -> authorisation_pb2.Authorisation:
    terms = written.terms
    return authorisation_pb2.Authorisation(
        id=terms.id,
        use_case=_USE_CASE.to_wire(terms.use_case),  # type: ignore[arg-type]
        legal_basis=terms.legal_basis,
        location=terms.location,
        location_type=_LOCATION_TYPE.to_wire(terms.location_type),  # type: ignore[arg-type]
        cameras=sorted(terms.cameras),
        start_us=to_micros(terms.window.start),
        end_us=to_micros(terms.window.end),
        officer=terms.officer,
        legitimate_aim=terms.legitimate_aim,
        necessity=terms.necessity,
        proportionality=terms.proportionality,
        dpia_reference=terms.dpia_reference,
        max_watchlist_size=terms.max_watchlist_size,
        categories=_categories(terms),
        minimum_threshold=terms.minimum_threshold,
        threshold_reason=terms.threshold_reason,
        min_eye_distance=terms.min_eye_distance,
        retention=_to_retention(terms.retention),
        signage_reference=terms.signage_reference,
        drafted_by=terms.drafted_by,
        urgent=terms.urgent,
        calibration=None if terms.calibration is None else _to_calibration(terms.calibration),
        acts=[_to_act(signed) for signed in written.acts],
    )


def _from_authority(message: authorisation_pb2.Authorisation) -> WrittenAuthority:
    terms = Terms(
        id=message.id,
        use_case=_USE_CASE.from_wire(message.use_case),
        legal_basis=message.legal_basis,
        legitimate_aim=message.legitimate_aim,
        necessity=message.necessity,
        proportionality=message.proportionality,
        dpia_reference=message.dpia_reference,
        location=message.location,
        location_type=_LOCATION_TYPE.from_wire(message.location_type),
        cameras=frozenset(message.cameras),
        window=Window(from_micros(message.start_us), from_micros(message.end_us)),
        max_watchlist_size=message.max_watchlist_size,
        categories=frozenset(_CATEGORY.from_wire(category) for category in message.categories),
        minimum_threshold=message.minimum_threshold,
        threshold_reason=message.threshold_reason,
        min_eye_distance=message.min_eye_distance,
        signage_reference=message.signage_reference,
        officer=message.officer,
        drafted_by=message.drafted_by,
        retention=_from_retention(message.retention),
        urgent=message.urgent,
        calibration=_from_calibration(message),
    )
    return WrittenAuthority(terms, tuple(_from_act(act) for act in message.acts))


AUTHORISATION = ProtobufCodec(authorisation_pb2.Authorisation, _to_authority, _from_authority)
