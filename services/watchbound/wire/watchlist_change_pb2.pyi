from watchbound.wire import common_pb2 as _common_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class WatchlistChange(_message.Message):
    __slots__ = ("at_us", "added", "removed")
    AT_US_FIELD_NUMBER: _ClassVar[int]
    ADDED_FIELD_NUMBER: _ClassVar[int]
    REMOVED_FIELD_NUMBER: _ClassVar[int]
    at_us: int
    added: EntryAdded
    removed: EntryRemoved
    def __init__(self, at_us: _Optional[int] = ..., added: _Optional[_Union[EntryAdded, _Mapping]] = ..., removed: _Optional[_Union[EntryRemoved, _Mapping]] = ...) -> None: ...

class EntryAdded(_message.Message):
    __slots__ = ("entry", "model_digest", "images", "papers", "proposed", "approved")
    ENTRY_FIELD_NUMBER: _ClassVar[int]
    MODEL_DIGEST_FIELD_NUMBER: _ClassVar[int]
    IMAGES_FIELD_NUMBER: _ClassVar[int]
    PAPERS_FIELD_NUMBER: _ClassVar[int]
    PROPOSED_FIELD_NUMBER: _ClassVar[int]
    APPROVED_FIELD_NUMBER: _ClassVar[int]
    entry: _common_pb2.WatchlistEntry
    model_digest: str
    images: _containers.RepeatedCompositeFieldContainer[EnrolledImage]
    papers: EntryPapers
    proposed: Signature
    approved: Signature
    def __init__(self, entry: _Optional[_Union[_common_pb2.WatchlistEntry, _Mapping]] = ..., model_digest: _Optional[str] = ..., images: _Optional[_Iterable[_Union[EnrolledImage, _Mapping]]] = ..., papers: _Optional[_Union[EntryPapers, _Mapping]] = ..., proposed: _Optional[_Union[Signature, _Mapping]] = ..., approved: _Optional[_Union[Signature, _Mapping]] = ...) -> None: ...

class WatchlistProposal(_message.Message):
    __slots__ = ("entry", "model_digest", "images", "papers", "proposed")
    ENTRY_FIELD_NUMBER: _ClassVar[int]
    MODEL_DIGEST_FIELD_NUMBER: _ClassVar[int]
    IMAGES_FIELD_NUMBER: _ClassVar[int]
    PAPERS_FIELD_NUMBER: _ClassVar[int]
    PROPOSED_FIELD_NUMBER: _ClassVar[int]
    entry: _common_pb2.WatchlistEntry
    model_digest: str
    images: _containers.RepeatedCompositeFieldContainer[EnrolledImage]
    papers: EntryPapers
    proposed: Signature
    def __init__(self, entry: _Optional[_Union[_common_pb2.WatchlistEntry, _Mapping]] = ..., model_digest: _Optional[str] = ..., images: _Optional[_Iterable[_Union[EnrolledImage, _Mapping]]] = ..., papers: _Optional[_Union[EntryPapers, _Mapping]] = ..., proposed: _Optional[_Union[Signature, _Mapping]] = ...) -> None: ...

class Signature(_message.Message):
    __slots__ = ("key_id", "value")
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    key_id: str
    value: bytes
    def __init__(self, key_id: _Optional[str] = ..., value: _Optional[bytes] = ...) -> None: ...

class EntryPapers(_message.Message):
    __slots__ = ("source", "lawful_holding", "image_date", "expires_at_us", "under_18", "under_18_reason", "added_by", "added_at_us", "approved_by")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    LAWFUL_HOLDING_FIELD_NUMBER: _ClassVar[int]
    IMAGE_DATE_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_US_FIELD_NUMBER: _ClassVar[int]
    UNDER_18_FIELD_NUMBER: _ClassVar[int]
    UNDER_18_REASON_FIELD_NUMBER: _ClassVar[int]
    ADDED_BY_FIELD_NUMBER: _ClassVar[int]
    ADDED_AT_US_FIELD_NUMBER: _ClassVar[int]
    APPROVED_BY_FIELD_NUMBER: _ClassVar[int]
    source: str
    lawful_holding: str
    image_date: str
    expires_at_us: int
    under_18: bool
    under_18_reason: str
    added_by: str
    added_at_us: int
    approved_by: str
    def __init__(self, source: _Optional[str] = ..., lawful_holding: _Optional[str] = ..., image_date: _Optional[str] = ..., expires_at_us: _Optional[int] = ..., under_18: _Optional[bool] = ..., under_18_reason: _Optional[str] = ..., added_by: _Optional[str] = ..., added_at_us: _Optional[int] = ..., approved_by: _Optional[str] = ...) -> None: ...

class EnrolledImage(_message.Message):
    __slots__ = ("image_id", "sealed_vector")
    IMAGE_ID_FIELD_NUMBER: _ClassVar[int]
    SEALED_VECTOR_FIELD_NUMBER: _ClassVar[int]
    image_id: str
    sealed_vector: bytes
    def __init__(self, image_id: _Optional[str] = ..., sealed_vector: _Optional[bytes] = ...) -> None: ...

class EntryRemoved(_message.Message):
    __slots__ = ("authorisation_id", "reference")
    AUTHORISATION_ID_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    authorisation_id: str
    reference: str
    def __init__(self, authorisation_id: _Optional[str] = ..., reference: _Optional[str] = ...) -> None: ...
