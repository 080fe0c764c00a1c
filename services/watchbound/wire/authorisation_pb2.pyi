from watchbound.wire import common_pb2 as _common_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ActKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ACT_KIND_UNSPECIFIED: _ClassVar[ActKind]
    ACT_KIND_DRAFT: _ClassVar[ActKind]
    ACT_KIND_SIGN: _ClassVar[ActKind]
    ACT_KIND_ACTIVATE: _ClassVar[ActKind]
    ACT_KIND_PAUSE: _ClassVar[ActKind]
    ACT_KIND_RESUME: _ClassVar[ActKind]
    ACT_KIND_CANCEL: _ClassVar[ActKind]
    ACT_KIND_SET_THRESHOLD: _ClassVar[ActKind]
    ACT_KIND_END: _ClassVar[ActKind]
    ACT_KIND_PURGE: _ClassVar[ActKind]

class UseCase(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    USE_CASE_UNSPECIFIED: _ClassVar[UseCase]
    USE_CASE_LOCATE_WANTED: _ClassVar[UseCase]
    USE_CASE_LOCATE_MISSING: _ClassVar[UseCase]
    USE_CASE_PREVENT_SERIOUS_HARM: _ClassVar[UseCase]
    USE_CASE_ENFORCE_CONDITIONS: _ClassVar[UseCase]
    USE_CASE_PROTECT_EVENT: _ClassVar[UseCase]
    USE_CASE_DEMONSTRATION: _ClassVar[UseCase]

class LocationType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LOCATION_TYPE_UNSPECIFIED: _ClassVar[LocationType]
    LOCATION_TYPE_CRIME_HOTSPOT: _ClassVar[LocationType]
    LOCATION_TYPE_TRANSPORT_HUB: _ClassVar[LocationType]
    LOCATION_TYPE_PUBLIC_EVENT: _ClassVar[LocationType]
    LOCATION_TYPE_ACCESS_ROUTE: _ClassVar[LocationType]
    LOCATION_TYPE_PROTECTED_SITE: _ClassVar[LocationType]
    LOCATION_TYPE_TEST_SITE: _ClassVar[LocationType]
ACT_KIND_UNSPECIFIED: ActKind
ACT_KIND_DRAFT: ActKind
ACT_KIND_SIGN: ActKind
ACT_KIND_ACTIVATE: ActKind
ACT_KIND_PAUSE: ActKind
ACT_KIND_RESUME: ActKind
ACT_KIND_CANCEL: ActKind
ACT_KIND_SET_THRESHOLD: ActKind
ACT_KIND_END: ActKind
ACT_KIND_PURGE: ActKind
USE_CASE_UNSPECIFIED: UseCase
USE_CASE_LOCATE_WANTED: UseCase
USE_CASE_LOCATE_MISSING: UseCase
USE_CASE_PREVENT_SERIOUS_HARM: UseCase
USE_CASE_ENFORCE_CONDITIONS: UseCase
USE_CASE_PROTECT_EVENT: UseCase
USE_CASE_DEMONSTRATION: UseCase
LOCATION_TYPE_UNSPECIFIED: LocationType
LOCATION_TYPE_CRIME_HOTSPOT: LocationType
LOCATION_TYPE_TRANSPORT_HUB: LocationType
LOCATION_TYPE_PUBLIC_EVENT: LocationType
LOCATION_TYPE_ACCESS_ROUTE: LocationType
LOCATION_TYPE_PROTECTED_SITE: LocationType
LOCATION_TYPE_TEST_SITE: LocationType

class Authorisation(_message.Message):
    __slots__ = ("id", "use_case", "legal_basis", "location", "location_type", "cameras", "start_us", "end_us", "officer", "legitimate_aim", "necessity", "proportionality", "dpia_reference", "max_watchlist_size", "categories", "minimum_threshold", "threshold_reason", "min_eye_distance", "retention", "signage_reference", "drafted_by", "urgent", "acts", "calibration")
    ID_FIELD_NUMBER: _ClassVar[int]
    USE_CASE_FIELD_NUMBER: _ClassVar[int]
    LEGAL_BASIS_FIELD_NUMBER: _ClassVar[int]
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    LOCATION_TYPE_FIELD_NUMBER: _ClassVar[int]
    CAMERAS_FIELD_NUMBER: _ClassVar[int]
    START_US_FIELD_NUMBER: _ClassVar[int]
    END_US_FIELD_NUMBER: _ClassVar[int]
    OFFICER_FIELD_NUMBER: _ClassVar[int]
    LEGITIMATE_AIM_FIELD_NUMBER: _ClassVar[int]
    NECESSITY_FIELD_NUMBER: _ClassVar[int]
    PROPORTIONALITY_FIELD_NUMBER: _ClassVar[int]
    DPIA_REFERENCE_FIELD_NUMBER: _ClassVar[int]
    MAX_WATCHLIST_SIZE_FIELD_NUMBER: _ClassVar[int]
    CATEGORIES_FIELD_NUMBER: _ClassVar[int]
    MINIMUM_THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_REASON_FIELD_NUMBER: _ClassVar[int]
    MIN_EYE_DISTANCE_FIELD_NUMBER: _ClassVar[int]
    RETENTION_FIELD_NUMBER: _ClassVar[int]
    SIGNAGE_REFERENCE_FIELD_NUMBER: _ClassVar[int]
    DRAFTED_BY_FIELD_NUMBER: _ClassVar[int]
    URGENT_FIELD_NUMBER: _ClassVar[int]
    ACTS_FIELD_NUMBER: _ClassVar[int]
    CALIBRATION_FIELD_NUMBER: _ClassVar[int]
    id: str
    use_case: UseCase
    legal_basis: str
    location: str
    location_type: LocationType
    cameras: _containers.RepeatedScalarFieldContainer[str]
    start_us: int
    end_us: int
    officer: str
    legitimate_aim: str
    necessity: str
    proportionality: str
    dpia_reference: str
    max_watchlist_size: int
    categories: _containers.RepeatedScalarFieldContainer[_common_pb2.Category]
    minimum_threshold: float
    threshold_reason: str
    min_eye_distance: float
    retention: Retention
    signage_reference: str
    drafted_by: str
    urgent: bool
    acts: _containers.RepeatedCompositeFieldContainer[SignedAct]
    calibration: Calibration
    def __init__(self, id: _Optional[str] = ..., use_case: _Optional[_Union[UseCase, str]] = ..., legal_basis: _Optional[str] = ..., location: _Optional[str] = ..., location_type: _Optional[_Union[LocationType, str]] = ..., cameras: _Optional[_Iterable[str]] = ..., start_us: _Optional[int] = ..., end_us: _Optional[int] = ..., officer: _Optional[str] = ..., legitimate_aim: _Optional[str] = ..., necessity: _Optional[str] = ..., proportionality: _Optional[str] = ..., dpia_reference: _Optional[str] = ..., max_watchlist_size: _Optional[int] = ..., categories: _Optional[_Iterable[_Union[_common_pb2.Category, str]]] = ..., minimum_threshold: _Optional[float] = ..., threshold_reason: _Optional[str] = ..., min_eye_distance: _Optional[float] = ..., retention: _Optional[_Union[Retention, _Mapping]] = ..., signage_reference: _Optional[str] = ..., drafted_by: _Optional[str] = ..., urgent: _Optional[bool] = ..., acts: _Optional[_Iterable[_Union[SignedAct, _Mapping]]] = ..., calibration: _Optional[_Union[Calibration, _Mapping]] = ...) -> None: ...

class Calibration(_message.Message):
    __slots__ = ("report_digest", "model_digest", "fpir", "list_size", "threshold", "extrapolated", "made_at_us")
    REPORT_DIGEST_FIELD_NUMBER: _ClassVar[int]
    MODEL_DIGEST_FIELD_NUMBER: _ClassVar[int]
    FPIR_FIELD_NUMBER: _ClassVar[int]
    LIST_SIZE_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    EXTRAPOLATED_FIELD_NUMBER: _ClassVar[int]
    MADE_AT_US_FIELD_NUMBER: _ClassVar[int]
    report_digest: bytes
    model_digest: str
    fpir: float
    list_size: int
    threshold: float
    extrapolated: bool
    made_at_us: int
    def __init__(self, report_digest: _Optional[bytes] = ..., model_digest: _Optional[str] = ..., fpir: _Optional[float] = ..., list_size: _Optional[int] = ..., threshold: _Optional[float] = ..., extrapolated: _Optional[bool] = ..., made_at_us: _Optional[int] = ...) -> None: ...

class Retention(_message.Message):
    __slots__ = ("watchlist_after_end_s", "alerts_s", "audit_s")
    WATCHLIST_AFTER_END_S_FIELD_NUMBER: _ClassVar[int]
    ALERTS_S_FIELD_NUMBER: _ClassVar[int]
    AUDIT_S_FIELD_NUMBER: _ClassVar[int]
    watchlist_after_end_s: int
    alerts_s: int
    audit_s: int
    def __init__(self, watchlist_after_end_s: _Optional[int] = ..., alerts_s: _Optional[int] = ..., audit_s: _Optional[int] = ...) -> None: ...

class SignedAct(_message.Message):
    __slots__ = ("seq", "kind", "at_us", "reason", "details", "terms_digest", "previous_digest", "key_id", "signature")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    AT_US_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    DETAILS_FIELD_NUMBER: _ClassVar[int]
    TERMS_DIGEST_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_DIGEST_FIELD_NUMBER: _ClassVar[int]
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    seq: int
    kind: ActKind
    at_us: int
    reason: str
    details: _containers.RepeatedCompositeFieldContainer[Detail]
    terms_digest: bytes
    previous_digest: bytes
    key_id: str
    signature: bytes
    def __init__(self, seq: _Optional[int] = ..., kind: _Optional[_Union[ActKind, str]] = ..., at_us: _Optional[int] = ..., reason: _Optional[str] = ..., details: _Optional[_Iterable[_Union[Detail, _Mapping]]] = ..., terms_digest: _Optional[bytes] = ..., previous_digest: _Optional[bytes] = ..., key_id: _Optional[str] = ..., signature: _Optional[bytes] = ...) -> None: ...

class Detail(_message.Message):
    __slots__ = ("name", "value")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    name: str
    value: str
    def __init__(self, name: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
