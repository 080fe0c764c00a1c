"""What the decodings of detectors have in common: grids at three strides, and how answers become faces.

A decoding reads one published form of a detector's outputs. Each has a file of its own, and `decodings` lists them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from watchbound.domain.face import Box, Detection

STRIDES = (8, 16, 32)
ALIGNMENT = 32
"""The input's sides are multiples of this, so that every grid is whole."""

Floats = NDArray[np.float32]
Candidates = tuple[Floats, Floats, Floats]
"""Scores (n,), boxes (n, 4) as x, y, width, height, and points (n, 5, 2), in pixels of the input."""

_MOST_CANDIDATES = 5000


@dataclass(frozen=True, slots=True)
class Decoding:
    """One form of answer.

    Attributes:
        name: what a manifest calls it.
        kinds: what there is of each stride, with the numbers that one row of it holds.
        priors: rows for each cell of a grid.
        decode: the faces in the answers to one picture, best first, given the outputs in the order of `outputs`, the
            width of the model's input in pixels, the least score of a face, and the factor from pixels of the input to
            pixels of the picture that is spoken about.
    """

    name: str
    kinds: tuple[tuple[str, int], ...]
    priors: int
    decode: Callable[[Sequence[Floats], int, float, float], list[Detection]]

    @property
    def outputs(self) -> tuple[str, ...]:
        """Every output, all strides of the first kind first: the order of a manifest's `outputs`."""
        return tuple(f"{kind}_{stride}" for kind, _ in self.kinds for stride in STRIDES)

    def shapes(self, width: int, height: int) -> list[tuple[int, int]]:
        """(rows, numbers) of every output for an input of this size in pixels."""
        cells = [(width // stride) * (height // stride) for stride in STRIDES]
        return [(self.priors * count, numbers) for _, numbers in self.kinds for count in cells]


def by_stride(answers: Sequence[Floats]) -> list[tuple[int, list[Floats]]]:
    """The outputs of each stride, in the order of the kinds, each of shape (rows, numbers)."""
    rows = [answer.reshape(-1, answer.shape[-1]) for answer in answers]
    return [(stride, rows[level :: len(STRIDES)]) for level, stride in enumerate(STRIDES)]


def faces_of(levels: Sequence[Candidates | None], min_score: float, most_iou: float, scale: float) -> list[Detection]:
    """The best of the candidates, best first.

    Args:
        levels: what each stride found, or None.
        min_score: least score of a face.
        most_iou: of two boxes that overlap by more, the better stays.
        scale: what boxes and points are multiplied with.
    """
    found = [level for level in levels if level is not None]
    if not found:
        return []
    scores, boxes, points = (np.concatenate(part) for part in zip(*found, strict=True))
    # Where there is no area there is no face, however sure the model is.
    numbers = np.hstack([boxes, points.reshape(-1, 10)])
    whole = np.isfinite(numbers).all(axis=1) & (boxes[:, 2:] > 0).all(axis=1)
    if not whole.all():
        scores, boxes, points = scores[whole], boxes[whole], points[whole]
    kept = cv2.dnn.NMSBoxes(boxes.tolist(), scores.tolist(), min_score, most_iou, top_k=_MOST_CANDIDATES)
    boxes, points = boxes * np.float32(scale), points * np.float32(scale)
    return [Detection(box=Box(*boxes[i].tolist()), landmarks=points[i], score=min(float(scores[i]), 1.0)) for i in kept]
