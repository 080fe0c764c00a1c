"""The geometry of eyes and mouths on drawn faces: what is measured, and that light and contrast leave it alone."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.unit.extraction.faces import face_at
from watchbound.domain.face import Box, Detection
from watchbound.extraction.components import WEAK, Component, rate
from watchbound.extraction.expression import corners_apart, crosswise, eyes_open, lips_apart, mouth_width
from watchbound.extraction.quality import assess

Luma = NDArray[np.uint8]
RIGHT, LEFT = (38, 52), (74, 52)
SKIN, LID, WHITE, IRIS, LIP, HOLLOW, TEETH = 150, 60, 220, 40, 85, 10, 230


def drawn(*, shut: tuple[tuple[int, int], ...] = (), between: int | None = None) -> Luma:
    """A face of shape (112, 112): eyes open but for those that are `shut`, lips closed or with something between."""
    luma = np.repeat(np.linspace(SKIN + 60, SKIN - 90, 112).astype(np.uint8)[:, None], 112, axis=1)
    for eye in (RIGHT, LEFT):
        if eye in shut:
            cv2.line(luma, (eye[0] - 11, eye[1]), (eye[0] + 11, eye[1]), LID, 2)
            continue
        cv2.ellipse(luma, eye, (9, 4), 0, 0, 360, WHITE, -1)
        cv2.circle(luma, eye, 3, IRIS, -1)
        cv2.ellipse(luma, eye, (9, 4), 0, 180, 360, LID, 1)
    cv2.ellipse(luma, (56, 92), (15, 5), 0, 0, 360, LIP, -1)
    if between is None:
        cv2.line(luma, (41, 92), (71, 92), 60, 1)
    else:
        cv2.ellipse(luma, (56, 94), (8, 5), 0, 0, 360, between, -1)
    return np.asarray(cv2.GaussianBlur(luma, (0, 0), 0.6), np.uint8)


def dimmed(luma: Luma) -> Luma:
    """Half the contrast, and darker."""
    return (luma * 0.5 + 10).astype(np.uint8)


def with_mouth(width: float) -> Detection:
    """A face whose mouth is so many eye distances wide."""
    landmarks = np.array([[38, 52], [74, 52], [56, 72], [56 - 18 * width, 92], [56 + 18 * width, 92]], np.float32)
    return Detection(Box(10, 10, 92, 100), landmarks, 0.9)


def test_edges_that_run_from_side_to_side_are_not_crosswise() -> None:
    across = np.tile(np.repeat(np.array([50, 200], np.uint8), 5), 4)
    level = np.repeat(across[:, None], 30, axis=1)
    assert crosswise(level) == 0
    assert crosswise(np.full((10, 10), 90, np.uint8)) == 0
    assert crosswise(np.ascontiguousarray(level.T)) > 100
    assert crosswise(np.minimum(level, level[:30].T.repeat(2, axis=0)[:40, :])) == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("shut", [(RIGHT,), (LEFT,), (RIGHT, LEFT)])
def test_one_shut_eye_is_enough(shut: tuple[tuple[int, int], ...]) -> None:
    assert eyes_open(drawn(shut=shut)) < 0.55 < eyes_open(drawn())


@pytest.mark.parametrize("between", [HOLLOW, TEETH])
def test_lips_are_apart_where_a_hollow_or_teeth_lie_between_them(between: int) -> None:
    assert lips_apart(drawn()) < 1.2 < lips_apart(drawn(between=between))


def test_a_wider_mouth_and_edges_beside_it_count_as_drawn_corners() -> None:
    rest, smiling = with_mouth(0.86), with_mouth(0.96)
    assert mouth_width(smiling) == pytest.approx(0.96)
    plain, folded = drawn(), drawn()
    for column in (39, 73):
        cv2.line(folded, (column, 80), (column, 97), 60, 2)
    assert corners_apart(smiling, plain) - corners_apart(rest, plain) == pytest.approx(0.2, abs=1e-4)
    assert corners_apart(rest, plain) < 0.57 < corners_apart(rest, folded)


def test_light_and_contrast_leave_all_three_alone() -> None:
    face = with_mouth(0.86)
    for luma in (drawn(), drawn(shut=(RIGHT, LEFT)), drawn(between=HOLLOW), drawn(between=TEETH)):
        assert eyes_open(dimmed(luma)) == pytest.approx(eyes_open(luma), rel=0.1)
        assert lips_apart(dimmed(luma)) == pytest.approx(lips_apart(luma), rel=0.1, abs=0.1)
        assert corners_apart(face, dimmed(luma)) == pytest.approx(corners_apart(face, luma), abs=0.05)


def test_each_component_falls_below_weak_for_its_own_reason_and_says_what_to_do() -> None:
    def weak(luma: Luma, face: Detection) -> dict[Component, str]:
        crop = cv2.cvtColor(luma, cv2.COLOR_GRAY2BGR)
        ratings = rate(face, crop, assess(face, crop))
        assert [rating.component for rating in ratings] == list(Component)
        assert all(rating.weak == (rating.value < WEAK) for rating in ratings)
        return {rating.component: rating.remedy for rating in ratings if rating.weak}

    expression = {Component.EYES_OPEN, Component.MOUTH_CLOSED, Component.EXPRESSION_NEUTRALITY}
    assert not expression & weak(drawn(), with_mouth(0.86)).keys()
    assert expression & weak(drawn(shut=(LEFT,)), with_mouth(0.86)).keys() == {Component.EYES_OPEN}
    assert expression & weak(drawn(between=TEETH), with_mouth(0.86)).keys() == {Component.MOUTH_CLOSED}
    told = weak(drawn(), with_mouth(1.2))
    assert expression & told.keys() == {Component.EXPRESSION_NEUTRALITY}
    assert "mouth at rest" in told[Component.EXPRESSION_NEUTRALITY]


def test_eyes_that_coincide_are_measured_without_dividing_by_nothing() -> None:
    face = face_at(50, 50)
    landmarks = face.landmarks.copy()
    landmarks[1] = landmarks[0]
    assert np.isfinite(mouth_width(Detection(face.box, landmarks, 0.9)))
