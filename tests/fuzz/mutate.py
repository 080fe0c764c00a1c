"""Malformed inputs from well-formed ones: the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

_TELLING = (0x00, 0x01, 0x7F, 0x80, 0xFF, 0xC0, 0xC2, 0xD8, 0xD9, 0xDA, 0xC4, 0xDB)
"""Bytes at the ends of ranges, and the markers of a JPEG."""
_MOST = 8
_LONGEST = 4_096
LONGEST_INPUT = 65_536


def mutated(corpus: Sequence[bytes], chance: random.Random) -> bytes:
    """One input: a seed with one to eight changes."""
    data = bytearray(chance.choice(corpus))
    for _ in range(chance.randint(1, _MOST)):
        chance.choice(_CHANGES)(data, corpus, chance)
    return bytes(data[:LONGEST_INPUT])


def _flip(data: bytearray, _corpus: Sequence[bytes], chance: random.Random) -> None:
    if data:
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _put(data: bytearray, _corpus: Sequence[bytes], chance: random.Random) -> None:
    if data:
        data[chance.randrange(len(data))] = chance.choice(_TELLING)


def _cut(data: bytearray, _corpus: Sequence[bytes], chance: random.Random) -> None:
    del data[chance.randint(0, len(data)) :]


def _remove(data: bytearray, _corpus: Sequence[bytes], chance: random.Random) -> None:
    start = chance.randint(0, len(data))
    del data[start : start + chance.randint(1, 64)]


def _insert(data: bytearray, _corpus: Sequence[bytes], chance: random.Random) -> None:
    at = chance.randint(0, len(data))
    data[at:at] = chance.randbytes(chance.randint(1, 32))


def _repeat(data: bytearray, _corpus: Sequence[bytes], chance: random.Random) -> None:
    start = chance.randint(0, len(data))
    data[start:start] = data[start : start + chance.randint(1, _LONGEST)]


def _splice(data: bytearray, corpus: Sequence[bytes], chance: random.Random) -> None:
    other = chance.choice(corpus)
    data[chance.randint(0, len(data)) :] = other[chance.randint(0, len(other)) :]


def _number(data: bytearray, _corpus: Sequence[bytes], chance: random.Random) -> None:
    """Two bytes of a length or a dimension."""
    if len(data) >= 2:
        at = chance.randrange(len(data) - 1)
        data[at : at + 2] = chance.choice((0, 1, 2, 0x7FFF, 0x8000, 0xFFFF)).to_bytes(
            2, chance.choice(("big", "little"))
        )


_CHANGES: tuple[Callable[[bytearray, Sequence[bytes], random.Random], None], ...] = (
    _flip,
    _flip,
    _put,
    _put,
    _cut,
    _remove,
    _insert,
    _repeat,
    _splice,
    _number,
)
