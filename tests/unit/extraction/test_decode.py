from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
import simplejpeg
from hypothesis import given
from hypothesis import strategies as st

from watchbound.domain.errors import Poison, PoisonReason
from watchbound.extraction.canvas import Canvas
from watchbound.extraction.decode import PictureLimits, decode_jpeg, glance_jpeg

LIMITS = PictureLimits(max_bytes=200_000, max_pixels=1280 * 720)


def picture(width: int = 320, height: int = 240) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    ramp = np.linspace(0, 255, width, dtype=np.uint8)
    return np.ascontiguousarray(np.broadcast_to(ramp[None, :, None], (height, width, 3)))


def jpeg(width: int = 320, height: int = 240) -> bytes:
    return bytes(simplejpeg.encode_jpeg(picture(width, height), 90, "BGR"))


def claiming(width: int, height: int) -> bytes:
    """A small JPEG whose header claims another size."""
    data = bytearray(jpeg())
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = height.to_bytes(2, "big") + width.to_bytes(2, "big")
    return bytes(data)


def reason(data: bytes, limits: PictureLimits = LIMITS) -> PoisonReason:
    with pytest.raises(Poison) as caught:
        decode_jpeg(data, limits)
    return caught.value.reason


def test_a_good_jpeg_comes_back_as_pixels() -> None:
    image = decode_jpeg(jpeg(), LIMITS)
    assert image.shape == (240, 320, 3)
    assert np.abs(image.astype(int) - picture().astype(int)).max() <= 4


def test_each_gate_names_its_reason() -> None:
    assert reason(b"") is PoisonReason.EMPTY
    assert reason(b"x" * 200_001) is PoisonReason.TOO_MANY_BYTES
    assert reason(b"GIF89a" + bytes(100)) is PoisonReason.NOT_A_PICTURE
    assert reason(jpeg(16, 16)) is PoisonReason.TOO_FEW_PIXELS
    assert reason(jpeg(1400, 720)) is PoisonReason.TOO_MANY_PIXELS


@pytest.mark.parametrize("keep", [0.3, 0.6, 0.9])
def test_a_truncated_jpeg_is_refused_rather_than_filled_with_grey(keep: float) -> None:
    data = jpeg(640, 480)
    assert reason(data[: int(len(data) * keep)]) in (PoisonReason.UNDECODABLE, PoisonReason.NOT_A_PICTURE)


def test_a_bomb_is_refused_before_its_pixels_are_allocated() -> None:
    tracemalloc.start()
    try:
        assert reason(claiming(30_000, 30_000)) is PoisonReason.TOO_MANY_PIXELS
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000


@given(st.binary(max_size=300))
def test_no_bytes_do_anything_but_poison(data: bytes) -> None:
    with pytest.raises(Poison):
        decode_jpeg(data, LIMITS)


def primed(colour: int) -> Canvas:
    """A canvas on which a larger picture of one colour was seen."""
    canvas = Canvas()
    canvas.of(720, 1280, 3).fill(colour)
    return canvas


@given(st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 255)), max_size=3), st.sampled_from([240, 480]))
def test_nothing_of_the_picture_before_shows_in_the_next_whatever_its_bytes(
    flips: list[tuple[int, int]], height: int
) -> None:
    data = bytearray(jpeg(320, height))
    for at, value in flips:
        data[at % len(data)] = value
    canvases = [primed(0), primed(255)]
    try:
        one, other = (decode_jpeg(bytes(data), LIMITS, canvas) for canvas in canvases)
    except Poison:
        return
    assert np.array_equal(one, other)


def test_a_refused_picture_leaves_nothing_on_the_canvas() -> None:
    canvas = primed(255)
    with pytest.raises(Poison):
        decode_jpeg(jpeg(640, 480)[:-2000], LIMITS, canvas)
    assert not canvas.of(720, 1280, 3).any()


def test_a_canvas_grows_and_gives_what_was_asked_for() -> None:
    canvas = Canvas()
    for width, height in ((320, 240), (640, 480), (200, 100)):
        image = decode_jpeg(jpeg(width, height), LIMITS, canvas)
        assert np.array_equal(image, decode_jpeg(jpeg(width, height), LIMITS))
    canvas.forget()
    assert not canvas.of(480, 640, 3).any()


@given(st.integers(0, 3000), st.integers(0, 255))
def test_a_flipped_byte_never_raises_anything_but_poison(at: int, value: int) -> None:
    data = bytearray(jpeg())
    data[at % len(data)] = value
    try:
        image = decode_jpeg(bytes(data), LIMITS)
    except Poison:
        return
    assert image.ndim == 3


def test_a_glance_is_an_eighth_of_the_picture_in_grey() -> None:
    picture = np.full((716, 1276, 3), 40, np.uint8)
    picture[:, 640:] = 200
    grey = glance_jpeg(bytes(simplejpeg.encode_jpeg(picture, 90, "BGR", "420")), LIMITS)
    assert grey.shape == (90, 160)
    assert abs(int(grey[45, 20]) - 40) < 4
    assert abs(int(grey[45, 140]) - 200) < 4


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", PoisonReason.EMPTY),
        (b"no picture", PoisonReason.NOT_A_PICTURE),
        (jpeg()[: len(jpeg()) // 2], PoisonReason.UNDECODABLE),
    ],
)
def test_a_glance_refuses_what_decoding_refuses(data: bytes, expected: PoisonReason) -> None:
    with pytest.raises(Poison) as caught:
        glance_jpeg(data, LIMITS)
    assert caught.value.reason is expected
