from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from watchbound.extraction.decoding import STRIDES
from watchbound.extraction.yunet import YUNET, decode

WIDTH, HEIGHT = 64, 32
Answers = dict[str, NDArray[np.float32]]


def nothing() -> Answers:
    """What the model answers to an empty picture."""
    sizes = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}
    return {
        name: np.zeros(
            (1, (WIDTH // int(name.split("_")[1])) * (HEIGHT // int(name.split("_")[1])), sizes[name.split("_")[0]]),
            np.float32,
        )
        for name in YUNET.outputs
    }


def put(answers: Answers, stride: int, row: int, column: int, score: float, size: float = 1.0) -> None:
    """One face in a cell, `size` cells wide and high."""
    cell = row * (WIDTH // stride) + column
    answers[f"cls_{stride}"][0, cell] = score
    answers[f"obj_{stride}"][0, cell] = score
    answers[f"bbox_{stride}"][0, cell] = [0.5, 0.5, math.log(size), math.log(size)]
    answers[f"kps_{stride}"][0, cell] = np.arange(10) / 10


def listed(answers: Answers) -> list[NDArray[np.float32]]:
    return [answers[name] for name in YUNET.outputs]


def test_an_empty_picture_has_no_faces() -> None:
    assert decode(listed(nothing()), WIDTH, 0.6, 1.0) == []


@pytest.mark.parametrize("stride", STRIDES)
def test_a_cell_becomes_a_box_around_its_centre(stride: int) -> None:
    answers = nothing()
    put(answers, stride, 0, 1, 0.81, size=2.0)
    (face,) = decode(listed(answers), WIDTH, 0.6, 1.0)
    assert face.box.centre == pytest.approx((1.5 * stride, 0.5 * stride))
    assert (face.box.width, face.box.height) == pytest.approx((2 * stride, 2 * stride))
    assert face.score == pytest.approx(0.81)
    np.testing.assert_allclose(face.landmarks[1], [(1 + 0.2) * stride, 0.3 * stride], rtol=1e-6)


@given(scale=st.floats(0.5, 8.0))
def test_boxes_and_landmarks_are_in_pixels_of_the_original(scale: float) -> None:
    answers = nothing()
    put(answers, 8, 1, 2, 0.9)
    (small,) = decode(listed(answers), WIDTH, 0.6, 1.0)
    (large,) = decode(listed(answers), WIDTH, 0.6, scale)
    assert large.box.x == pytest.approx(small.box.x * scale, rel=1e-5)
    assert large.box.width == pytest.approx(small.box.width * scale, rel=1e-5)
    np.testing.assert_allclose(large.landmarks, small.landmarks * scale, rtol=1e-5)


def test_the_best_comes_first_and_a_worse_box_of_the_same_face_goes() -> None:
    answers = nothing()
    put(answers, 8, 0, 0, 0.7)
    put(answers, 8, 2, 5, 0.9, size=2.0)  # 16 pixels wide around (44, 20)
    put(answers, 16, 1, 2, 0.8, size=1.0)  # 16 pixels wide around (40, 24): they share 39 %
    scores = [face.score for face in decode(listed(answers), WIDTH, 0.6, 1.0)]
    assert scores == pytest.approx([0.9, 0.7])


def test_faces_below_the_least_score_are_none_and_scores_never_exceed_one() -> None:
    answers = nothing()
    put(answers, 8, 0, 0, 0.59)
    put(answers, 8, 3, 7, 1.0000001)
    (face,) = decode(listed(answers), WIDTH, 0.6, 1.0)
    assert face.score == 1.0


def test_a_cell_that_answers_with_no_box_is_no_face() -> None:
    answers = nothing()
    put(answers, 8, 0, 0, 0.9)
    answers["bbox_8"][0, 0, 2] = np.float32(200)  # whose exponential is infinite
    put(answers, 16, 1, 1, 0.8)
    answers["kps_16"][0, 5, 3] = np.nan
    put(answers, 8, 3, 7, 0.7)
    assert [face.score for face in decode(listed(answers), WIDTH, 0.6, 1.0)] == pytest.approx([0.7])
