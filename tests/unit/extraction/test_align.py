from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from watchbound.extraction.align import ARCFACE_POINTS, STANDARD, CropTemplate, align, similarity_transform

TEMPLATE = STANDARD.points
LARGE = CropTemplate.of([(2 * x + 16, 2 * y) for x, y in ARCFACE_POINTS], (256, 224))


def moved(points: NDArray[np.float32], angle: float, scale: float, shift: tuple[float, float]) -> NDArray[np.float32]:
    cosine, sine = np.cos(angle) * scale, np.sin(angle) * scale
    return np.asarray(points @ np.array([[cosine, sine], [-sine, cosine]]) + np.array(shift), np.float32)


@given(st.floats(-3.1, 3.1), st.floats(0.2, 8.0), st.floats(-500, 500), st.floats(-500, 500))
def test_any_similarity_is_undone(angle: float, scale: float, x: float, y: float) -> None:
    matrix = similarity_transform(moved(TEMPLATE, angle, scale, (x, y)), TEMPLATE)
    back = moved(TEMPLATE, angle, scale, (x, y)) @ matrix[:, :2].T + matrix[:, 2]
    np.testing.assert_allclose(back, TEMPLATE, atol=0.02)


def test_it_agrees_with_least_squares() -> None:
    """Against numpy's own solver on the four linear parameters, with landmarks that fit no similarity exactly."""
    source = moved(TEMPLATE, 0.3, 2.0, (200, 100)) + np.random.default_rng(5).normal(0, 3, (5, 2)).astype(np.float32)
    rows = np.array([[[x, -y, 1, 0], [y, x, 0, 1]] for x, y in source]).reshape(10, 4)
    (a, b, tx, ty), *_ = np.linalg.lstsq(rows, TEMPLATE.reshape(10), rcond=None)
    np.testing.assert_allclose(similarity_transform(source, TEMPLATE), [[a, -b, tx], [b, a, ty]], atol=1e-4)


@pytest.mark.parametrize("template", [STANDARD, LARGE])
def test_landmarks_land_on_the_template(template: CropTemplate) -> None:
    image = np.zeros((400, 500, 3), np.uint8)
    landmarks = moved(TEMPLATE, 0.2, 1.5, (150, 80))
    for x, y in landmarks:
        cv2.circle(image, (round(float(x)), round(float(y))), 4, (255, 255, 255), -1)
    crop = align(image, landmarks, template)
    assert crop.shape == (template.height, template.width, 3)
    assert all(crop[round(float(y)), round(float(x))].min() > 200 for x, y in template.points)


@pytest.mark.parametrize("shift", [(-1000.0, 0.0), (0.0, 1000.0)])
def test_a_face_beyond_the_picture_is_black_not_an_error(shift: tuple[float, float]) -> None:
    crop = align(np.full((50, 50, 3), 255, np.uint8), moved(TEMPLATE, 0, 1, shift), STANDARD)
    assert not crop.any()
