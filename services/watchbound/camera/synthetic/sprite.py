"""A person as they are drawn: cut out, dressed, and kept at several sizes and moments of a step."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from watchbound.camera.synthetic.matte import cut_out
from watchbound.camera.synthetic.people import figure, posture_photo
from watchbound.domain.errors import ConfigurationError
from watchbound.ports import Image

_STEPS = 8
_LIFT = 0.13
_HALVINGS = (1, 2, 3, 4)
"""Sizes kept: the studio picture halved once to four times, 52 to 6 pixels between the eyes."""
_FIRST_STEPPING = 2
"""From this halving on legs can be in the picture; nearer than that they are below it."""
_SHADE = 0.55
_ROOM = 24


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """One picture of a figure.

    Attributes:
        pixels: shape (h, w, 4), blue-green-red premultiplied by the fourth, alpha.
        to_studio: pixels of the studio picture for one pixel of this one.
        left, top: where this picture lies in the studio picture, in studio pixels.
    """

    pixels: Image
    to_studio: float
    left: float
    top: float

    def matrix(self) -> NDArray[np.float64]:
        """Shape (3, 3): from this picture's pixels to studio pixels; whole numbers are centres of pixels in both."""
        shift = (self.to_studio - 1) / 2
        return np.array([[self.to_studio, 0, self.left + shift], [0, self.to_studio, self.top + shift], [0, 0, 1.0]])


@dataclass(frozen=True, slots=True, eq=False)
class Sprite:
    """One walker in their clothes: for each size one layer, or one for each moment of a step."""

    layers: tuple[tuple[Layer, ...], ...]

    def layer(self, scale: float, gait: float) -> Layer:
        """The layer nearest in size to `scale` picture pixels a studio pixel, at this moment of the step."""
        halving = round(min(max(-math.log2(scale), _HALVINGS[0]), _HALVINGS[-1]))
        moments = self.layers[halving - _HALVINGS[0]]
        return moments[int(gait * len(moments)) % len(moments)]


def build_sprite(person: str, shirt: tuple[float, float, float], shorts: tuple[float, float, float]) -> Sprite:
    """Draw a person in clothes of these colours, blue-green-red in [0, 1].

    Raises:
        ConfigurationError: the person's picture is not there or cannot be read.
    """
    cut = _cut(person)
    pixels = _dressed(cut, shirt, shorts)
    return Sprite(tuple(_moments(pixels, halving, cut) for halving in _HALVINGS))


@dataclass(frozen=True, slots=True, eq=False)
class _Body:
    """A cut-out at half size, cropped to the person and packed into bytes.

    Attributes:
        pixels: shape (h, w, 4), blue-green-red premultiplied by alpha.
        clothes: shape (h, w), 255 where there is cloth.
        left, top: of the crop, in studio pixels.
        hem, hip, middle: rows of the shirt's end and the hip, and the column between the legs, in pixels of the crop.
    """

    pixels: Image
    clothes: NDArray[np.uint8]
    left: int
    top: int
    hem: int
    hip: float
    middle: float


@lru_cache(maxsize=10)
def _cut(person: str) -> _Body:
    """Kept, since a person who comes again in other clothes is the same person."""
    path, body = posture_photo(person), figure(person)
    photo = cv2.imread(str(path), cv2.IMREAD_REDUCED_COLOR_2)
    if photo is None:
        msg = f"expected a JPEG at {path}, could not decode it; reinstall openpeople==0.1.2"
        raise ConfigurationError(msg)
    cut = cut_out(np.asarray(photo, dtype=np.uint8), (body.chin + 10) // 2, body.hem // 2, body.shorts // 2)
    left, right = (body.torso[0] - _ROOM) // 16 * 16, body.torso[1] + _ROOM
    top, bottom = (body.hair[2] - _ROOM) // 16 * 16, body.soles + _ROOM
    crop = (slice(top // 2, bottom // 2), slice(left // 2, right // 2))
    pixels = np.dstack([cut.colour[crop], cut.alpha[crop] * 255.0])
    clothes = np.rint(cut.clothes[crop] * 255.0).astype(np.uint8)
    hip, middle = (body.hem + 60 - top) / 2, (sum(body.torso) / 2 - left) / 2
    return _Body(np.rint(pixels).astype(np.uint8), clothes, left, top, (body.hem - top) // 2, hip, middle)


def _dressed(body: _Body, shirt: tuple[float, float, float], shorts: tuple[float, float, float]) -> Image:
    """The figure with its white cloth dyed; shape (h, w, 4)."""
    pixels = body.pixels.copy()
    for rows, dye in ((slice(None, body.hem), shirt), (slice(body.hem, None), shorts)):
        keep = 1.0 - body.clothes[rows, :, None] * ((1.0 - np.array(dye, np.float32)) / 255.0)
        pixels[rows, :, :3] = (pixels[rows, :, :3] * keep).astype(np.uint8)
    return pixels


def _moments(pixels: Image, halving: int, body: _Body) -> tuple[Layer, ...]:
    factor = 2.0**halving
    shrink = factor / 2
    size = (round(pixels.shape[1] / shrink), round(pixels.shape[0] / shrink))
    small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    if halving < _FIRST_STEPPING:
        return (Layer(small, factor, body.left, body.top),)
    return tuple(
        Layer(_stepping(small, i / _STEPS, body.hip / shrink, body.middle / shrink), factor, body.left, body.top)
        for i in range(_STEPS)
    )


def _stepping(pixels: Image, gait: float, hip: float, middle: float) -> Image:
    """Lift one leg and then the other: what is below the hip is shortened, and shaded as it swings back."""
    height, width = pixels.shape[:2]
    swing = math.sin(2 * math.pi * gait)
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    lift = np.where(x < middle, max(swing, 0.0), max(-swing, 0.0)) * _LIFT
    below = y > hip
    source = np.where(below, hip + (y - hip) / (1.0 - lift), y).astype(np.float32)
    moved = cv2.remap(pixels, x, source, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=(0, 0, 0, 0))
    depth = np.clip((y - hip) / (height - hip), 0.0, 1.0)
    shade = 1.0 - _SHADE * (lift / _LIFT) * depth
    moved[:, :, :3] = (moved[:, :, :3] * shade[:, :, None]).astype(np.uint8)
    return np.asarray(moved, dtype=np.uint8)
