"""Reads SCRFD's answers: two priors a cell, at strides 8, 16 and 32, each told by its distances to a box's sides.

Outputs, as InsightFace publishes its models with five points (`scrfd_*_bnkps`, `det_10g`), for each stride s and every
cell of a grid of (height/s, width/s), row by row, the two priors of a cell one after the other: `score_s` (rows, 1), a
probability; `bbox_s` (rows, 4), how far the box reaches to the left, up, right and down from the cell's corner at
(column·s, row·s), in strides; `kps_s` (rows, 10), five points as offsets from there, in strides. An export with a
batch has a first side of 1. Its input is red-green-blue, (pixel − 127.5)/128. Source: Guo et al., "Sample and
Computation Redistribution for Efficient Face Detection", 2021, and `insightface/model_zoo/scrfd.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from watchbound.domain.face import Detection
from watchbound.extraction.decoding import Candidates, Decoding, Floats, by_stride, faces_of

NMS_IOU = 0.4
"""InsightFace's default for this model."""

_PRIORS = 2


def decode(outputs: Sequence[Floats], width: int, min_score: float, scale: float) -> list[Detection]:
    """The faces in the answer to one picture, best first."""
    levels = [_above(stride, width // stride, answers, min_score) for stride, answers in by_stride(outputs)]
    return faces_of(levels, min_score, NMS_IOU, scale)


SCRFD = Decoding("scrfd", (("score", 1), ("bbox", 4), ("kps", 10)), priors=_PRIORS, decode=decode)


def _above(stride: int, columns: int, answers: list[Floats], min_score: float) -> Candidates | None:
    """The priors of one grid that may be faces, or None."""
    scores, distances, offsets = answers
    found = np.flatnonzero(scores[:, 0] >= min_score)
    if found.size == 0:
        return None
    rows, cols = np.divmod(found // _PRIORS, columns)
    origin = np.stack([cols, rows], axis=1).astype(np.float32)
    reach = distances[found]
    corner = (origin - reach[:, :2]) * stride
    size = (reach[:, :2] + reach[:, 2:]) * stride
    landmarks = (origin[:, None] + offsets[found].reshape(-1, 5, 2)) * stride
    return scores[found, 0], np.hstack([corner, size]), landmarks
