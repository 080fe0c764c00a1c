from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class Tally(_message.Message):
    __slots__ = ("source", "index", "camera_id", "authorisation_id", "start_us", "end_us", "published", "processed", "shed", "faces", "tracks", "matches", "refused", "dead_lettered", "compared")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    CAMERA_ID_FIELD_NUMBER: _ClassVar[int]
    AUTHORISATION_ID_FIELD_NUMBER: _ClassVar[int]
    START_US_FIELD_NUMBER: _ClassVar[int]
    END_US_FIELD_NUMBER: _ClassVar[int]
    PUBLISHED_FIELD_NUMBER: _ClassVar[int]
    PROCESSED_FIELD_NUMBER: _ClassVar[int]
    SHED_FIELD_NUMBER: _ClassVar[int]
    FACES_FIELD_NUMBER: _ClassVar[int]
    TRACKS_FIELD_NUMBER: _ClassVar[int]
    MATCHES_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    DEAD_LETTERED_FIELD_NUMBER: _ClassVar[int]
    COMPARED_FIELD_NUMBER: _ClassVar[int]
    source: str
    index: int
    camera_id: str
    authorisation_id: str
    start_us: int
    end_us: int
    published: int
    processed: int
    shed: int
    faces: int
    tracks: int
    matches: int
    refused: int
    dead_lettered: int
    compared: int
    def __init__(self, source: _Optional[str] = ..., index: _Optional[int] = ..., camera_id: _Optional[str] = ..., authorisation_id: _Optional[str] = ..., start_us: _Optional[int] = ..., end_us: _Optional[int] = ..., published: _Optional[int] = ..., processed: _Optional[int] = ..., shed: _Optional[int] = ..., faces: _Optional[int] = ..., tracks: _Optional[int] = ..., matches: _Optional[int] = ..., refused: _Optional[int] = ..., dead_lettered: _Optional[int] = ..., compared: _Optional[int] = ...) -> None: ...
