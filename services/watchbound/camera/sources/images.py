"""A folder of images as a camera: one at each tick of the camera's own rate."""

from __future__ import annotations

import re
from collections.abc import Generator
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import simplejpeg

from watchbound.camera.sources.source import LazyPicture, Picture
from watchbound.domain.errors import Poison, PoisonReason, Unavailable
from watchbound.ports import Image

_SUFFIXES = frozenset({".jpg", ".jpeg", ".png"})
_MOST_PIXELS = 50_000_000
_PNG_HEADER = 24
_DIGITS = re.compile(r"(\d+)")


class ImageFolder:
    """JPEG and PNG files in natural order (frame2 before frame10), read when they are due.

    The folder is listed anew for each round, so a looping camera shows what was added meanwhile, and an empty
    one is waited for.
    """

    live = False
    heals = True

    def __init__(self, folder: Path, fps: float, *, loop: bool) -> None:
        self._folder = folder
        self._fps = fps
        self._loop = loop

    def pictures(self) -> Generator[Picture, None, None]:
        """Read them one by one.

        Raises:
            Unavailable: the folder is not there, or holds none.
        """
        shown = 0
        while True:
            for path in self._paths():
                yield LazyPicture(shown / self._fps, partial(_read, path))
                shown += 1
            if not self._loop:
                return

    def _paths(self) -> list[Path]:
        try:
            paths = [path for path in self._folder.iterdir() if path.suffix.lower() in _SUFFIXES]
        except OSError as error:
            msg = f"{self._folder.name}/: {error.strerror}"
            raise Unavailable(msg) from error
        if not paths:
            msg = f"{self._folder.name}/: expected .jpg, .jpeg or .png files, found none"
            raise Unavailable(msg)
        return sorted(paths, key=lambda path: _natural(path.name))


def _natural(name: str) -> list[tuple[int, str]]:
    """Sorts runs of digits by their number."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in _DIGITS.split(name)]


def _read(path: Path) -> Image:
    """Pixels of one image, turned upright as its EXIF says, once its header has been believed to be harmless."""
    try:
        data = path.read_bytes()
        width, height = _size(data)
    except (OSError, ValueError) as error:
        raise Poison(PoisonReason.NOT_A_PICTURE, f"{path.name}: expected a JPEG or PNG image: {error}") from error
    if width * height > _MOST_PIXELS:
        detail = f"{path.name}: expected at most {_MOST_PIXELS} pixels, the header claims {width}×{height}"
        raise Poison(PoisonReason.TOO_MANY_PIXELS, detail)
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise Poison(PoisonReason.UNDECODABLE, f"{path.name}: the image is damaged")
    return np.asarray(image, dtype=np.uint8)


def _size(data: bytes) -> tuple[int, int]:
    """Width and height by the header (PNG: IHDR, ISO/IEC 15948)."""
    if data.startswith(b"\x89PNG\r\n\x1a\n") and len(data) >= _PNG_HEADER:
        return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    height, width, _, _ = simplejpeg.decode_jpeg_header(data)
    return int(width), int(height)
