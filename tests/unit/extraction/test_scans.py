from __future__ import annotations

import cv2
import numpy as np
import pytest
import simplejpeg

from tests.fuzz.bombs import many_scans
from watchbound.domain.errors import Poison, PoisonReason
from watchbound.extraction.decode import PictureLimits, decode_jpeg
from watchbound.extraction.scans import MOST_SCANS, check_scans

LIMITS = PictureLimits(200_000, 1280 * 720)
PICTURE = np.random.default_rng(1).integers(0, 255, (240, 320, 3), dtype=np.uint8)


def test_the_most_scans_are_decoded_and_one_more_is_refused() -> None:
    assert decode_jpeg(many_scans(640, 480, MOST_SCANS), LIMITS).shape == (480, 640, 3)
    with pytest.raises(Poison, match="at most 32 scans") as caught:
        decode_jpeg(many_scans(640, 480, MOST_SCANS + 1), LIMITS)
    assert caught.value.reason is PoisonReason.TOO_MANY_SCANS


def test_what_encoders_make_passes() -> None:
    check_scans(cv2.imencode(".jpg", PICTURE, [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1].tobytes())


def test_a_sequential_picture_is_not_counted() -> None:
    data = bytes(simplejpeg.encode_jpeg(PICTURE, 90, "BGR"))
    check_scans(data[:-2] + b"\xff\xda" * 100 + data[-2:])


@pytest.mark.parametrize("hidden", [b"\xff\xe0\x00\x00", b"\x00\x00", b"\xff"])
def test_a_frame_that_is_not_found_is_counted(hidden: bytes) -> None:
    with pytest.raises(Poison):
        check_scans(b"\xff\xd8" + hidden + b"\xff\xda" * 100)
