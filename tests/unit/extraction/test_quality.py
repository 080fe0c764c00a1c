from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.extraction.faces import face_at
from watchbound.domain.face import FaceQuality
from watchbound.extraction.quality import (
    ENROLMENT_GATE,
    QualityFault,
    assess,
    live_gate,
    roll_of,
    worth,
    worth_bound,
    yaw_of,
)
from watchbound.ports import Image

GOOD = FaceQuality(eye_distance=60, sharpness=400, brightness=125, contrast=45, yaw=0.05, roll=0, detector_score=0.95)


def textured(brightness: float = 125, contrast: float = 40) -> Image:
    noise = np.random.default_rng(1).normal(0, 1, (28, 28)).astype(np.float32)
    smooth = cv2.resize(noise, (112, 112), interpolation=cv2.INTER_CUBIC)
    smooth = (smooth - smooth.mean()) / smooth.std() * contrast + brightness
    return np.repeat(np.clip(smooth, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def test_blur_darkness_and_flatness_are_measured() -> None:
    sharp, face = textured(), face_at(200, 200)
    blurred = cv2.GaussianBlur(sharp, (0, 0), 4)
    assert assess(face, sharp).sharpness > 4 * assess(face, blurred).sharpness
    assert assess(face, textured(brightness=30)).brightness == pytest.approx(30, abs=8)
    assert assess(face, textured(contrast=10)).contrast == pytest.approx(10, abs=2)


def test_pose_is_read_from_the_landmarks() -> None:
    assert yaw_of(face_at(0, 0)) == pytest.approx(0, abs=1e-6)
    assert yaw_of(face_at(0, 0, turn=0.5)) == pytest.approx(1.0, abs=1e-6)
    assert yaw_of(face_at(0, 0, turn=-0.25)) == pytest.approx(0.5, abs=1e-6)
    assert roll_of(face_at(0, 0)) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"eye_distance": 12.0}, QualityFault.TOO_SMALL),
        ({"brightness": 10.0}, QualityFault.TOO_DARK),
        ({"brightness": 250.0}, QualityFault.TOO_BRIGHT),
        ({"contrast": 2.0}, QualityFault.FLAT),
        ({"sharpness": 2.0}, QualityFault.BLURRED),
        ({"yaw": 0.95}, QualityFault.TURNED_AWAY),
    ],
)
def test_each_component_can_fail_alone(change: dict[str, float], fault: QualityFault) -> None:
    for gate in (live_gate(14.0), ENROLMENT_GATE):
        assert gate.fault(GOOD) is None
        assert gate.fault(replace(GOOD, **change)) is fault


def test_enrolment_asks_for_more_than_a_passing_shot() -> None:
    passing = replace(GOOD, eye_distance=20.0, sharpness=30.0)
    assert live_gate(14.0).fault(passing) is None
    assert ENROLMENT_GATE.fault(passing) is QualityFault.TOO_SMALL


@given(
    st.floats(1, 200), st.floats(0, 2000), st.floats(0, 255), st.floats(0, 100), st.floats(0, 0.49), st.floats(0.5, 1)
)
def test_worth_lies_in_its_range_and_under_its_bound(
    size: float, sharpness: float, brightness: float, contrast: float, turn: float, score: float
) -> None:
    face = face_at(0, 0, size / 0.4, turn=turn, score=score)
    quality = FaceQuality(face.eye_distance, sharpness, brightness, contrast, yaw_of(face), roll_of(face), score)
    assert 0 < worth(quality) <= 1
    assert worth(quality) <= max(worth_bound(face), 1e-3) + 1e-6
