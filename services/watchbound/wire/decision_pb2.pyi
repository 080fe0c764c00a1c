from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Verdict(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VERDICT_UNSPECIFIED: _ClassVar[Verdict]
    VERDICT_CONFIRM: _ClassVar[Verdict]
    VERDICT_REJECT: _ClassVar[Verdict]
VERDICT_UNSPECIFIED: Verdict
VERDICT_CONFIRM: Verdict
VERDICT_REJECT: Verdict

class Decision(_message.Message):
    __slots__ = ("decision_id", "alert_id", "authorisation_id", "reference", "verdict", "reviewer", "reason", "decided_at_us")
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    ALERT_ID_FIELD_NUMBER: _ClassVar[int]
    AUTHORISATION_ID_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    REVIEWER_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    DECIDED_AT_US_FIELD_NUMBER: _ClassVar[int]
    decision_id: str
    alert_id: str
    authorisation_id: str
    reference: str
    verdict: Verdict
    reviewer: str
    reason: str
    decided_at_us: int
    def __init__(self, decision_id: _Optional[str] = ..., alert_id: _Optional[str] = ..., authorisation_id: _Optional[str] = ..., reference: _Optional[str] = ..., verdict: _Optional[_Union[Verdict, str]] = ..., reviewer: _Optional[str] = ..., reason: _Optional[str] = ..., decided_at_us: _Optional[int] = ...) -> None: ...
