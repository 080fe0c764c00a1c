from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class AuditEvent(_message.Message):
    __slots__ = ("event_id", "at_us", "actor", "act", "authorisation_id", "object", "reason")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    AT_US_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    ACT_FIELD_NUMBER: _ClassVar[int]
    AUTHORISATION_ID_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    at_us: int
    actor: str
    act: str
    authorisation_id: str
    object: str
    reason: str
    def __init__(self, event_id: _Optional[str] = ..., at_us: _Optional[int] = ..., actor: _Optional[str] = ..., act: _Optional[str] = ..., authorisation_id: _Optional[str] = ..., object: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...
