from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Verdict(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VERDICT_UNSPECIFIED: _ClassVar[Verdict]
    VERDICT_CONFIRM: _ClassVar[Verdict]
    VERDICT_REJECT: _ClassVar[Verdict]
    VERDICT_LOOKALIKE: _ClassVar[Verdict]
    VERDICT_CANNOT_TELL: _ClassVar[Verdict]

class Sex(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SEX_UNSPECIFIED: _ClassVar[Sex]
    SEX_FEMALE: _ClassVar[Sex]
    SEX_MALE: _ClassVar[Sex]
    SEX_NOT_STATED: _ClassVar[Sex]

class Ethnicity(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ETHNICITY_UNSPECIFIED: _ClassVar[Ethnicity]
    ETHNICITY_ASIAN: _ClassVar[Ethnicity]
    ETHNICITY_BLACK: _ClassVar[Ethnicity]
    ETHNICITY_MIXED: _ClassVar[Ethnicity]
    ETHNICITY_WHITE: _ClassVar[Ethnicity]
    ETHNICITY_OTHER: _ClassVar[Ethnicity]
    ETHNICITY_NOT_STATED: _ClassVar[Ethnicity]

class AgeBand(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    AGE_BAND_UNSPECIFIED: _ClassVar[AgeBand]
    AGE_BAND_UNDER_18: _ClassVar[AgeBand]
    AGE_BAND_FROM_18_TO_24: _ClassVar[AgeBand]
    AGE_BAND_FROM_25_TO_34: _ClassVar[AgeBand]
    AGE_BAND_FROM_35_TO_44: _ClassVar[AgeBand]
    AGE_BAND_FROM_45_TO_54: _ClassVar[AgeBand]
    AGE_BAND_FROM_55_TO_64: _ClassVar[AgeBand]
    AGE_BAND_FROM_65: _ClassVar[AgeBand]
    AGE_BAND_NOT_STATED: _ClassVar[AgeBand]
VERDICT_UNSPECIFIED: Verdict
VERDICT_CONFIRM: Verdict
VERDICT_REJECT: Verdict
VERDICT_LOOKALIKE: Verdict
VERDICT_CANNOT_TELL: Verdict
SEX_UNSPECIFIED: Sex
SEX_FEMALE: Sex
SEX_MALE: Sex
SEX_NOT_STATED: Sex
ETHNICITY_UNSPECIFIED: Ethnicity
ETHNICITY_ASIAN: Ethnicity
ETHNICITY_BLACK: Ethnicity
ETHNICITY_MIXED: Ethnicity
ETHNICITY_WHITE: Ethnicity
ETHNICITY_OTHER: Ethnicity
ETHNICITY_NOT_STATED: Ethnicity
AGE_BAND_UNSPECIFIED: AgeBand
AGE_BAND_UNDER_18: AgeBand
AGE_BAND_FROM_18_TO_24: AgeBand
AGE_BAND_FROM_25_TO_34: AgeBand
AGE_BAND_FROM_35_TO_44: AgeBand
AGE_BAND_FROM_45_TO_54: AgeBand
AGE_BAND_FROM_55_TO_64: AgeBand
AGE_BAND_FROM_65: AgeBand
AGE_BAND_NOT_STATED: AgeBand

class Decision(_message.Message):
    __slots__ = ("decision_id", "alert_id", "authorisation_id", "reference", "verdict", "reviewer", "reason", "decided_at_us", "observed", "signed_by", "signature")
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    ALERT_ID_FIELD_NUMBER: _ClassVar[int]
    AUTHORISATION_ID_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    REVIEWER_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    DECIDED_AT_US_FIELD_NUMBER: _ClassVar[int]
    OBSERVED_FIELD_NUMBER: _ClassVar[int]
    SIGNED_BY_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    decision_id: str
    alert_id: str
    authorisation_id: str
    reference: str
    verdict: Verdict
    reviewer: str
    reason: str
    decided_at_us: int
    observed: Observation
    signed_by: str
    signature: bytes
    def __init__(self, decision_id: _Optional[str] = ..., alert_id: _Optional[str] = ..., authorisation_id: _Optional[str] = ..., reference: _Optional[str] = ..., verdict: _Optional[_Union[Verdict, str]] = ..., reviewer: _Optional[str] = ..., reason: _Optional[str] = ..., decided_at_us: _Optional[int] = ..., observed: _Optional[_Union[Observation, _Mapping]] = ..., signed_by: _Optional[str] = ..., signature: _Optional[bytes] = ...) -> None: ...

class Observation(_message.Message):
    __slots__ = ("sex", "ethnicity", "age")
    SEX_FIELD_NUMBER: _ClassVar[int]
    ETHNICITY_FIELD_NUMBER: _ClassVar[int]
    AGE_FIELD_NUMBER: _ClassVar[int]
    sex: Sex
    ethnicity: Ethnicity
    age: AgeBand
    def __init__(self, sex: _Optional[_Union[Sex, str]] = ..., ethnicity: _Optional[_Union[Ethnicity, str]] = ..., age: _Optional[_Union[AgeBand, str]] = ...) -> None: ...
