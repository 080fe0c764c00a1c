"""Finds copies of templates in any bytes without keeping the templates.

To show that a store's files no longer hold a watchlist, somebody must know what to look for after the watchlist is
gone. A template's fingerprints are 64-bit digests of three stretches of 16 bytes of it (four of its values each): equal
bytes have equal fingerprints wherever they lie in a file, while from three such digests no face can be compared.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watchbound.domain.errors import InvalidValue

WINDOW_BYTES = 16
WINDOWS = 3
"""A template may lie across the pages of a file, or be cut by compression; one stretch that is whole is enough."""

_MIX_LOW = np.uint64(0x9E3779B97F4A7C15)
_MIX_HIGH = np.uint64(0xC2B2AE3D27D4EB4F)
"""Odd constants of splitmix64 and xxHash64; what matters is that every bit of the window changes the digest."""
_FOLD = np.uint64(29)
_SIEVE_BITS = 22
_SIEVE_SHIFT = np.uint64(64 - _SIEVE_BITS)

Digests = NDArray[np.uint64]


@dataclass(frozen=True, slots=True, eq=False)
class Fingerprints:
    """Those of some templates.

    Attributes:
        digests: shape (templates, 3).
    """

    digests: Digests

    @classmethod
    def of(cls, templates: NDArray[np.float32]) -> Fingerprints:
        """Those of templates of shape (n, d), as float32 in little-endian order: how stores write them.

        Raises:
            InvalidValue: a template is too short to be told from others.
        """
        width = templates.shape[1] * 4
        if width < WINDOW_BYTES:
            msg = f"expected templates of at least {WINDOW_BYTES // 4} values, got {templates.shape[1]}"
            raise InvalidValue(msg)
        rows = np.ascontiguousarray(templates, dtype="<f4").view(np.uint8).reshape(len(templates), width)
        starts = [(width - WINDOW_BYTES) * place // (WINDOWS - 1) // 4 * 4 for place in range(WINDOWS)]
        parts = [np.ascontiguousarray(rows[:, start : start + WINDOW_BYTES]).view("<u8") for start in starts]
        return cls(np.stack([_mix(part[:, 0], part[:, 1]) for part in parts], axis=1))

    @classmethod
    def none(cls) -> Fingerprints:
        """Those of no template."""
        return cls(np.empty((0, WINDOWS), dtype=np.uint64))

    @classmethod
    def from_bytes(cls, data: bytes) -> Fingerprints:
        """The inverse of `to_bytes`.

        Raises:
            InvalidValue: it is cut short.
        """
        if len(data) % (8 * WINDOWS):
            msg = f"fingerprints come in {8 * WINDOWS} bytes a template, got {len(data)}"
            raise InvalidValue(msg)
        return cls(np.frombuffer(data, dtype="<u8").reshape(-1, WINDOWS))

    def to_bytes(self) -> bytes:
        """24 bytes a template."""
        return self.digests.astype("<u8").tobytes()

    def __or__(self, other: Fingerprints) -> Fingerprints:
        return Fingerprints(np.unique(np.concatenate([self.digests, other.digests]), axis=0))

    def __len__(self) -> int:
        return len(self.digests)


class FingerprintSearch:
    """Looks for templates by their fingerprints.

    What is there in one piece it finds, and what it finds is there: digests of 64 bits meet by chance once in about
    10^14 bytes of files for a watchlist of 50,000 templates.
    """

    def __init__(self, wanted: Fingerprints) -> None:
        flat = wanted.digests.reshape(-1)
        self._order = np.argsort(flat, kind="stable")
        self._sorted = flat[self._order]
        self._sieve = np.zeros(1 << _SIEVE_BITS, dtype=bool)
        self._sieve[flat >> _SIEVE_SHIFT] = True

    def templates_in(self, data: bytes) -> frozenset[int]:
        """Which templates, by their row, have at least one stretch in `data`."""
        count = len(data) - WINDOW_BYTES + 1
        if count <= 0 or not len(self._sorted):
            return frozenset()
        # Every byte may be the first of a stretch: overlapping views instead of copies.
        low = np.ndarray((count,), dtype="<u8", buffer=data, strides=(1,))
        high = np.ndarray((count,), dtype="<u8", buffer=data, offset=8, strides=(1,))
        digests = _mix(low, high)
        near = digests[self._sieve[digests >> _SIEVE_SHIFT]]
        first = np.searchsorted(self._sorted, near, side="left")
        last = np.searchsorted(self._sorted, near, side="right")
        return frozenset(
            int(self._order[place]) // WINDOWS
            for start, end in set(zip(first.tolist(), last.tolist(), strict=True))
            for place in range(start, end)
        )


def _mix(low: Digests, high: Digests) -> Digests:
    mixed: Digests = low * _MIX_LOW
    mixed ^= mixed >> _FOLD
    mixed += high
    mixed *= _MIX_HIGH
    mixed ^= mixed >> _FOLD
    return mixed
