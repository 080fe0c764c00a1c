from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from watchbound.domain.face import Box
from watchbound.extraction.blur import blur, mosaic
from watchbound.ports import Image

RANDOM = np.random.default_rng(3)


def picture(height: int = 240, width: int = 320) -> Image:
    return np.asarray(RANDOM.integers(0, 256, (height, width, 3)), np.uint8)


def same(left: Image, right: Image) -> np.ndarray:
    return np.asarray((left == right).all(axis=2))


def test_nothing_is_shown_unless_it_is_named() -> None:
    image = picture()
    hidden = blur(image, [])
    assert same(hidden, image).mean() < 0.001
    assert len(np.unique(hidden.reshape(-1, 3), axis=0)) <= 14 * 10


def test_the_kept_face_is_shown_as_it_is_and_its_neighbour_is_not() -> None:
    image = picture()
    kept, other = Box(100, 60, 60, 80), Box(180, 60, 60, 80)
    shown = same(blur(image, [kept], [other]), image)
    assert shown[60:140, 100:160].all()
    assert shown[60:140, 88:100].all()
    assert not shown[60:140, 180:240].any()
    assert shown.sum() <= (60 * 1.4 + 2) * (80 * 1.4 + 2)


def test_where_two_faces_meet_the_hidden_one_wins() -> None:
    image = picture()
    shown = same(blur(image, [Box(100, 60, 60, 80)], [Box(140, 60, 60, 80)]), image)
    assert shown[60:140, 100:140].all()
    assert not shown[60:140, 140:].any()


@given(st.integers(1, 40), st.integers(33, 70), st.integers(33, 70))
def test_a_cell_tells_one_colour(cell: int, height: int, width: int) -> None:
    hidden = mosaic(picture(height, width), cell)
    assert hidden.shape == (height, width, 3)
    for top in range(0, height, cell):
        for left in range(0, width, cell):
            block = hidden[top : top + cell, left : left + cell].reshape(-1, 3)
            assert (block == block[0]).all()


def test_boxes_beyond_the_picture_do_no_harm() -> None:
    image = picture()
    assert same(blur(image, [Box(-50, -50, 80, 80)]), image)[:30, :30].all()
    assert not same(blur(image, [Box(900, 900, 10, 10)]), image).all()


def test_the_picture_itself_is_left_alone() -> None:
    image = picture()
    before = image.copy()
    blur(image, [Box(10, 10, 50, 50)], [Box(100, 100, 40, 40)])
    assert (image == before).all()
