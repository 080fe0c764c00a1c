"""Reads YuNet's answers: one prior a cell, at strides 8, 16 and 32, without anchors.

Outputs, as published by OpenCV Zoo, for each stride s and every cell of a grid of (height/s, width/s), row by row:
`cls_s` and `obj_s` (1, cells, 1), probabilities; `bbox_s` (1, cells, 4), centre offset in cells and the logarithm of
the size in cells; `kps_s` (1, cells, 10), five points as offsets in cells. Source: Wu, Peng and Yu, "YuNet: a tiny
millisecond-level face detector", 2023, and OpenCV's `FaceDetectorYN`, with which results agree.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from watchbound.domain.face import Detection
from watchbound.extraction.decoding import Candidates, Decoding, Floats, by_stride, faces_of

NMS_IOU = 0.3
"""OpenCV's default for this model."""


def decode(outputs: Sequence[Floats], width: int, min_score: float, scale: float) -> list[Detection]:
    """The faces in the answer to one picture, best first; `min_score` is the least sqrt(cls·obj) of one."""
    levels = [_above(stride, width // stride, answers, min_score) for stride, answers in by_stride(outputs)]
    return faces_of(levels, min_score, NMS_IOU, scale)


YUNET = Decoding("yunet", (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10)), priors=1, decode=decode)


def _above(stride: int, columns: int, answers: list[Floats], min_score: float) -> Candidates | None:
    """The cells of one grid that may be faces, or None: almost no cell is, so the arithmetic waits for the few."""
    classes, objects, boxes, points = answers
    confidence = classes[:, 0] * objects[:, 0]
    cells = np.flatnonzero(confidence >= min_score * min_score)
    if cells.size == 0:
        return None
    rows, cols = np.divmod(cells, columns)
    origin = np.stack([cols, rows], axis=1).astype(np.float32)
    centre = (origin + boxes[cells, :2]) * stride
    with np.errstate(over="ignore"):  # an infinite box is none: `faces_of` lets it go
        size = np.exp(boxes[cells, 2:]) * stride
    landmarks = (points[cells].reshape(-1, 5, 2) + origin[:, None]) * stride
    return np.sqrt(confidence[cells]), np.hstack([centre - size / 2, size]), landmarks
