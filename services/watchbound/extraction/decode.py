"""Untrusted JPEG bytes to pixels, gate by gate, cheapest first.

A 93 kB JPEG whose header claims 30000×30000 makes a naive decoder allocate 5 GB: byte length and header are checked
before a single pixel is allocated. What is left is bounded: pixels by `max_pixels`, time by bytes, pixels and scans.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from watchbound.domain.errors import Poison, PoisonReason
from watchbound.extraction.canvas import Canvas
from watchbound.extraction.scans import check_scans
from watchbound.ports import Image

Grey = NDArray[np.uint8]
"""Luma, shape (height, width)."""

SMALLEST_SIDE = 32
_EIGHTH = 8


@dataclass(frozen=True, slots=True)
class PictureLimits:
    """What may be decoded at all: encoded length in bytes, and width × height in pixels."""

    max_bytes: int
    max_pixels: int

    def check_bytes(self, data: bytes) -> None:
        """Refuse by length alone.

        Raises:
            Poison: there is nothing, or too much.
        """
        if not data:
            raise Poison(PoisonReason.EMPTY, "expected a picture, got 0 bytes")
        if len(data) > self.max_bytes:
            raise Poison(PoisonReason.TOO_MANY_BYTES, f"expected at most {self.max_bytes} bytes, got {len(data)}")

    def check_size(self, width: int, height: int) -> None:
        """Refuse by what the header claims.

        Raises:
            Poison: the claim is too large to allocate or too small to show a face.
        """
        if width * height > self.max_pixels:
            detail = f"expected at most {self.max_pixels} pixels, the header claims {width}×{height}"
            raise Poison(PoisonReason.TOO_MANY_PIXELS, detail)
        if min(width, height) < SMALLEST_SIDE:
            detail = f"expected sides of at least {SMALLEST_SIDE} pixels, the header claims {width}×{height}"
            raise Poison(PoisonReason.TOO_FEW_PIXELS, detail)


def check_jpeg(data: bytes, limits: PictureLimits) -> tuple[int, int]:
    """Width and height as the header claims them; no pixel is touched.

    Raises:
        Poison: the bytes are empty, too long, no JPEG, too large or small in pixels, or of too many scans.
    """
    limits.check_bytes(data)
    try:
        height, width, _, _ = simplejpeg.decode_jpeg_header(data)
    except ValueError as error:
        raise Poison(PoisonReason.NOT_A_PICTURE, f"no JPEG header in {len(data)} bytes") from error
    limits.check_size(width, height)
    check_scans(data)
    return width, height


def decode_jpeg(data: bytes, limits: PictureLimits, canvas: Canvas | None = None) -> Image:
    """Pixels of a JPEG, shape (height, width, 3), blue-green-red.

    Args:
        data: the JPEG.
        limits: what may be decoded.
        canvas: where to; the picture is then valid until the next one.

    Raises:
        Poison: as `check_jpeg`, or the JPEG is truncated or damaged.
    """
    width, height = check_jpeg(data, limits)
    canvas = canvas or Canvas()
    memory = canvas.of(height, width, 3)
    try:
        image: Image = simplejpeg.decode_jpeg(
            data, "BGR", fastdct=True, fastupsample=True, strict=True, buffer=memory.reshape(-1)
        )
    except ValueError as error:
        # Half of this picture over half of another is nobody's to see.
        canvas.forget()
        raise _damaged(width, height) from error
    return image


def glance_jpeg(data: bytes, limits: PictureLimits) -> Grey:
    """An eighth of a JPEG, grey: half the price of the whole, since only the means of its 8×8 blocks are worked out.

    Returns:
        Shape (height / 8, width / 8), rounded up.

    Raises:
        Poison: as `decode_jpeg`.
    """
    width, height = check_jpeg(data, limits)
    try:
        grey: Grey = simplejpeg.decode_jpeg(
            data,
            "GRAY",
            fastdct=True,
            fastupsample=True,
            min_width=width // _EIGHTH,
            min_height=height // _EIGHTH,
            min_factor=1,
            strict=True,
        )
    except ValueError as error:
        raise _damaged(width, height) from error
    return grey[:, :, 0]


def _damaged(width: int, height: int) -> Poison:
    return Poison(PoisonReason.UNDECODABLE, f"a {width}×{height} JPEG is truncated or damaged")
