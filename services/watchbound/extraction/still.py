"""Untrusted still images, as people hand them in for a watchlist, to upright pixels.

JPEG, PNG and WebP are told apart by their first bytes, never by the file's name. As with frames, byte length and the
dimensions that the header claims are checked before a pixel is allocated. Phones store pictures lying on their side
and say so in EXIF: that orientation is applied, since a detector finds no face that lies.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

import cv2
import numpy as np

from watchbound.domain.errors import Poison, PoisonReason
from watchbound.extraction.decode import PictureLimits, decode_jpeg
from watchbound.ports import Image

STILL_LIMITS = PictureLimits(max_bytes=30_000_000, max_pixels=50_000_000)
"""Takes what a 48-megapixel phone hands in; 150 MB when decoded."""

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_ORIENTATION_TAG = 0x0112

_UPRIGHT: dict[int, Callable[[Image], Image]] = {
    2: lambda image: image[:, ::-1],
    3: lambda image: image[::-1, ::-1],
    4: lambda image: image[::-1],
    5: lambda image: image.transpose(1, 0, 2),
    6: lambda image: image.transpose(1, 0, 2)[:, ::-1],
    7: lambda image: image.transpose(1, 0, 2)[::-1, ::-1],
    8: lambda image: image.transpose(1, 0, 2)[::-1],
}
"""What puts a picture upright, by the value of its EXIF orientation (CIPA DC-008, 4.6.4 A); 1 is upright already."""


def read_still(data: bytes, limits: PictureLimits = STILL_LIMITS) -> Image:
    """Pixels of a JPEG, PNG or WebP image, upright: shape (height, width, 3), blue-green-red.

    Raises:
        Poison: the bytes are empty, too long, no such image, too large in pixels, truncated or damaged.
    """
    limits.check_bytes(data)
    if data.startswith(b"\xff\xd8"):
        return _turned(decode_jpeg(data, limits), jpeg_orientation(data))
    if data.startswith(_PNG_SIGNATURE):
        return _decode(data, _png_size(data), limits, "PNG")
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _decode(data, _webp_size(data), limits, "WebP")
    detail = f"expected a JPEG, PNG or WebP image, got {len(data)} bytes that begin with {data[:8].hex(' ')}"
    raise Poison(PoisonReason.NOT_A_PICTURE, detail)


def _decode(data: bytes, size: tuple[int, int], limits: PictureLimits, kind: str) -> Image:
    width, height = size
    limits.check_size(width, height)
    try:
        image = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise Poison(PoisonReason.UNDECODABLE, f"a {width}×{height} {kind} image is damaged") from error
    if image is None:
        raise Poison(PoisonReason.UNDECODABLE, f"a {width}×{height} {kind} image is truncated or damaged")
    return np.ascontiguousarray(image, dtype=np.uint8)


def _png_size(data: bytes) -> tuple[int, int]:
    """Width and height from IHDR, after walking the chunks: the decoder paints a truncated file half and says nothing.

    Layout: ISO/IEC 15948, 5.3: length, type, data, checksum; the last chunk is IEND.
    """
    position = len(_PNG_SIGNATURE)
    kind = b""
    while position + 12 <= len(data) and kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", data, position)
        position += 12 + length
    if data[12:16] != b"IHDR" or len(data) < 33:
        raise Poison(PoisonReason.NOT_A_PICTURE, f"no PNG header in {len(data)} bytes")
    if kind != b"IEND" or position > len(data):
        raise Poison(PoisonReason.UNDECODABLE, "a PNG image is truncated")
    width, height = struct.unpack_from(">II", data, 16)
    return int(width), int(height)


def _webp_size(data: bytes) -> tuple[int, int]:
    """Width and height of the canvas (RFC 9649, 2.4 to 2.7); the decoder refuses a picture that differs from it."""
    if len(data) < 30:
        raise Poison(PoisonReason.NOT_A_PICTURE, f"no WebP header in {len(data)} bytes")
    (riff_length,) = struct.unpack_from("<I", data, 4)
    if riff_length + 8 > len(data):
        raise Poison(PoisonReason.UNDECODABLE, "a WebP image is truncated")
    form = data[12:16]
    if form == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if form == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if form == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    raise Poison(PoisonReason.NOT_A_PICTURE, f"expected a WebP image of VP8, VP8L or VP8X, got {form!r}")


def jpeg_orientation(data: bytes) -> int:
    """EXIF orientation of a JPEG, 1 to 8; 1 when it states none or states it in a broken way."""
    position = 2
    while position + 4 <= len(data) and data[position] == 0xFF:
        marker, length = data[position + 1], int.from_bytes(data[position + 2 : position + 4], "big")
        if marker == 0xDA or length < 2:
            break
        segment = data[position + 4 : position + 2 + length]
        if marker == 0xE1 and segment.startswith(b"Exif\0\0"):
            try:
                return _tiff_orientation(segment[6:])
            except struct.error:
                return 1
        position += 2 + length
    return 1


def _tiff_orientation(tiff: bytes) -> int:
    """Orientation in the first directory of a TIFF block (TIFF 6.0, section 2).

    Raises:
        struct.error: an offset points beyond the block.
    """
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return 1
    (directory,) = struct.unpack_from(f"{order}I", tiff, 4)
    (count,) = struct.unpack_from(f"{order}H", tiff, directory)
    for index in range(count):
        tag, _, _, value = struct.unpack_from(f"{order}HHIH", tiff, directory + 2 + 12 * index)
        if tag == _ORIENTATION_TAG:
            return int(value) if value in _UPRIGHT else 1
    return 1


def _turned(image: Image, orientation: int) -> Image:
    turn = _UPRIGHT.get(orientation)
    return image if turn is None else np.ascontiguousarray(turn(image))
