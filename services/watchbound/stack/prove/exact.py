"""Finds fragments of known bytes in any bytes, gigabytes a minute, in numpy.

The haystack is looked at once every eight bytes only. The needles are all eight-byte windows of stretches of the
forbidden material, at every offset, so a fragment of `_SPAN` bytes of a stretch is met wherever it lies. What is met
is then compared byte by byte, and counts when at least `SHORTEST` bytes in a row are the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watchbound.stack.prove.forbidden import EVERY, Forbidden

SHORTEST = 24
"""Bytes in a row that make a finding: eight pixels, or six numbers of a template."""

_SPAN = 48
"""Bytes of one stretch."""
_STRIDE = 8
_LEAST_VARIED = 5
"""Different bytes in a needle of eight: a flat wall is in nobody's picture more than in another's."""
_LEAST_VARIED_RUN = 12
"""Different bytes in the first `SHORTEST` of a finding."""
_FILTER_BITS = 27
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_SAME_NEEDLES = 8
"""Pieces compared for one needle: the picture of somebody who stands still has many that begin alike."""

_Words = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class ExactHit:
    """A run of forbidden bytes: where it begins in the searched bytes, how long it is, and what it is of."""

    offset: int
    length: int
    of: Forbidden


class ExactSearch:
    """An index over forbidden material; build it once, search with it often."""

    def __init__(self, forbidden: Sequence[Forbidden]) -> None:
        self._forbidden = tuple(forbidden)
        self._corpus = np.frombuffer(b"".join(item.data for item in self._forbidden) + bytes(_STRIDE), np.uint8)
        self._starts = np.cumsum([0, *(len(item.data) for item in self._forbidden)], dtype=np.int64)
        places = np.concatenate([self._stretches(n) for n in range(len(self._forbidden))] or [np.empty(0, np.int64)])
        words = self._words_at(places)
        varied = _varied(words)
        order = np.argsort(words[varied], kind="stable")
        self._places = places[varied][order]
        self._needles = words[varied][order]
        self._filter = np.zeros(1 << _FILTER_BITS, np.bool_)
        self._filter[_hashed(self._needles)] = True

    @property
    def needles(self) -> int:
        """How many windows are searched for."""
        return len(self._needles)

    def find(self, data: bytes) -> list[ExactHit]:
        """Every run in `data`, in order, none within another."""
        words = np.frombuffer(data, "<u8", count=len(data) // _STRIDE).astype(np.uint64, copy=False)
        if not len(words) or not len(self._needles):
            return []
        likely = np.flatnonzero(words)
        likely = likely[self._filter[_hashed(words[likely])]]
        first = np.searchsorted(self._needles, words[likely])
        known = first < len(self._needles)
        likely, first = likely[known], first[known]
        same = self._needles[first] == words[likely]
        hits: list[ExactHit] = []
        beyond = 0
        haystack = np.frombuffer(data, np.uint8)
        for word, needle in zip(likely[same].tolist(), first[same].tolist(), strict=True):
            if word * _STRIDE < beyond:
                continue
            hit = self._longest(haystack, word * _STRIDE, needle)
            if hit is not None:
                hits.append(hit)
                beyond = hit.offset + hit.length
        return hits

    def _stretches(self, number: int) -> NDArray[np.int64]:
        """Where in the corpus the needles of one piece begin."""
        begin, end = int(self._starts[number]), int(self._starts[number + 1])
        starts = np.arange(begin, end, EVERY[self._forbidden[number].material], dtype=np.int64)
        windows = starts[:, None] + np.arange(_SPAN - _STRIDE + 1, dtype=np.int64)[None, :]
        flat = windows.ravel()
        return flat[flat + _STRIDE <= end]

    def _words_at(self, places: NDArray[np.int64]) -> _Words:
        words = np.zeros(len(places), np.uint64)
        for byte in range(_STRIDE):
            words |= self._corpus[places + byte].astype(np.uint64) << np.uint64(8 * byte)
        return words

    def _longest(self, haystack: NDArray[np.uint8], at: int, needle: int) -> ExactHit | None:
        """The longest run through the eight bytes at `at`, over the pieces that hold the needle."""
        best: ExactHit | None = None
        word = self._needles[needle]
        for index in range(needle, min(needle + _SAME_NEEDLES, len(self._needles))):
            if self._needles[index] != word:
                break
            place = int(self._places[index])
            number = int(np.searchsorted(self._starts, place, side="right")) - 1
            before = _same_before(haystack[:at], self._corpus[self._starts[number] : place])
            after = _same_after(haystack[at:], self._corpus[place : self._starts[number + 1]])
            length = before + after
            if length >= SHORTEST and (best is None or length > best.length):
                begun = haystack[at - before : at - before + length]
                if len(np.unique(begun[:4096])) >= _LEAST_VARIED_RUN:
                    best = ExactHit(at - before, length, self._forbidden[number])
        return best


def _hashed(words: _Words) -> NDArray[np.int64]:
    """Fibonacci hashing: the top bits of a product (Knuth, volume 3, 6.4)."""
    return ((words * _MULTIPLIER) >> np.uint64(64 - _FILTER_BITS)).astype(np.int64)


def _varied(words: _Words) -> NDArray[np.bool_]:
    octets = np.sort(words.view(np.uint8).reshape(-1, _STRIDE), axis=1)
    different = np.count_nonzero(np.diff(octets, axis=1), axis=1) + 1
    return np.asarray(different >= _LEAST_VARIED)


def _same_after(left: NDArray[np.uint8], right: NDArray[np.uint8]) -> int:
    length = min(len(left), len(right))
    differs = np.flatnonzero(left[:length] != right[:length])
    return int(differs[0]) if len(differs) else length


def _same_before(left: NDArray[np.uint8], right: NDArray[np.uint8]) -> int:
    return _same_after(left[::-1], right[::-1])
