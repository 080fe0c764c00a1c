from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given

from watchbound.domain.errors import InvalidValue
from watchbound.domain.face import Box, Detection

from ..strategies import boxes

POINTS = np.array([[10, 20], [40, 60], [25, 45], [15, 70], [35, 70]], dtype=np.float32)


@given(boxes, boxes)
def test_overlap_is_symmetric_and_in_range(one: Box, other: Box) -> None:
    assert one.iou(other) == pytest.approx(other.iou(one))
    assert 0.0 <= one.iou(other) <= 1.0 + 1e-9


@given(boxes)
def test_a_box_overlaps_itself_wholly_where_its_size_is_not_lost_in_its_place(box: Box) -> None:
    if min(box.width, box.height) > 1:
        assert box.iou(box) == pytest.approx(1.0)


def test_overlap_by_hand() -> None:
    assert Box(0, 0, 2, 2).iou(Box(1, 0, 2, 2)) == pytest.approx(1 / 3)
    assert Box(0, 0, 2, 2).iou(Box(2, 0, 2, 2)) == 0.0


def test_area_and_centre() -> None:
    box = Box(-4, 2, 6, 8)
    assert (box.area, box.centre) == (48, (-1.0, 6.0))


@pytest.mark.parametrize("bad", [(math.nan, 0, 1, 1), (0, math.inf, 1, 1), (0, 0, 0, 1), (0, 0, 1, -1)])
def test_a_box_has_finite_corners_and_an_area(bad: tuple[float, float, float, float]) -> None:
    with pytest.raises(InvalidValue, match="a box must have"):
        Box(*bad)


def test_the_distance_between_the_eyes() -> None:
    assert Detection(Box(0, 0, 1, 1), POINTS, 0.9).eye_distance == pytest.approx(50.0)


@pytest.mark.parametrize("points", [POINTS[:4], POINTS.reshape(2, 5), np.full((5, 2), np.nan, np.float32)])
def test_landmarks_are_five_finite_points(points: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> None:
    with pytest.raises(InvalidValue, match="five finite points"):
        Detection(Box(0, 0, 1, 1), points, 0.9)


@pytest.mark.parametrize("score", [-0.01, 1.01, math.nan])
def test_a_detection_score_is_a_confidence(score: float) -> None:
    with pytest.raises(InvalidValue, match="detection score"):
        Detection(Box(0, 0, 1, 1), POINTS, score)
