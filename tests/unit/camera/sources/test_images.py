"""A folder of images: order, rate, loops, and one bad image among good ones."""

from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from watchbound.camera.sources.images import ImageFolder
from watchbound.domain.errors import Poison, PoisonReason, Unavailable


def write(path: Path, level: int) -> None:
    cv2.imwrite(str(path), np.full((48, 64, 3), level, np.uint8))


def test_natural_order_at_the_given_rate(tmp_path: Path) -> None:
    for name, level in (("f10.png", 30), ("f2.jpg", 20), ("f1.PNG", 10)):
        write(tmp_path / name, level)
    (tmp_path / "notes.txt").write_text("not an image")
    pictures = list(ImageFolder(tmp_path, 4.0, loop=False).pictures())
    assert [picture.due_s for picture in pictures] == [0.0, 0.25, 0.5]
    assert [round(float(picture.image().mean())) for picture in pictures] == [10, 20, 30]
    assert pictures[0].luma().shape == (48, 64)


def test_a_loop_goes_on_and_sees_what_was_added(tmp_path: Path) -> None:
    write(tmp_path / "a.png", 10)
    pictures = ImageFolder(tmp_path, 2.0, loop=True).pictures()
    assert [picture.due_s for picture in islice(pictures, 3)] == [0.0, 0.5, 1.0]
    write(tmp_path / "b.png", 20)
    assert {round(float(picture.image().mean())) for picture in islice(pictures, 4)} == {10, 20}


def bomb() -> bytes:
    """A PNG header of 30000×30000 and nothing behind it."""
    return b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + (30000).to_bytes(4, "big") * 2 + b"\x08\x02\x00\x00\x00"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", PoisonReason.NOT_A_PICTURE),
        (b"words", PoisonReason.NOT_A_PICTURE),
        (bomb(), PoisonReason.TOO_MANY_PIXELS),
        (b"\x89PNG\r\n\x1a\n" + bytes(8) + (64).to_bytes(4, "big") * 2, PoisonReason.UNDECODABLE),
    ],
)
def test_one_bad_image_is_reported_and_its_neighbours_are_shown(
    tmp_path: Path, data: bytes, reason: PoisonReason
) -> None:
    write(tmp_path / "a.png", 10)
    (tmp_path / "b.png").write_bytes(data)
    write(tmp_path / "c.png", 30)
    first, bad, last = ImageFolder(tmp_path, 1.0, loop=False).pictures()
    with pytest.raises(Poison) as caught:
        bad.luma()
    assert caught.value.reason is reason
    assert "b.png" in caught.value.detail
    assert (round(float(first.image().mean())), round(float(last.image().mean()))) == (10, 30)


def test_an_empty_or_missing_folder_is_not_there_yet(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"expected \.jpg"):
        next(ImageFolder(tmp_path, 1.0, loop=True).pictures())
    with pytest.raises(Unavailable, match="No such file"):
        next(ImageFolder(tmp_path / "gone", 1.0, loop=True).pictures())
