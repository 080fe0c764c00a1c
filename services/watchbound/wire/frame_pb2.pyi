from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class Frame(_message.Message):
    __slots__ = ("camera_id", "sequence", "captured_at_us", "authorisation_id", "sealed")
    CAMERA_ID_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    CAPTURED_AT_US_FIELD_NUMBER: _ClassVar[int]
    AUTHORISATION_ID_FIELD_NUMBER: _ClassVar[int]
    SEALED_FIELD_NUMBER: _ClassVar[int]
    camera_id: str
    sequence: int
    captured_at_us: int
    authorisation_id: str
    sealed: bytes
    def __init__(self, camera_id: _Optional[str] = ..., sequence: _Optional[int] = ..., captured_at_us: _Optional[int] = ..., authorisation_id: _Optional[str] = ..., sealed: _Optional[bytes] = ...) -> None: ...
