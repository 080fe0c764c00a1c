"""Rows and columns of an aligned crop in which the parts of a face lie, around the points of `align.STANDARD`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FACE = (slice(30, 106), slice(24, 88))
"""Face, whatever the hair and the backdrop."""

RIGHT_EYE = (slice(47, 57), slice(29, 47))
LEFT_EYE = (slice(47, 57), slice(65, 83))
MOUTH = (slice(84, 102), slice(44, 68))

LIPS = (slice(86, 104), slice(44, 68))
"""Below the moustache, down to where a lower lip hangs when the mouth is open."""

BESIDE_MOUTH = (slice(80, 98), slice(34, 44)), (slice(80, 98), slice(68, 78))
"""Where a mouth at rest has ended."""


def face_contrast(luma: NDArray[np.uint8]) -> float:
    """Standard deviation of the face's luma, at least 1: what a region is measured against, so that light cancels out.

    Args:
        luma: of the standard crop.
    """
    return max(float(luma[FACE].std()), 1.0)
