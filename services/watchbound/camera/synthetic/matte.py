"""Cuts a person out of a studio picture whose background is plain, with soft edges."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from watchbound.ports import Image

Plane = NDArray[np.float32]

_FIT_SCALE = 16
_FIT_DEGREE = 5
_FIT_ROUNDS = 3
_BACKGROUND_TOLERANCE = 10.0
"""Grey levels by which the studio's own shading may miss the fitted surface."""
_CLEAR_BELOW, _OPAQUE_ABOVE = 8.0, 24.0
"""Distance from the background, in grey levels, at which a pixel begins to belong to the person, and wholly does."""
_DENSE_HAIR = 64.0
"""How much darker than the studio hair is where nothing shines through it."""
_SKIN_CLEAR_BELOW, _SKIN_OPAQUE_ABOVE = 8.0, 24.0
_CRUMB = 0.02
"""Pieces smaller than this share of all that was found are no part of the body."""


@dataclass(frozen=True, slots=True, eq=False)
class Cutout:
    """A person without a background.

    Attributes:
        colour: shape (h, w, 3), float32, blue-green-red, premultiplied by alpha.
        alpha: shape (h, w), float32 in [0, 1].
        clothes: shape (h, w), float32 in [0, 1]: how far a pixel is cloth (white or grey) rather than skin or hair.
    """

    colour: NDArray[np.float32]
    alpha: Plane
    clothes: Plane


def cut_out(photo: Image, neck_row: int, hem_row: int, shorts_row: int) -> Cutout:
    """Separate a standing, bare-legged person from a grey studio.

    The background is a smooth surface fitted to what is not the person; a pixel's distance from it is its alpha. Below
    `shorts_row` the floor's shadows are as dark as a leg, but grey, so there only colour counts.

    Args:
        photo: the picture.
        neck_row: above it nothing is cloth.
        hem_row: where the shirt ends and the shorts begin.
        shorts_row: where the shorts end and the bare legs begin.
    """
    pixels = photo.astype(np.float32)
    background = _background(photo)
    difference = pixels - background
    mean = difference.mean(axis=2)
    colourful = difference[:, :, 2] - difference[:, :, 0]
    alpha = _ramp(np.maximum(np.abs(mean), np.abs(colourful) * 1.5), _CLEAR_BELOW, _OPAQUE_ABOVE)
    alpha[:neck_row] = _head(mean[:neck_row], colourful[:neck_row])
    alpha[:hem_row] = _closed(alpha[:hem_row], 7)
    alpha[hem_row:shorts_row] = _closed(alpha[hem_row:shorts_row], 31)
    alpha[shorts_row:] = _legs(colourful[shorts_row:])
    alpha = _without_crumbs(alpha)
    colour = np.clip(pixels - (1.0 - alpha[:, :, None]) * background, 0.0, 255.0) * (alpha[:, :, None] > 0)
    return Cutout(colour, alpha, _cloth(pixels, alpha, neck_row, hem_row, shorts_row))


def _background(photo: Image) -> NDArray[np.float32]:
    """The studio as it would be without the person: a polynomial in x and y for each channel, fitted in rounds."""
    height, width = photo.shape[:2]
    small = cv2.resize(photo, (width // _FIT_SCALE, height // _FIT_SCALE), interpolation=cv2.INTER_AREA)
    small = small.astype(np.float32)
    rows, columns = small.shape[:2]
    y, x = np.meshgrid(np.linspace(-1, 1, rows), np.linspace(-1, 1, columns), indexing="ij")
    powers = [(i, j) for i in range(_FIT_DEGREE + 1) for j in range(_FIT_DEGREE + 1 - i)]
    terms = np.stack([x**i * y**j for i, j in powers], axis=-1)
    known = np.ones((rows, columns), dtype=bool)
    known[int(0.02 * rows) : int(0.97 * rows), int(0.22 * columns) : int(0.78 * columns)] = False
    fitted = small
    for _ in range(_FIT_ROUNDS):
        # By normal equations: 21 unknowns are few and well scaled, and a general solver takes a hundred times as long.
        design = terms[known]
        weights = np.linalg.solve(design.T @ design, design.T @ small[known])
        fitted = (terms @ weights).astype(np.float32)
        far = (np.abs(small - fitted).max(axis=2) > _BACKGROUND_TOLERANCE).astype(np.uint8)
        known = cv2.dilate(far, np.ones((3, 3), np.uint8)) == 0
    return np.asarray(cv2.resize(fitted, (width, height), interpolation=cv2.INTER_CUBIC), dtype=np.float32)


def _ramp(value: Plane, low: float, high: float) -> Plane:
    """0 at `low` and below, 1 at `high` and above, smooth between."""
    t = np.clip((value - low) / (high - low), 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t), dtype=np.float32)


def _closed(alpha: Plane, size: int) -> Plane:
    """Without the specks and folds that resemble the background and are smaller than `size` pixels."""
    padded = cv2.copyMakeBorder(alpha, size, size, 0, 0, cv2.BORDER_REPLICATE)
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, np.ones((size, size), np.uint8))
    return np.asarray(closed[size:-size], dtype=np.float32)


def _head(mean: Plane, colourful: Plane) -> Plane:
    """Dark hair lets the studio through for a long way before it is dense; inside the outline nothing does."""
    skin = _ramp(np.maximum(mean, np.abs(colourful) * 1.5), _CLEAR_BELOW, _OPAQUE_ABOVE)
    head = np.maximum(skin, _ramp(-mean, _CLEAR_BELOW, _DENSE_HAIR))
    return np.maximum(head, _inside(head))


def _legs(colourful: Plane) -> Plane:
    """Skin by its colour; the dull spots of a knee lie inside its outline and belong to it."""
    skin = _closed(_ramp(colourful, _SKIN_CLEAR_BELOW, _SKIN_OPAQUE_ABOVE), 15)
    return np.maximum(skin, _inside(skin))


def _inside(alpha: Plane) -> Plane:
    """What the outline of the opaque parts encloses, a little inside of it."""
    outlines, _ = cv2.findContours((alpha > 0.5).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = cv2.drawContours(np.zeros(alpha.shape, np.uint8), outlines, -1, 1, cv2.FILLED)
    return np.asarray(
        cv2.blur(cv2.erode(filled, np.ones((5, 5), np.uint8)).astype(np.float32), (3, 3)), dtype=np.float32
    )


def _without_crumbs(alpha: Plane) -> Plane:
    """Keep the body's pieces and drop the specks of the studio that passed for it."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats((alpha > 0.2).astype(np.uint8))
    areas = stats[:, cv2.CC_STAT_AREA].astype(np.float64)
    areas[0] = 0.0
    body = (areas > _CRUMB * areas.sum())[labels].astype(np.uint8)
    return np.asarray(alpha * cv2.dilate(body, np.ones((5, 5), np.uint8)), dtype=np.float32)


def _cloth(pixels: NDArray[np.float32], alpha: Plane, neck_row: int, hem_row: int, shorts_row: int) -> Plane:
    """Cloth has no colour; above the hem it is also bright, while shorts may be grey and in shadow."""
    spread = np.abs(pixels[:, :, 2] - pixels[:, :, 0])
    cloth = (1.0 - _ramp(spread, 22.0, 44.0)) * alpha
    cloth[:hem_row] *= _ramp(pixels[:hem_row].mean(axis=2), 70.0, 110.0)
    cloth[:neck_row] = 0.0
    cloth[shorts_row:] = 0.0
    return np.asarray(cv2.GaussianBlur(cloth, (0, 0), 1.2), dtype=np.float32)
