"""Whether eyes are open, lips meet and the mouth is at rest, on an aligned face: geometry, and never a feeling.

Nothing here says what a face means, and nothing may be built on it that does: the product infers no emotion. It says
that an eye is shut, so that somebody looks for a picture with both open.

The first two measures rest on one observation. The edges of a shut lid, and of lips that meet, run from side to side:
luma changes down the columns and hardly along the rows. An open eye is an iris between two whites, and an open mouth a
hollow, teeth or a tongue between two cheeks: their edges run up and down as well. A ratio of the two leaves light,
contrast and the colour of skin out of it. No measure has fitted coefficients; regions and scales were set by looking at
200 pictures of ten invented people (docs/watchlists.md says how well that works, and on whom it does not).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from watchbound.domain.face import Detection
from watchbound.extraction.regions import BESIDE_MOUTH, LEFT_EYE, LIPS, RIGHT_EYE, face_contrast

_THICKER_THAN_A_LINE = np.ones((3, 3), np.uint8), np.ones((2, 3), np.uint8)
"""What a hollow between the lips must hold (the line between lips that meet is thinner), and what a row of teeth."""

_WIDTH_AT_REST = 0.86
"""Distances between the eyes from corner to corner of a mouth at rest: the median of the ten people."""


def eyes_open(luma: NDArray[np.uint8]) -> float:
    """How far the eye that is less open is open: about 0.4 shut, 0.85 open.

    Args:
        luma: of the standard crop.
    """
    return min(crosswise(luma[eye]) for eye in (RIGHT_EYE, LEFT_EYE))


def lips_apart(luma: NDArray[np.uint8]) -> float:
    """How much there is between the lips: about 0.6 where they meet, 2 with a hollow, teeth or a tongue between them.

    Edges that cross the mouth, times how far the brightest and the darkest structure in it lie apart, in standard
    deviations of the face. Either alone is also seen in a beard or in a strongly lit lower lip; seldom both.
    """
    hollow, teeth = _THICKER_THAN_A_LINE
    darkest = int(cv2.morphologyEx(luma, cv2.MORPH_CLOSE, hollow)[LIPS].min())
    brightest = int(cv2.morphologyEx(luma, cv2.MORPH_OPEN, teeth)[LIPS].max())
    return crosswise(luma[LIPS]) * (brightest - darkest) / face_contrast(luma)


def corners_apart(detection: Detection, luma: NDArray[np.uint8]) -> float:
    """How far the corners of the mouth are drawn outwards: about 0.35 at rest, 0.75 in a smile, with or without teeth.

    Edges beside the mouth, where its corners and the folds of the cheeks come to lie (mean of both sides, in standard
    deviations of the face), and twice what the mouth is wider than at rest, in distances between the eyes.
    """
    edges = [float(np.percentile(_along_rows(luma[side]), 95)) for side in BESIDE_MOUTH]
    return sum(edges) / len(edges) / face_contrast(luma) + 2 * (mouth_width(detection) - _WIDTH_AT_REST)


def mouth_width(detection: Detection) -> float:
    """From corner to corner of the mouth, in distances between the eyes."""
    across = float(np.hypot(*(detection.landmarks[4] - detection.landmarks[3])))
    return across / max(detection.eye_distance, 1e-6)


def crosswise(patch: NDArray[np.uint8]) -> float:
    """Luma's strongest change along rows as a share of that down columns: 0 where all edges run from side to side.

    The 98th percentiles: a few pixels make an edge, and a mean would drown them in skin. 0 where nothing changes.
    """
    along, down = _along_rows(patch), _along_rows(patch.T)
    return float(np.percentile(along, 98)) / max(float(np.percentile(down, 98)), 1.0)


def _along_rows(patch: NDArray[np.uint8]) -> NDArray[np.int16]:
    return np.abs(np.diff(patch.astype(np.int16), axis=1))
