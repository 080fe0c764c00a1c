"""What an operator may see of a picture: everything is hidden except the faces that are meant.

Not "blur the faces that were found": whoever the detector missed would be shown. What may be seen is named, and all
the rest is a mosaic. Its cells are averages, so what they held is gone, not scrambled: no filter brings it back.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from watchbound.domain.face import Box
from watchbound.ports import Image

CELLS_A_FACE = 3
"""Cells across a hidden face at most. At 3 the default embedder finds nothing of the person (tests measure it)."""

_CELLS_A_PICTURE = 10
"""Cells across the shorter side at most, for faces that nobody found."""
_LEAST_CELL = 8
"""Pixels: a face too small for the detector is hidden too."""
_COLOURS = 16
"""Levels of a channel that are told apart: what is left in the last bits of an average goes too."""
_KEPT_AROUND = 0.2
"""Face sizes around a kept face that stay visible: hair, ears and chin."""
_HIDDEN_AROUND = 0.35
"""Face sizes around another face that are hidden even there."""


def blur(image: Image, keep: Sequence[Box], hide: Sequence[Box] = ()) -> Image:
    """A copy in which only the kept faces can be seen.

    Where two faces meet, the hidden one wins: around a kept face by its enlarged box, on the kept face itself by its
    own box alone.

    Args:
        image: shape (height, width, 3).
        keep: the faces that may be seen, in pixels of `image`; parts outside it do not matter.
        hide: the other faces that were found.
    """
    cell = _cell(image, hide)
    visible = np.zeros(image.shape[:2], np.uint8)
    for face in keep:
        visible[_span(face, _KEPT_AROUND, image)] = 1
    for face in hide:
        visible[_span(face, _HIDDEN_AROUND, image)] = 0
    for face in keep:
        visible[_span(face, 0.0, image)] = 1
    for face in hide:
        visible[_span(face, 0.0, image)] = 0
    hidden = mosaic(image, cell)
    cv2.copyTo(image, visible, hidden)
    return hidden


def mosaic(image: Image, cell: int) -> Image:
    """Squares of `cell` pixels, each of one colour: their mean, coarsely rounded."""
    height, width = image.shape[:2]
    rows, columns = -(-height // cell), -(-width // cell)
    step = 256 // _COLOURS
    # Padded to whole cells, since a cell that were narrower than the others would hold less and tell more.
    padded = cv2.copyMakeBorder(image, 0, rows * cell - height, 0, columns * cell - width, cv2.BORDER_REPLICATE)
    means: NDArray[np.uint8] = cv2.resize(padded, (columns, rows), interpolation=cv2.INTER_AREA)
    coarse = (means // step * step + step // 2).astype(np.uint8)
    padded.fill(0)
    whole: Image = cv2.resize(coarse, (columns * cell, rows * cell), interpolation=cv2.INTER_NEAREST)
    return np.array(whole[:height, :width])


def _cell(image: Image, hide: Sequence[Box]) -> int:
    """Pixels of a cell's side: a third of the largest hidden face, or a tenth of the picture where that is more."""
    largest = max((max(face.width, face.height) for face in hide), default=0.0)
    return max(_LEAST_CELL, int(largest / CELLS_A_FACE) + 1, int(min(image.shape[:2])) // _CELLS_A_PICTURE)


def _span(face: Box, around: float, image: Image) -> tuple[slice, slice]:
    """Rows and columns of a box with `around` of its sides on each side, within the picture."""
    height, width = image.shape[:2]
    x, y = around * face.width, around * face.height
    top, bottom = int(face.y - y), int(face.y + face.height + y) + 1
    left, right = int(face.x - x), int(face.x + face.width + x) + 1
    return slice(_within(top, height), _within(bottom, height)), slice(_within(left, width), _within(right, width))


def _within(value: int, limit: int) -> int:
    return min(max(value, 0), limit)
