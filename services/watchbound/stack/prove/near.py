"""Finds templates that are nearly a forbidden one, at any scale, in any bytes: d numbers in a row by their cosine.

A template need not be of norm 1 to be one: the embedder's raw answer and a weighted sum of templates point the same
way. So no norm is asked for. What is asked first is cheap: whether half of a template could lie here, that is, d/2
numbers in a row that are neither tiny nor huge. Random bytes, text, pointers and pictures are out at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BOUND = 0.8
"""Cosine from which a row of numbers counts as a template of somebody. Of 10^9 random rows of 128 numbers the nearest
has 0.54, and the templates of two people of the test set have at most 0.69."""

COVER = 0.6
"""Every forbidden template has a guide of at least this cosine; only rows that point roughly along a guide are compared
with all templates, which makes the search ten times faster."""

_ROUGHLY = 0.45
"""Cosine to a guide from which a row is compared. Whatever is within 10° of a forbidden template (a cosine of 0.985) is
within 64° of its guide, so it is compared for certain; a copy is, by far."""

_LEAST_PLAUSIBLE = 0.85
_ROWS_AT_ONCE = 256
_BLOCK_BYTES = 4 << 20
_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
"""Whole numbers and bare exponents too: a component near 0 is written as `0` or `3e-05`."""

_Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class NearHit:
    """Numbers that point where a forbidden template points; they begin at `offset` and take up `length` bytes."""

    offset: int
    length: int
    cosine: float
    whose: str


@dataclass(frozen=True, slots=True)
class _Layout:
    """How a number lies in memory: type, the same bits as an integer, its exponent's place and width, and its bias."""

    floats: str
    bits: str
    mantissa: int
    mask: int
    bias: int


_SINGLE = _Layout("<f4", "<u4", 23, 0xFF, 127)
_DOUBLE = _Layout("<f8", "<u8", 52, 0x7FF, 1023)
_LEAST_EXPONENT, _MOST_EXPONENT = -14, 7
"""6e-5 to 256: components of a template of norm 0.1 to 100 and a little more."""


def guides(templates: _Floats) -> _Floats:
    """So few of the templates, shape (n, d), norm 1, that each has one of at least `COVER`."""
    chosen: list[int] = []
    for index, template in enumerate(templates):
        if not chosen or float((templates[chosen] @ template).max()) < COVER:
            chosen.append(index)
    return templates[chosen]


