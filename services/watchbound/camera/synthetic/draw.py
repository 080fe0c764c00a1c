"""Paints walkers into the scene, frame by frame, and says of each frame who is in it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from watchbound.camera.synthetic.backdrop import draw_backdrop, lamp_light
from watchbound.camera.synthetic.lens import Lens
from watchbound.camera.synthetic.schedule import plan_walks
from watchbound.camera.synthetic.spec import SiteSpec
from watchbound.camera.synthetic.sprite import Layer, Sprite, build_sprite
from watchbound.camera.synthetic.truth import frame_truth
from watchbound.camera.synthetic.view import Placement, Sighting, place, sightings
from watchbound.camera.synthetic.walk import FAR_M, Walk
from watchbound.domain.ground_truth import FrameTruth
from watchbound.ports import Image

_SHUTTER_S = 1 / 45
_FOCUS_BLUR = 1.6
"""Pixels over which even what stands still is smeared: lens and Bayer pattern."""
_DOORWAY_M = 1.4
_DARKEST = 0.12
_NOISE_LEVELS = 3.5
_NOISE_ROOM = 64
_SHADOW_M = 0.8
_SHADOW_DEPTH = 0.55
_FLICKER = ((17.0, 0.10), (5.3, 0.04))
"""Period in seconds and strength of the slow changes of the light."""


def walk_by(spec: SiteSpec) -> Iterator[tuple[Image, FrameTruth]]:
    """The footage of a site, drawn as it is asked for.

    Each picture is a new array of shape (height, width, 3), blue-green-red, with sensor noise, before any compression.

    Raises:
        InvalidValue: there are too many people for the time.
        ConfigurationError: the people's pictures are not installed.
    """
    painter = Painter(spec)
    for index in range(spec.frames):
        yield painter.paint(index)


@dataclass(slots=True)
class Painter:
    """Holds what stays the same from frame to frame."""

    spec: SiteSpec
    walks: tuple[Walk, ...] = field(init=False)
    _lens: Lens = field(init=False)
    _backdrop: Image = field(init=False)
    _noise: tuple[Image, Image] = field(init=False)
    _phases: tuple[float, ...] = field(init=False)
    _sprites: dict[Walk, Sprite] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.walks = plan_walks(self.spec)
        self._lens = Lens(self.spec.width, self.spec.height)
        rng = np.random.default_rng([self.spec.seed, 1_000_003])
        self._backdrop = draw_backdrop(self._lens, rng)
        self._noise = _noise_fields(self._lens, rng)
        self._phases = tuple(rng.uniform(0, 2 * math.pi, len(_FLICKER)))

    def paint(self, index: int) -> tuple[Image, FrameTruth]:
        """Draw one frame, in any order."""
        second = index / self.spec.fps
        seen = sightings(self.walks, second, self._lens)
        light = self._light(second)
        picture = np.asarray(cv2.convertScaleAbs(self._backdrop, alpha=light), dtype=np.uint8)
        for sighting in seen:
            _cast_shadow(picture, sighting, self._lens)
        for sighting in seen:
            self._paint_walker(picture, sighting, second, light)
        self._add_noise(picture, index)
        self._forget_gone(second)
        return picture, frame_truth(index, second, seen, self._lens)

    def _light(self, second: float) -> float:
        waves = zip(_FLICKER, self._phases, strict=True)
        return 1.0 + sum(strength * math.sin(2 * math.pi * second / s + phase) for (s, strength), phase in waves)

    def _paint_walker(self, picture: Image, sighting: Sighting, second: float, light: float) -> None:
        walk, placement = sighting.walk, sighting.placement
        if walk not in self._sprites:
            self._sprites[walk] = build_sprite(walk.person, walk.shirt, walk.shorts)
        layer = self._sprites[walk].layer(placement.scale, sighting.pose.gait)
        emerged = min((FAR_M - sighting.pose.distance_m) / _DOORWAY_M, 1.0)
        gain = light * lamp_light(sighting.pose.distance_m) * (_DARKEST + (1.0 - _DARKEST) * emerged)
        _blend(picture, layer, placement, _smear(walk, second, self._lens), gain)

    def _add_noise(self, picture: Image, index: int) -> None:
        """Shift a field of noise to a new place each frame: cheaper than drawing it anew, and as restless."""
        rng = np.random.default_rng([self.spec.seed, 2, index])
        y, x = rng.integers(0, _NOISE_ROOM, 2)
        rows, columns = slice(y, y + self.spec.height), slice(x, x + self.spec.width)
        brighter, darker = self._noise
        cv2.add(picture, brighter[rows, columns], dst=picture)
        cv2.subtract(picture, darker[rows, columns], dst=picture)

    def _forget_gone(self, second: float) -> None:
        for walk in [walk for walk in self._sprites if walk.end_s < second]:
            del self._sprites[walk]


def _noise_fields(lens: Lens, rng: np.random.Generator) -> tuple[Image, Image]:
    shape = (lens.height + _NOISE_ROOM, lens.width + _NOISE_ROOM, 3)
    noise = rng.standard_normal(shape, dtype=np.float32) * _NOISE_LEVELS
    rounded = np.rint(noise)
    return np.clip(rounded, 0, 255).astype(np.uint8), np.clip(-rounded, 0, 255).astype(np.uint8)


def _smear(walk: Walk, second: float, lens: Lens) -> tuple[float, float]:
    """How far the face moves across the picture, right and down, while the shutter is open; in pixels."""
    before, after = (walk.pose(second + side * _SHUTTER_S / 2) for side in (-1, 1))
    if before is None or after is None:
        return 0.0, 0.0
    first, last = place(walk, before, lens), place(walk, after, lens)
    return abs(last.eye_x - first.eye_x), abs(last.eye_y - first.eye_y)


def _blend(picture: Image, layer: Layer, placement: Placement, smear: tuple[float, float], gain: float) -> None:
    """Lay a figure over the picture, in place; only the part of it that lies inside is touched."""
    matrix = placement.matrix() @ layer.matrix()
    height, width = layer.pixels.shape[:2]
    corners = matrix @ np.array([[0, width, 0, width], [0, 0, height, height], [1, 1, 1, 1]])
    margin = 2 + max(smear)
    x0, y0 = (max(int(low), 0) for low in np.floor(corners.min(axis=1) - margin))
    x1, y1 = (
        min(int(high), side)
        for high, side in zip(np.ceil(corners.max(axis=1) + margin), picture.shape[1::-1], strict=True)
    )
    if x0 >= x1 or y0 >= y1:
        return
    matrix[:, 2] -= (x0, y0)
    warped = cv2.warpAffine(layer.pixels, matrix, (x1 - x0, y1 - y0), flags=cv2.INTER_LINEAR)
    warped = cv2.sepFilter2D(warped, -1, _box(smear[0]), _box(smear[1]))
    hidden = cv2.cvtColor(cv2.bitwise_not(cv2.extractChannel(warped, 3)), cv2.COLOR_GRAY2BGR)
    figure = cv2.convertScaleAbs(cv2.cvtColor(warped, cv2.COLOR_BGRA2BGR), alpha=gain)
    under = picture[y0:y1, x0:x1]
    cv2.multiply(under, hidden, dst=under, scale=1 / 255)
    cv2.add(under, figure, dst=under)


def _box(length: float) -> NDArray[np.float32]:
    """A one-dimensional blur over `length` pixels, fractions included, together with the blur of the focus."""
    span = math.hypot(length, _FOCUS_BLUR)
    half = max(math.ceil((span - 1) / 2), 1)
    edge = np.clip((span + 1) / 2 - np.abs(np.arange(-half, half + 1)), 0.0, 1.0)
    return np.asarray(edge / edge.sum(), dtype=np.float32)


def _cast_shadow(picture: Image, sighting: Sighting, lens: Lens) -> None:
    """Darken the floor around the feet, in place."""
    x, y = lens.project(sighting.pose.x_m, 0.0, sighting.pose.distance_m)
    half_width = lens.pixels_per_metre(sighting.pose.distance_m) * _SHADOW_M / 2
    half_height = half_width * 0.3
    x0, x1 = max(int(x - half_width), 0), min(int(x + half_width) + 1, lens.width)
    y0, y1 = max(int(y - half_height), 0), min(int(y + half_height) + 1, lens.height)
    if x0 >= x1 or y0 >= y1:
        return
    across = ((np.arange(x0, x1, dtype=np.float32) - x) / half_width) ** 2
    along = ((np.arange(y0, y1, dtype=np.float32) - y) / half_height) ** 2
    keep = 1.0 - _SHADOW_DEPTH * np.clip(1.0 - along[:, None] - across[None, :], 0.0, 1.0)
    under = picture[y0:y1, x0:x1]
    under[:] = (under * keep[:, :, None]).astype(np.uint8)
