from __future__ import annotations

import struct
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbound.domain.errors import Poison, PoisonReason
from watchbound.extraction.decode import PictureLimits
from watchbound.extraction.still import STILL_LIMITS, jpeg_orientation, read_still
from watchbound.ports import Image

HEIGHT, WIDTH = 48, 80


def picture() -> Image:
    """A bright red top-left quarter: every turn of it looks different."""
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    image[: HEIGHT // 2, : WIDTH // 2] = (0, 0, 255)
    return image


def encoded(suffix: str, image: Image | None = None, *options: int) -> bytes:
    _, data = cv2.imencode(suffix, picture() if image is None else image, list(options))
    return data.tobytes()


def exif(jpeg: bytes, orientation: int, order: str = "<") -> bytes:
    mark = b"II" if order == "<" else b"MM"
    tiff = mark + struct.pack(f"{order}HIH", 42, 8, 1) + struct.pack(f"{order}HHIHHI", 0x0112, 3, 1, orientation, 0, 0)
    body = b"Exif\0\0" + tiff
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + jpeg[2:]


def reason_of(data: bytes, limits: PictureLimits = STILL_LIMITS) -> PoisonReason:
    with pytest.raises(Poison) as caught:
        read_still(data, limits)
    return caught.value.reason


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
def test_reads_the_formats_people_hand_in(suffix: str) -> None:
    image = read_still(encoded(suffix))
    assert image.shape == (HEIGHT, WIDTH, 3)
    assert image.dtype == np.uint8
    assert image.flags["C_CONTIGUOUS"]
    assert float(np.abs(image.astype(int) - picture()).mean()) < 8


@pytest.mark.parametrize("channels", [1, 4])
def test_grey_and_transparent_pictures_become_three_channels(channels: int) -> None:
    image = np.full((HEIGHT, WIDTH, channels), 200, np.uint8)
    assert read_still(encoded(".png", image)).shape == (HEIGHT, WIDTH, 3)


def test_sixteen_bit_and_lossless_pictures_are_read() -> None:
    deep = (picture().astype(np.uint16) * 257).astype(np.uint16)
    _, data = cv2.imencode(".png", deep)
    np.testing.assert_array_equal(read_still(data.tobytes()), picture())
    np.testing.assert_array_equal(read_still(encoded(".webp", None, cv2.IMWRITE_WEBP_QUALITY, 101)), picture())


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("orientation", "turn"),
    [
        (1, lambda image: image),
        (2, lambda image: cv2.flip(image, 1)),
        (3, lambda image: cv2.rotate(image, cv2.ROTATE_180)),
        (4, lambda image: cv2.flip(image, 0)),
        (5, lambda image: cv2.flip(cv2.rotate(image, cv2.ROTATE_90_CLOCKWISE), 1)),
        (6, lambda image: cv2.rotate(image, cv2.ROTATE_90_CLOCKWISE)),
        (7, lambda image: cv2.flip(cv2.rotate(image, cv2.ROTATE_90_COUNTERCLOCKWISE), 1)),
        (8, lambda image: cv2.rotate(image, cv2.ROTATE_90_COUNTERCLOCKWISE)),
        (9, lambda image: image),
        (0, lambda image: image),
    ],
)
def test_a_picture_that_lies_is_put_upright(orientation: int, turn: object, order: str) -> None:
    assert callable(turn)
    jpeg = encoded(".jpg")
    np.testing.assert_array_equal(read_still(exif(jpeg, orientation, order)), turn(read_still(jpeg)))


def test_orientation_agrees_with_opencv() -> None:
    for orientation in range(1, 9):
        data = exif(encoded(".jpg"), orientation)
        theirs = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        assert float(np.abs(read_still(data).astype(int) - theirs).mean()) < 2


@given(st.binary(max_size=80))
def test_broken_exif_is_upright(block: bytes) -> None:
    body = b"Exif\0\0" + block
    jpeg = b"\xff\xd8\xff\xe1" + struct.pack(">H", len(body) + 2) + body + b"\xff\xda"
    assert jpeg_orientation(jpeg) in range(1, 9)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
def test_a_truncated_file_is_refused(suffix: str) -> None:
    noise = np.random.default_rng(7).integers(0, 255, (200, 200, 3)).astype(np.uint8)
    data = encoded(suffix, noise)
    for kept in (0.3, 0.6, 0.9):
        assert reason_of(data[: int(len(data) * kept)]) is PoisonReason.UNDECODABLE


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", PoisonReason.EMPTY),
        (b"GIF89a" + bytes(40), PoisonReason.NOT_A_PICTURE),
        (b"%PDF-1.7 and so on", PoisonReason.NOT_A_PICTURE),
        (b"\xff\xd8\xff", PoisonReason.NOT_A_PICTURE),
        (b"\x89PNG\r\n\x1a\n", PoisonReason.NOT_A_PICTURE),
        (b"RIFF\x04\0\0\0WEBP", PoisonReason.NOT_A_PICTURE),
        (b"RIFF\x20\0\0\0WEBPXXXX" + bytes(30), PoisonReason.NOT_A_PICTURE),
    ],
)
def test_what_is_no_such_image_is_refused(data: bytes, reason: PoisonReason) -> None:
    assert reason_of(data) is reason


def png_claiming(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def webp_claiming(width: int, height: int) -> bytes:
    canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + canvas
    return b"RIFF" + struct.pack("<I", len(body)) + body


@pytest.mark.parametrize("claim", [png_claiming, webp_claiming])
def test_a_header_that_claims_too_much_is_refused_before_decoding(claim: object) -> None:
    assert callable(claim)
    assert reason_of(claim(16_000, 16_000)) is PoisonReason.TOO_MANY_PIXELS
    assert reason_of(claim(16, 100)) is PoisonReason.TOO_FEW_PIXELS
    assert reason_of(claim(100, 100)) is PoisonReason.UNDECODABLE


def test_too_many_bytes_are_refused_before_anything_else() -> None:
    assert reason_of(encoded(".png"), PictureLimits(50, 10**6)) is PoisonReason.TOO_MANY_BYTES


@given(data=st.data(), suffix=st.sampled_from([".jpg", ".png", ".webp"]))
def test_damage_is_poison_or_a_picture_never_another_error(data: st.DataObject, suffix: str) -> None:
    blob = bytearray(encoded(suffix))
    for _ in range(data.draw(st.integers(1, 6))):
        blob[data.draw(st.integers(0, len(blob) - 1))] = data.draw(st.integers(0, 255))
    try:
        image = read_still(bytes(blob), PictureLimits(10**6, 10**6))
    except Poison:
        return
    assert image.ndim == 3
    assert image.shape[2] == 3
