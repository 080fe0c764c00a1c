from watchbound.wire import decision_pb2 as _decision_pb2
from watchbound.wire import match_pb2 as _match_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Standing(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STANDING_UNSPECIFIED: _ClassVar[Standing]
    STANDING_UNDECIDED: _ClassVar[Standing]
    STANDING_AWAITING_SECOND: _ClassVar[Standing]
    STANDING_CONFIRMED: _ClassVar[Standing]
    STANDING_REJECTED: _ClassVar[Standing]
    STANDING_LOOKALIKE: _ClassVar[Standing]
    STANDING_DISAGREED: _ClassVar[Standing]

class AlertEvent(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ALERT_EVENT_UNSPECIFIED: _ClassVar[AlertEvent]
    ALERT_EVENT_OPENED: _ClassVar[AlertEvent]
    ALERT_EVENT_UPDATED: _ClassVar[AlertEvent]
    ALERT_EVENT_EXPIRED: _ClassVar[AlertEvent]
    ALERT_EVENT_ADJUDICATED: _ClassVar[AlertEvent]
STANDING_UNSPECIFIED: Standing
STANDING_UNDECIDED: Standing
STANDING_AWAITING_SECOND: Standing
STANDING_CONFIRMED: Standing
STANDING_REJECTED: Standing
STANDING_LOOKALIKE: Standing
STANDING_DISAGREED: Standing
ALERT_EVENT_UNSPECIFIED: AlertEvent
ALERT_EVENT_OPENED: AlertEvent
ALERT_EVENT_UPDATED: AlertEvent
ALERT_EVENT_EXPIRED: AlertEvent
ALERT_EVENT_ADJUDICATED: AlertEvent

class Alert(_message.Message):
    __slots__ = ("alert_id", "event", "revision", "first_seen_us", "last_seen_us", "best", "cameras", "matches", "emitted_at_us", "opened_by_us", "adjudication")
    ALERT_ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    FIRST_SEEN_US_FIELD_NUMBER: _ClassVar[int]
    LAST_SEEN_US_FIELD_NUMBER: _ClassVar[int]
    BEST_FIELD_NUMBER: _ClassVar[int]
    CAMERAS_FIELD_NUMBER: _ClassVar[int]
    MATCHES_FIELD_NUMBER: _ClassVar[int]
    EMITTED_AT_US_FIELD_NUMBER: _ClassVar[int]
    OPENED_BY_US_FIELD_NUMBER: _ClassVar[int]
    ADJUDICATION_FIELD_NUMBER: _ClassVar[int]
    alert_id: str
    event: AlertEvent
    revision: int
    first_seen_us: int
    last_seen_us: int
    best: _match_pb2.Match
    cameras: _containers.RepeatedScalarFieldContainer[str]
    matches: int
    emitted_at_us: int
    opened_by_us: int
    adjudication: Adjudication
    def __init__(self, alert_id: _Optional[str] = ..., event: _Optional[_Union[AlertEvent, str]] = ..., revision: _Optional[int] = ..., first_seen_us: _Optional[int] = ..., last_seen_us: _Optional[int] = ..., best: _Optional[_Union[_match_pb2.Match, _Mapping]] = ..., cameras: _Optional[_Iterable[str]] = ..., matches: _Optional[int] = ..., emitted_at_us: _Optional[int] = ..., opened_by_us: _Optional[int] = ..., adjudication: _Optional[_Union[Adjudication, _Mapping]] = ...) -> None: ...

class Adjudication(_message.Message):
    __slots__ = ("standing", "two_person", "words")
    STANDING_FIELD_NUMBER: _ClassVar[int]
    TWO_PERSON_FIELD_NUMBER: _ClassVar[int]
    WORDS_FIELD_NUMBER: _ClassVar[int]
    standing: Standing
    two_person: bool
    words: _containers.RepeatedCompositeFieldContainer[Word]
    def __init__(self, standing: _Optional[_Union[Standing, str]] = ..., two_person: _Optional[bool] = ..., words: _Optional[_Iterable[_Union[Word, _Mapping]]] = ...) -> None: ...

class Word(_message.Message):
    __slots__ = ("reviewer", "verdict", "spoken_at_us")
    REVIEWER_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    SPOKEN_AT_US_FIELD_NUMBER: _ClassVar[int]
    reviewer: str
    verdict: _decision_pb2.Verdict
    spoken_at_us: int
    def __init__(self, reviewer: _Optional[str] = ..., verdict: _Optional[_Union[_decision_pb2.Verdict, str]] = ..., spoken_at_us: _Optional[int] = ...) -> None: ...
