"""Reads YuNet's answers: one prior a cell, at strides 8, 16 and 32, without anchors.

Outputs, as published by OpenCV Zoo, for each stride s and every cell of a grid of (height/s, width/s), row by row:
`cls_s` and `obj_s` (1, cells, 1), probabilities; `bbox_s` (1, cells, 4), centre offset in cells and the logarithm of
the size in cells; `kps_s` (1, cells, 10), five points as offsets in cells. Source: Wu, Peng and Yu, "YuNet: a tiny
millisecond-level face detector", 2023, and OpenCV's `FaceDetectorYN`, with which results agree.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from watchbound.domain.face import Box, Detection

STRIDES = (8, 16, 32)
OUTPUTS = tuple(f"{kind}_{stride}" for kind in ("cls", "obj", "bbox", "kps") for stride in STRIDES)
ALIGNMENT = 32
"""The input's sides are multiples of this, so that every grid is whole."""

NMS_IOU = 0.3
"""Of two boxes that overlap by more, the better stays: OpenCV's default for this model."""

_MOST_CANDIDATES = 5000
_Floats = NDArray[np.float32]

_Candidates = tuple[_Floats, _Floats, _Floats]
"""Scores (n,), boxes (n, 4) as x, y, width, height, and points (n, 5, 2), in pixels of the input."""


def decode(outputs: Sequence[_Floats], width: int, min_score: float, scale: float) -> list[Detection]:
    """The faces in the answer to one picture, best first.

    Args:
        outputs: in the order of `OUTPUTS`.
        width: of the model's input in pixels.
        min_score: least sqrt(cls·obj) of a face.
        scale: factor from pixels of the input to pixels of the picture that is spoken about.
    """
    strides = len(STRIDES)
    levels = [
        _above(stride, width // stride, [outputs[kind * strides + level][0] for kind in range(4)], min_score)
        for level, stride in enumerate(STRIDES)
    ]
    found = [level for level in levels if level is not None]
    if not found:
        return []
    scores, boxes, points = (np.concatenate(part) for part in zip(*found, strict=True))
    kept = cv2.dnn.NMSBoxes(boxes.tolist(), scores.tolist(), min_score, NMS_IOU, top_k=_MOST_CANDIDATES)
    boxes, points = boxes * np.float32(scale), points * np.float32(scale)
    return [Detection(box=Box(*boxes[i].tolist()), landmarks=points[i], score=min(float(scores[i]), 1.0)) for i in kept]


def _above(stride: int, columns: int, answers: list[_Floats], min_score: float) -> _Candidates | None:
    """The cells of one grid that may be faces, or None: almost no cell is, so the arithmetic waits for the few."""
    classes, objects, boxes, points = answers
    confidence = classes[:, 0] * objects[:, 0]
    cells = np.flatnonzero(confidence >= min_score * min_score)
    if cells.size == 0:
        return None
    rows, cols = np.divmod(cells, columns)
    origin = np.stack([cols, rows], axis=1).astype(np.float32)
    centre = (origin + boxes[cells, :2]) * stride
    size = np.exp(boxes[cells, 2:]) * stride
    landmarks = (points[cells].reshape(-1, 5, 2) + origin[:, None]) * stride
    return np.sqrt(confidence[cells]), np.hstack([centre - size / 2, size]), landmarks
