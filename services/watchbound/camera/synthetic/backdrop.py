"""The empty scene: a passage in a station, drawn by following each pixel's ray to what it meets."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from watchbound.camera.synthetic.lens import CAMERA_HEIGHT_M, Lens
from watchbound.camera.synthetic.walk import FAR_M
from watchbound.ports import Image

Plane = NDArray[np.float32]

_HALF_WIDTH_M = 3.0
_CEILING_M = 3.3
_END_M = FAR_M + 0.3
_DOOR_HALF_M, _DOOR_TOP_M = 1.25, 2.2
_TILE_M = 0.6
_PANEL_M = 1.5
_DETAIL = 2
"""Drawn so many times larger and shrunk, so that far tiles do not shimmer."""


def draw_backdrop(lens: Lens, rng: np.random.Generator) -> Image:
    """The passage without anyone: shape (height, width, 3), blue-green-red."""
    x, y = _rays(lens)
    with np.errstate(divide="ignore"):
        side = _HALF_WIDTH_M / np.abs(x)
        floor = np.where(y > 0, CAMERA_HEIGHT_M / y, np.inf)
        ceiling = np.where(y < 0, (_CEILING_M - CAMERA_HEIGHT_M) / -y, np.inf)
    depth = np.minimum(np.minimum(side, floor), np.minimum(ceiling, _END_M)).astype(np.float32)
    across, height = x * depth, CAMERA_HEIGHT_M - y * depth
    tint = rng.uniform(0.9, 1.1, 3).astype(np.float32)
    scene = np.empty((*depth.shape, 3), np.float32)
    at = depth >= _END_M
    scene[at] = _end(across[at], height[at]) * tint
    met, at = at, (depth == floor.astype(np.float32)) & ~at
    scene[at] = _floor(across[at], depth[at], rng)
    met, at = met | at, (depth == ceiling.astype(np.float32)) & ~met
    scene[at] = _ceiling(depth[at])
    at = ~(met | at)
    scene[at] = _wall(depth[at], height[at], rng) * tint
    scene *= (_lamps(depth) * (1.1 - 0.025 * depth))[:, :, None]
    small = cv2.resize(scene, (lens.width, lens.height), interpolation=cv2.INTER_AREA)
    grain = cv2.GaussianBlur(rng.normal(0, 1, small.shape[:2]).astype(np.float32), (0, 0), 1.5) * 6
    return np.asarray(np.clip(small + grain[:, :, None], 0, 255), dtype=np.uint8)


def lamp_light(distance_m: float) -> float:
    """How bright it is under the lamps of the passage at this distance; 1 on average."""
    return 1.0 + 0.1 * float(np.cos(2 * np.pi * distance_m / 3.6))


def _lamps(depth: Plane) -> Plane:
    return np.asarray(1.0 + 0.1 * np.cos(2 * np.pi * depth / 3.6), dtype=np.float32)


def _rays(lens: Lens) -> tuple[Plane, Plane]:
    """Slopes of each pixel's ray, right and down, of shape (height, width) times the detail."""
    columns = (np.arange(lens.width * _DETAIL, dtype=np.float32) + 0.5) / _DETAIL
    rows = (np.arange(lens.height * _DETAIL, dtype=np.float32) + 0.5) / _DETAIL
    x, y = np.meshgrid((columns - lens.width / 2) / lens.focal, (rows - lens.horizon) / lens.focal)
    return x.astype(np.float32, copy=False), y.astype(np.float32, copy=False)


def _floor(across: Plane, depth: Plane, rng: np.random.Generator) -> NDArray[np.float32]:
    """Square tiles, no two quite alike, with joints between them and the doorway's reflection on them."""
    shades = rng.normal(0, 5, (64, 64)).astype(np.float32)
    column, row = np.floor(across / _TILE_M).astype(np.int32), np.floor(depth / _TILE_M).astype(np.int32)
    base = 112 + shades[row % 64, column % 64] + 9 * ((row + column) % 2)
    joint = (np.abs(across / _TILE_M % 1 - 0.5) > 0.485) | (np.abs(depth / _TILE_M % 1 - 0.5) > 0.48)
    shine = 22 * np.exp(-((across / 1.6) ** 2)) * np.clip((depth - 3) / 12, 0, 1)
    grey = (np.where(joint, base - 30, base) + shine).astype(np.float32)
    return np.asarray(grey[..., None] * np.array([0.97, 1.0, 1.02], np.float32), dtype=np.float32)


def _wall(depth: Plane, height: Plane, rng: np.random.Generator) -> NDArray[np.float32]:
    """Panels above a dark skirting, a coloured band, and a poster on some panels."""
    panel = np.floor(depth / _PANEL_M).astype(np.int32) % 16
    inside = depth / _PANEL_M % 1
    wall = np.broadcast_to(np.array([150, 158, 160], np.float32), (*depth.shape, 3)).copy()
    wall -= rng.uniform(0, 14, 16).astype(np.float32)[panel][..., None]
    wall[np.abs(inside - 0.5) > 0.48] *= 0.72
    wall[(height > 1.0) & (height < 1.12)] = rng.uniform(60, 150, 3)
    wall[height < 0.15] = (58, 60, 62)
    posters = rng.uniform(50, 190, (16, 3)).astype(np.float32)
    posters[rng.uniform(size=16) < 0.4] = np.nan
    framed = (np.abs(inside - 0.5) < 0.34) & (height > 1.3) & (height < 2.2) & ~np.isnan(posters[panel, 0])
    wall[framed] = posters[panel[framed]] * np.where(inside[framed] > 0.45, np.float32(1.2), np.float32(0.8))[:, None]
    return wall


def _ceiling(depth: Plane) -> NDArray[np.float32]:
    light = np.where(np.abs(depth / 1.8 % 1 - 0.5) < 0.12, np.float32(230), np.float32(170))
    return np.asarray(light[..., None] * np.array([1.0, 1.0, 0.98], np.float32), dtype=np.float32)


def _end(across: Plane, height: Plane) -> NDArray[np.float32]:
    """The wall that closes the passage, and the dark doorway from which people come."""
    end = np.broadcast_to(np.array([138, 144, 148], np.float32), (*across.shape, 3)).copy()
    frame = (np.abs(across) < _DOOR_HALF_M + 0.12) & (height < _DOOR_TOP_M + 0.12)
    door = (np.abs(across) < _DOOR_HALF_M) & (height < _DOOR_TOP_M)
    end[frame] = (92, 96, 98)
    end[door] = (30, 28, 27)
    sign = (np.abs(across) < 0.7) & (height > _DOOR_TOP_M + 0.18) & (height < _DOOR_TOP_M + 0.34)
    end[sign] = (110, 70, 30)
    return end
