"""What makes a picture worse does just that, and nothing at its harmless end."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.extraction.faces import face_at
from watchbound.evaluation.degrade import blurred, covered, exposed, moved, placed
from watchbound.ports import Image


def noise(side: int = 80) -> Image:
    return np.random.default_rng(3).integers(0, 256, (side, side, 3)).astype(np.uint8)


def edges(image: Image) -> float:
    return float(np.abs(np.diff(image.astype(np.float32), axis=1)).mean())


def test_the_harmless_ends_change_nothing() -> None:
    image, face = noise(), face_at(40, 40, 30)
    for same in (blurred(image, 0), moved(image, 0), covered(image, face, 0, from_below=True), exposed(image, 0, 1)):
        assert np.array_equal(same, image)


@given(st.floats(0.6, 4), st.floats(0.3, 2))
def test_more_blur_leaves_fewer_edges(sigma: float, more: float) -> None:
    assert edges(blurred(noise(), sigma + more)) < edges(blurred(noise(), sigma)) < edges(noise())
    assert edges(moved(noise(), 8)) < edges(moved(noise(), 3))


def test_stops_halve_and_double_the_light() -> None:
    grey = np.full((40, 40, 3), 128, np.uint8)
    means = [float(exposed(grey, stops, 1).mean()) for stops in (-3, -2, -1, 0, 1, 3)]
    assert means == sorted(means)
    light = (np.array(means) / 255) ** 2.2
    assert light[2] / light[3] == pytest.approx(0.5, rel=0.03)
    assert means[-1] == 255


@pytest.mark.parametrize("from_below", [True, False])
def test_a_cover_hides_its_share_of_the_box(from_below: bool) -> None:
    face = face_at(40, 40, 30)
    image = np.full((80, 80, 3), 200, np.uint8)
    hidden = (covered(image, face, 0.5, from_below=from_below) != image).any(axis=2)
    assert hidden.sum() / face.box.area == pytest.approx(0.5, abs=0.06)
    assert hidden[: round(face.box.centre[1])].any() is not from_below or from_below


def test_a_face_is_put_in_the_middle_at_the_wanted_size_and_never_enlarged() -> None:
    image, face = noise(200), face_at(60, 70, 40)
    half = placed(image, face, face.eye_distance / 2, 160)
    assert half.shape == (160, 160, 3)
    assert np.array_equal(placed(image, face, face.eye_distance * 3, 90), placed(image, face, face.eye_distance, 90))
    centre = np.array(face.box.centre)
    whole = placed(image, face, face.eye_distance, 40)
    left, top = np.round(20 - centre).astype(int)
    assert np.array_equal(whole[20, 20], image[20 - top, 20 - left])
