from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

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

class AuthorisationState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    AUTHORISATION_STATE_UNSPECIFIED: _ClassVar[AuthorisationState]
    AUTHORISATION_STATE_ACTIVE: _ClassVar[AuthorisationState]
    AUTHORISATION_STATE_CANCELLED: _ClassVar[AuthorisationState]
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
AUTHORISATION_STATE_UNSPECIFIED: AuthorisationState
AUTHORISATION_STATE_ACTIVE: AuthorisationState
AUTHORISATION_STATE_CANCELLED: AuthorisationState

class Authorisation(_message.Message):
    __slots__ = ("id", "use_case", "legal_basis", "location", "location_type", "cameras", "start_us", "end_us", "threshold", "officer", "state")
    ID_FIELD_NUMBER: _ClassVar[int]
    USE_CASE_FIELD_NUMBER: _ClassVar[int]
    LEGAL_BASIS_FIELD_NUMBER: _ClassVar[int]
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    LOCATION_TYPE_FIELD_NUMBER: _ClassVar[int]
    CAMERAS_FIELD_NUMBER: _ClassVar[int]
    START_US_FIELD_NUMBER: _ClassVar[int]
    END_US_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    OFFICER_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    id: str
    use_case: UseCase
    legal_basis: str
    location: str
    location_type: LocationType
    cameras: _containers.RepeatedScalarFieldContainer[str]
    start_us: int
    end_us: int
    threshold: float
    officer: str
    state: AuthorisationState
    def __init__(self, id: _Optional[str] = ..., use_case: _Optional[_Union[UseCase, str]] = ..., legal_basis: _Optional[str] = ..., location: _Optional[str] = ..., location_type: _Optional[_Union[LocationType, str]] = ..., cameras: _Optional[_Iterable[str]] = ..., start_us: _Optional[int] = ..., end_us: _Optional[int] = ..., threshold: _Optional[float] = ..., officer: _Optional[str] = ..., state: _Optional[_Union[AuthorisationState, str]] = ...) -> None: ...
