"""How a codec is made of a protobuf message and the two directions of its mapping."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Generic, TypeVar

from google.protobuf.message import DecodeError, Message

from watchbound.domain.errors import InvalidValue, Poison, PoisonReason

T = TypeVar("T")
M = TypeVar("M", bound=Message)
E = TypeVar("E", bound=Enum)


class ProtobufReader(Generic[T, M]):
    """Reads a message; for those who need only a part of it and could not write the whole."""

    def __init__(self, message_type: type[M], from_message: Callable[[M], T]) -> None:
        self.message_type = message_type
        self.from_message = from_message

    def decode(self, data: bytes) -> T:
        """The value again.

        Raises:
            Poison: the bytes are no such message (`bad_protobuf`) or break an invariant (`bad_value`).
        """
        message = self.message_type()
        try:
            message.ParseFromString(data)
        except DecodeError as error:
            raise Poison(PoisonReason.BAD_PROTOBUF, f"expected a {self.message_type.__name__}") from error
        try:
            return self.from_message(message)
        except InvalidValue as error:
            raise Poison(PoisonReason.BAD_VALUE, str(error)) from error


class ProtobufCodec(ProtobufReader[T, M]):
    """A `Codec` made of a message type and the two directions of its mapping."""

    def __init__(self, message_type: type[M], to_message: Callable[[T], M], from_message: Callable[[M], T]) -> None:
        super().__init__(message_type, from_message)
        self.to_message = to_message

    def encode(self, value: T) -> bytes:
        """The value in its wire form."""
        return self.to_message(value).SerializeToString(deterministic=True)


class EnumMap(Generic[E]):
    """`Category.MISSING` ⇄ `CATEGORY_MISSING`: names agree but for the prefix, by buf's own rule."""

    def __init__(self, domain: type[E], prefix: str, wire: type) -> None:
        self._to_wire = {member: int(wire.Value(f"{prefix}_{member.name}")) for member in domain}  # type: ignore[attr-defined]
        self._from_wire = {number: member for member, number in self._to_wire.items()}
        self._name = domain.__name__

    def to_wire(self, member: E) -> int:
        """The number on the wire."""
        return self._to_wire[member]

    def from_wire(self, number: int) -> E:
        """The member behind a number.

        Raises:
            InvalidValue: the number is unset, or unknown to this version.
        """
        if number not in self._from_wire:
            msg = f"{self._name} {number} is unset or unknown to this version"
            raise InvalidValue(msg)
        return self._from_wire[number]

    def to_optional(self, member: E | None) -> int:
        """The number on the wire; 0, which is unspecified, for None."""
        return 0 if member is None else self._to_wire[member]

    def from_optional(self, number: int) -> E | None:
        """The member behind a number; None for 0.

        Raises:
            InvalidValue: the number is unknown to this version.
        """
        return self.from_wire(number) if number else None
