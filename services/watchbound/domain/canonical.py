"""Bytes that are signed or hashed: one way to write a statement down, the same on every machine and for good."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TypeAlias

Plain: TypeAlias = "str | int | bool | list[str] | list[int] | list[list[str]]"
"""What a statement is written in. No fractions: JSON libraries differ in how they write them."""


def canonical(kind: str, statement: Mapping[str, Plain]) -> bytes:
    """A statement as bytes: a line that says of what kind it is, then JSON with sorted names, no spaces, ASCII only.

    Two statements have the same bytes only if they are the same, and no statement of one kind passes for another's.
    """
    body = json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return f"watchbound {kind} v1\n{body}".encode()


def digest_of(message: bytes) -> bytes:
    """sha256: 32 bytes."""
    return hashlib.sha256(message).digest()


def exact(number: float) -> str:
    """A fraction in words: the shortest decimal that reads back as the same number."""
    return repr(float(number))
