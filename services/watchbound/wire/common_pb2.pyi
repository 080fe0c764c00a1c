from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Category(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CATEGORY_UNSPECIFIED: _ClassVar[Category]
    CATEGORY_WANTED_BY_COURT: _ClassVar[Category]
    CATEGORY_SUSPECT_OF_OFFENCE: _ClassVar[Category]
    CATEGORY_SUBJECT_TO_CONDITIONS: _ClassVar[Category]
    CATEGORY_MISSING: _ClassVar[Category]
    CATEGORY_RISK_OF_HARM: _ClassVar[Category]
    CATEGORY_SEEDED_VOLUNTEER: _ClassVar[Category]

class ResponseLevel(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RESPONSE_LEVEL_UNSPECIFIED: _ClassVar[ResponseLevel]
    RESPONSE_LEVEL_RED: _ClassVar[ResponseLevel]
    RESPONSE_LEVEL_AMBER: _ClassVar[ResponseLevel]
    RESPONSE_LEVEL_GREEN: _ClassVar[ResponseLevel]
CATEGORY_UNSPECIFIED: Category
CATEGORY_WANTED_BY_COURT: Category
CATEGORY_SUSPECT_OF_OFFENCE: Category
CATEGORY_SUBJECT_TO_CONDITIONS: Category
CATEGORY_MISSING: Category
CATEGORY_RISK_OF_HARM: Category
CATEGORY_SEEDED_VOLUNTEER: Category
RESPONSE_LEVEL_UNSPECIFIED: ResponseLevel
RESPONSE_LEVEL_RED: ResponseLevel
RESPONSE_LEVEL_AMBER: ResponseLevel
RESPONSE_LEVEL_GREEN: ResponseLevel

class Box(_message.Message):
    __slots__ = ("x", "y", "width", "height")
    X_FIELD_NUMBER: _ClassVar[int]
    Y_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    x: float
    y: float
    width: float
    height: float
    def __init__(self, x: _Optional[float] = ..., y: _Optional[float] = ..., width: _Optional[float] = ..., height: _Optional[float] = ...) -> None: ...

class WatchlistEntry(_message.Message):
    __slots__ = ("authorisation_id", "reference", "category", "response_level")
    AUTHORISATION_ID_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_LEVEL_FIELD_NUMBER: _ClassVar[int]
    authorisation_id: str
    reference: str
    category: Category
    response_level: ResponseLevel
    def __init__(self, authorisation_id: _Optional[str] = ..., reference: _Optional[str] = ..., category: _Optional[_Union[Category, str]] = ..., response_level: _Optional[_Union[ResponseLevel, str]] = ...) -> None: ...
