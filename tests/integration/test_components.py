"""Each component of an enrolment picture's quality falls under its own degradation, and the others stay.

`pytest tests/integration/test_components.py -s` prints the rows of the table in docs/watchlists.md.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from openpeople.io import get_curated_dir

from watchbound.adapters.onnx_runtime import OnnxDetector
from watchbound.domain.face import Detection
from watchbound.extraction.align import CropTemplate, align
from watchbound.extraction.components import WEAK, Component, rate
from watchbound.extraction.model_pack import ModelPack
from watchbound.extraction.quality import assess
from watchbound.ports import Image
from watchbound.settings import ModelSettings, load

MOVES_LITTLE = 25
"""Most points that a component may lose under another's degradation, in the median of ten people."""

EYES_APART = 70.0
Degrade = Callable[[Image, Detection], Image]


def portraits() -> list[Image]:
    root = Path(get_curated_dir())
    return [np.asarray(cv2.imread(str(path)), np.uint8) for path in sorted(root.glob("P*/assets/studio_portrait.jpg"))]


def blurred(image: Image, face: Detection) -> Image:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), 0.05 * face.eye_distance), np.uint8)


def dark(image: Image, _face: Detection) -> Image:
    return (image * 0.1).astype(np.uint8)


def bright(image: Image, _face: Detection) -> Image:
    return np.asarray(cv2.add(image, (180, 180, 180, 0)), np.uint8)


def flat(image: Image, _face: Detection) -> Image:
    return np.asarray(0.25 * image + 0.75 * image.mean(), np.uint8)


def tilted(image: Image, _face: Detection) -> Image:
    height, width = image.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 30, 1.0)
    return np.asarray(cv2.warpAffine(image, turn, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8)


def small(image: Image, face: Detection) -> Image:
    scale = 20 / face.eye_distance
    return np.asarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


def eyes_covered(image: Image, face: Detection) -> Image:
    for point in face.landmarks[:2]:
        _cover(image, point, 0.35 * face.eye_distance, 0.2 * face.eye_distance)
    return image


def mouth_covered(image: Image, face: Detection) -> Image:
    _cover(image, face.landmarks[3:].mean(axis=0), 0.6 * face.eye_distance, 0.35 * face.eye_distance)
    return image


def _cover(image: Image, centre: np.ndarray[tuple[int], np.dtype[np.float32]], half_w: float, half_h: float) -> None:
    x, y = (float(value) for value in centre)
    corners = (int(x - half_w), int(y - half_h)), (int(x + half_w), int(y + half_h))
    cv2.rectangle(image, *corners, (150, 170, 200), -1)


CASES: list[tuple[Degrade, Component, frozenset[Component]]] = [
    # Sideways, an open eye's edges lie nearer to one another than those of its lids: they blur into one first.
    (blurred, Component.SHARPNESS, frozenset({Component.EYES_OPEN})),
    (
        dark,
        Component.UNDER_EXPOSURE_PREVENTION,
        # What is nearly black has no fine detail and few grey levels left.
        frozenset({Component.SHARPNESS, Component.DYNAMIC_RANGE}),
    ),
    (
        bright,
        Component.OVER_EXPOSURE_PREVENTION,
        # What is nearly white has few grey levels left, and little contrast against which to measure an edge.
        frozenset({Component.DYNAMIC_RANGE, Component.EXPRESSION_NEUTRALITY}),
    ),
    # Sharpness is measured in grey levels, and fewer of them are left.
    (flat, Component.SHARPNESS, frozenset({Component.DYNAMIC_RANGE})),
    (tilted, Component.HEAD_POSE_ROLL, frozenset()),
    # Fewer pixels hold less detail.
    (small, Component.INTER_EYE_DISTANCE, frozenset({Component.SHARPNESS})),
    # Nobody sees whether a covered eye is open.
    (eyes_covered, Component.EYES_VISIBLE, frozenset({Component.EYES_OPEN})),
    (mouth_covered, Component.MOUTH_OCCLUSION_PREVENTION, frozenset()),
]


@pytest.fixture(scope="module")
def detector(model_pack: ModelPack) -> OnnxDetector:
    return OnnxDetector(model_pack, load(ModelSettings), width=640)


def medians(detector: OnnxDetector, template: CropTemplate, degrade: Degrade | None) -> dict[Component, float]:
    rows = []
    for image in portraits():
        seen = image if degrade is None else degrade(image.copy(), detector.detect(image)[0])
        found = detector.detect(seen)
        assert found, "a degradation that hides the face altogether tests nothing"
        crop = _crop(seen, found[0], template)
        rows.append({rating.component: rating.value for rating in rate(found[0], crop, assess(found[0], crop))})
    assert len(rows) == 10
    return {component: float(np.median([row[component] for row in rows])) for component in Component}


def _crop(image: Image, face: Detection, template: CropTemplate) -> Image:
    landmarks, scale = face.landmarks, EYES_APART / face.eye_distance
    if scale < 1:
        image = np.asarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
        landmarks = ((landmarks + 0.5) * scale - 0.5).astype(np.float32)
    return align(image, landmarks, template)


@pytest.mark.parametrize(("degrade", "own", "follow"), CASES, ids=lambda value: getattr(value, "__name__", ""))
def test_a_degradation_is_seen_by_its_own_component(
    detector: OnnxDetector, model_pack: ModelPack, degrade: Degrade, own: Component, follow: frozenset[Component]
) -> None:
    template = model_pack.embedder.template
    clean, worse = medians(detector, template, None), medians(detector, template, degrade)
    for name, row in (("clean", clean), (degrade.__name__, worse)):
        print(name, *(f"{one.value} {value:.0f}" for one, value in row.items()), sep=" | ")
    assert all(value >= WEAK for value in clean.values()), clean
    assert worse[own] < WEAK, worse
    fell = {one for one in Component if clean[one] - worse[one] > MOVES_LITTLE}
    assert fell <= follow | {own}, {one.value: (clean[one], worse[one]) for one in fell}
