from watchbound.wire import common_pb2 as _common_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Match(_message.Message):
    __slots__ = ("match_id", "entry", "camera_id", "frame_id", "track_id", "first_seen_us", "captured_at_us", "score", "threshold", "shots", "box", "model_digest", "index", "sealed_crop", "sealed_template")
    MATCH_ID_FIELD_NUMBER: _ClassVar[int]
    ENTRY_FIELD_NUMBER: _ClassVar[int]
    CAMERA_ID_FIELD_NUMBER: _ClassVar[int]
    FRAME_ID_FIELD_NUMBER: _ClassVar[int]
    TRACK_ID_FIELD_NUMBER: _ClassVar[int]
    FIRST_SEEN_US_FIELD_NUMBER: _ClassVar[int]
    CAPTURED_AT_US_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    SHOTS_FIELD_NUMBER: _ClassVar[int]
    BOX_FIELD_NUMBER: _ClassVar[int]
    MODEL_DIGEST_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    SEALED_CROP_FIELD_NUMBER: _ClassVar[int]
    SEALED_TEMPLATE_FIELD_NUMBER: _ClassVar[int]
    match_id: str
    entry: _common_pb2.WatchlistEntry
    camera_id: str
    frame_id: str
    track_id: str
    first_seen_us: int
    captured_at_us: int
    score: float
    threshold: float
    shots: int
    box: _common_pb2.Box
    model_digest: str
    index: int
    sealed_crop: bytes
    sealed_template: bytes
    def __init__(self, match_id: _Optional[str] = ..., entry: _Optional[_Union[_common_pb2.WatchlistEntry, _Mapping]] = ..., camera_id: _Optional[str] = ..., frame_id: _Optional[str] = ..., track_id: _Optional[str] = ..., first_seen_us: _Optional[int] = ..., captured_at_us: _Optional[int] = ..., score: _Optional[float] = ..., threshold: _Optional[float] = ..., shots: _Optional[int] = ..., box: _Optional[_Union[_common_pb2.Box, _Mapping]] = ..., model_digest: _Optional[str] = ..., index: _Optional[int] = ..., sealed_crop: _Optional[bytes] = ..., sealed_template: _Optional[bytes] = ...) -> None: ...
