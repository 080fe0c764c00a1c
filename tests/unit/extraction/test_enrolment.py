from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.unit.extraction.faces import face_at
from watchbound.domain.face import Detection
from watchbound.extraction.align import ARCFACE_POINTS, STANDARD, CropTemplate
from watchbound.extraction.enrolment import FaceReader, FaceRefused, ImageFault, describe
from watchbound.extraction.quality import ENROLMENT_GATE, QualityFault, QualityGate, assess
from watchbound.ports import Image
from watchbound.testing.eyes import FAKE_DIGEST, ColourEmbedder, ScriptedDetector

OPEN_GATE = QualityGate(1, 2, 0, 0, 255, 0)


def png(image: Image | None = None) -> bytes:
    if image is None:
        image = np.random.default_rng(3).integers(60, 200, (400, 400, 3)).astype(np.uint8)
    _, data = cv2.imencode(".png", image)
    return data.tobytes()


class AlwaysAnswers(ColourEmbedder):
    """Gives the same number throughout for whatever it is shown."""

    def __init__(self, answer: float) -> None:
        super().__init__()
        self._answer = answer

    def embed(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.full((len(crops), self.dimension), self._answer, np.float32)


def reader(*answers: list[Detection], gate: QualityGate = OPEN_GATE) -> FaceReader:
    return FaceReader(ScriptedDetector(answers), ColourEmbedder(), STANDARD, gate)


def refusal(faces: FaceReader, data: bytes) -> FaceRefused:
    with pytest.raises(FaceRefused) as caught:
        faces.read(data)
    return caught.value


def test_one_face_becomes_one_template() -> None:
    faces = reader([face_at(200, 200, 200)])
    face = faces.read(png())
    assert face.embedding.model_digest == faces.model_digest == FAKE_DIGEST
    assert face.embedding.vector.shape == (faces.dimension,)
    assert face.quality.eye_distance == pytest.approx(80)
    assert len(face.image_id) == 64


def test_the_embedder_gets_crops_of_its_own_size_and_quality_means_the_same_with_every_pack() -> None:
    template = CropTemplate.of([(2 * x, 2 * y) for x, y in ARCFACE_POINTS], (224, 240))
    face, embedder = face_at(200, 200, 200), ColourEmbedder()
    image = png()
    large = FaceReader(ScriptedDetector([[face]]), embedder, template, OPEN_GATE).read(image)
    standard = reader([face]).read(image)
    assert embedder.crop_shape == (240, 224, 3)
    assert large.quality == standard.quality
    assert large.components == standard.components


def test_the_same_bytes_have_the_same_id_and_others_another() -> None:
    face = face_at(200, 200, 200)
    faces = reader([face], [face], [face])
    first, second = faces.read(png()), faces.read(png())
    assert first.image_id == second.image_id
    assert faces.read(png(np.full((400, 400, 3), 90, np.uint8))).image_id != first.image_id


def test_no_face_is_looked_for_again_with_room_around_it() -> None:
    found = face_at(360, 360, 300)
    face = reader([], [found]).read(png())
    assert face.quality.eye_distance == pytest.approx(120)
    assert refusal(reader([], []), png()).reason is ImageFault.NO_FACE


def test_several_faces_are_refused_and_named_by_place() -> None:
    refused = refusal(reader([face_at(100, 100, 120), face_at(300, 300, 60)]), png())
    assert refused.reason is ImageFault.SEVERAL_FACES
    assert "found 2: at (100, 100), (300, 300)" in refused.detail


def test_a_face_far_behind_leaves_no_doubt_about_who_is_meant() -> None:
    face = reader([face_at(300, 80, 20), face_at(200, 200, 200)]).read(png())
    assert face.quality.eye_distance == pytest.approx(80)


@pytest.mark.parametrize("data", [b"", b"no image at all", png()[:300]])
def test_what_cannot_be_decoded_is_unreadable(data: bytes) -> None:
    assert refusal(reader([face_at(200, 200, 200)]), data).reason is ImageFault.UNREADABLE


@pytest.mark.parametrize("raw", [np.nan, 0.0])
def test_a_face_of_which_the_model_makes_no_template_is_refused(raw: float) -> None:
    faces = FaceReader(ScriptedDetector([[face_at(200, 200, 200)]]), AlwaysAnswers(raw), STANDARD, OPEN_GATE)
    refused = refusal(faces, png())
    assert refused.reason is ImageFault.NO_TEMPLATE
    assert "finite length" in refused.detail
    assert refused.components


def test_quality_is_asked_of_every_image() -> None:
    flat = np.full((400, 400, 3), 120, np.uint8)
    checker = (np.indices((400, 400)).sum(axis=0) // 4 % 2 * 140 + 50).astype(np.uint8)
    sharp = cv2.cvtColor(checker, cv2.COLOR_GRAY2BGR)
    cases = [
        (sharp, face_at(200, 200, 60), QualityFault.TOO_SMALL),
        (np.full((400, 400, 3), 5, np.uint8), face_at(200, 200, 200), QualityFault.TOO_DARK),
        (np.full((400, 400, 3), 250, np.uint8), face_at(200, 200, 200), QualityFault.TOO_BRIGHT),
        (flat, face_at(200, 200, 200), QualityFault.FLAT),
        (
            cv2.GaussianBlur(np.tile(np.linspace(30, 220, 400, dtype=np.uint8)[:, None, None], (1, 400, 3)), (0, 0), 5),
            face_at(200, 200, 200),
            QualityFault.BLURRED,
        ),
        (sharp, face_at(200, 200, 200, turn=0.4), QualityFault.TURNED_AWAY),
    ]
    for image, detection, fault in cases:
        refused = refusal(reader([detection], gate=ENROLMENT_GATE), png(image))
        assert refused.reason is fault, f"{fault}: {refused}"


@pytest.mark.parametrize("fault", list(QualityFault))
def test_each_fault_says_what_was_measured_and_what_is_asked_for(fault: QualityFault) -> None:
    quality = replace(assess(face_at(200, 200, 200), np.zeros((112, 112, 3), np.uint8)), eye_distance=12)
    assert any(character.isdigit() for character in describe(fault, quality, ENROLMENT_GATE))


def test_a_large_face_is_shrunk_by_areas_and_not_sampled() -> None:
    """Fine texture averages out. Sampled straight to 112 pixels it would alias into detail that is not there."""
    texture = (np.indices((2000, 2000)).sum(axis=0) % 2 * 200 + 20).astype(np.uint8)
    image = cv2.cvtColor(texture, cv2.COLOR_GRAY2BGR)
    quality = reader([face_at(1000, 1000, 1000)]).read(png(image)).quality
    assert quality.eye_distance == pytest.approx(400)
    assert quality.contrast < 10


def test_shrinking_keeps_the_landmarks_where_they_were() -> None:
    """The crop of a large picture equals that of the same picture made smaller beforehand."""
    smooth = cv2.resize(
        np.random.default_rng(5).integers(0, 255, (20, 20, 3)).astype(np.uint8),
        (1600, 1600),
        interpolation=cv2.INTER_CUBIC,
    )
    small = cv2.resize(smooth, (800, 800), interpolation=cv2.INTER_AREA)
    large_face = reader([face_at(800.5, 800.5, 700)]).read(png(smooth))
    small_face = reader([face_at(400, 400, 350)]).read(png(small))
    assert large_face.embedding.similarity(small_face.embedding) > 0.9999
    assert large_face.quality.brightness == pytest.approx(small_face.quality.brightness, abs=0.5)