class NearSearch:
    """Templates of shape (n, d), norm 1, to look for."""

    def __init__(self, templates: _Floats, whose: Sequence[str], bound: float = BOUND) -> None:
        self._templates = templates
        self._whose = tuple(whose)
        self._bound = bound
        self._half = templates.shape[1] // 2
        self._guides = guides(templates)
        self._shifted = self._shifts()

    @property
    def templates(self) -> int:
        """How many directions are searched for."""
        return len(self._templates)

    def find(self, data: bytes) -> list[NearHit]:
        """Every row of numbers in `data`, of either precision, at any alignment; the best of those that overlap."""
        hits: list[NearHit] = []
        if not len(self._templates):
            return hits
        for layout in (_SINGLE, _DOUBLE):
            size = np.dtype(layout.floats).itemsize
            for phase in range(size):
                hits += self._find(data, layout, phase, size)
        return _best_of_overlaps(hits)

    def find_numbers(self, text: bytes) -> list[NearHit]:
        """The same over the decimal numbers that a text spells out, whatever stands between them."""
        found = list(_NUMBER.finditer(text))
        dimension = self._half * 2
        if len(found) < dimension or not len(self._templates):
            return []
        values = np.array([float(match.group()) for match in found])
        values[~np.isfinite(values) | (np.abs(values) > 1e6)] = 0.0
        hits = []
        for start in range(0, len(values) - dimension + 1, 1 << 14):
            part = values[start : start + (1 << 14) + dimension - 1].astype(np.float32)
            rows = np.lib.stride_tricks.sliding_window_view(part, dimension)
            norms = np.maximum(np.linalg.norm(rows, axis=1), 1e-12)
            cosines = (rows @ self._templates.T) / norms[:, None]
            for row, template in zip(*np.nonzero(cosines >= self._bound), strict=True):
                first = start + int(row)
                offset, end = found[first].start(), found[first + dimension - 1].end()
                cosine = float(cosines[row, template])
                hits.append(NearHit(offset, end - offset, cosine, self._whose[int(template)]))
        return _best_of_overlaps(hits)

    def _shifts(self) -> _Floats:
        """Shape (3·d/2, (d/2+1)·n): each guide at each place that contains the middle third of three half-rows."""
        half, (count, dimension) = self._half, self._guides.shape
        shifted = np.zeros((half + 1, count, 3 * half), np.float32)
        for shift in range(half + 1):
            shifted[shift, :, shift : shift + dimension] = self._guides
        return np.ascontiguousarray(shifted.reshape(-1, 3 * half).T)

    def _find(self, data: bytes, layout: _Layout, phase: int, size: int) -> Iterator[NearHit]:
        """One precision at one alignment. A template always contains one whole half-row: those are looked at."""
        half = self._half
        for begin in range(phase, len(data), _BLOCK_BYTES):
            count = min(_BLOCK_BYTES // size + 2 * half, (len(data) - begin) // size)
            if count < 2 * half:
                continue
            bits = np.frombuffer(data, layout.bits, count=count, offset=begin)
            exponents = (bits >> layout.mantissa) & layout.mask
            plausible = (exponents >= layout.bias + _LEAST_EXPONENT) & (exponents <= layout.bias + _MOST_EXPONENT)
            whole = plausible[: count // half * half].reshape(-1, half)
            likely = np.flatnonzero(whole.sum(axis=1) >= _LEAST_PLAUSIBLE * half)
            if not len(likely):
                continue
            numbers = np.where(plausible, np.frombuffer(data, layout.floats, count=count, offset=begin), 0)
            # Nothing on either side, so that every half-row has two whole neighbours.
            padded = np.pad(numbers.astype(np.float32), (half, 2 * half))
            yield from self._compare(padded, likely, begin, size)

    def _compare(self, padded: _Floats, likely: NDArray[np.int64], begin: int, size: int) -> Iterator[NearHit]:
        half, count = self._half, len(self._guides)
        triples = np.lib.stride_tricks.sliding_window_view(padded, 3 * half)[::half]
        for start in range(0, len(likely), _ROWS_AT_ONCE):
            rows = likely[start : start + _ROWS_AT_ONCE]
            block = triples[rows]
            squares = np.cumsum(np.hstack([np.zeros((len(rows), 1)), block.astype(np.float64) ** 2]), axis=1)
            norms = np.sqrt(np.maximum(squares[:, 2 * half :] - squares[:, : half + 1], 1e-12))
            cosines = (block @ self._shifted).reshape(len(rows), half + 1, count) / norms[:, :, None]
            for row, shift in zip(*np.nonzero(cosines.max(axis=2) >= _ROUGHLY), strict=True):
                found = block[row, shift : shift + 2 * half] / norms[row, shift]
                likeness = self._templates @ found
                template = int(likeness.argmax())
                if likeness[template] >= self._bound:
                    number = int(rows[row]) * half + int(shift) - half
                    yield NearHit(
                        begin + number * size, 2 * half * size, float(likeness[template]), self._whose[template]
                    )


def _best_of_overlaps(hits: Sequence[NearHit]) -> list[NearHit]:
    """Of hits that share bytes, the nearest."""
    best: list[NearHit] = []
    for hit in sorted(hits, key=lambda hit: (hit.offset, -hit.cosine)):
        if best and hit.offset < best[-1].offset + best[-1].length:
            if hit.cosine > best[-1].cosine:
                best[-1] = hit
        else:
            best.append(hit)
    return best
