"""Components of an enrolment picture's quality, each measured for itself, with what to do about it.

They are named as ISO/IEC 29794-5 (and its reference implementation, OFIQ) names them, and rated from 0 to 100 as there,
higher is better. The *measures* are this project's own: OFIQ's need models that are no part of this product's pinned
packs, so a rating here is not comparable with a rating of OFIQ. Each function says what it measures. The scales were
set on synthetic people (docs/watchlists.md says how to measure them again) and are checked by
`tests/integration/test_components.py` under one degradation each.

A component either decides or advises. Those that decide are those of the enrolment gate (`quality.ENROLMENT_GATE`).
The rest only ever advise. Covering is judged by texture alone, so it sees an even cover and not tinted glasses or a
patterned scarf. Of an expression only its geometry is measured, and no emotion is named (`expression`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import cv2
import numpy as np
from numpy.typing import NDArray

from watchbound.domain.face import Detection, FaceQuality
from watchbound.extraction.expression import corners_apart, eyes_open, lips_apart
from watchbound.extraction.quality import ENROLMENT_GATE, roll_of, yaw_of
from watchbound.extraction.regions import FACE, LEFT_EYE, MOUTH, RIGHT_EYE, face_contrast
from watchbound.ports import Image


class Component(Enum):
    """By the names of ISO/IEC 29794-5."""

    SHARPNESS = "sharpness"
    UNDER_EXPOSURE_PREVENTION = "under-exposure-prevention"
    OVER_EXPOSURE_PREVENTION = "over-exposure-prevention"
    DYNAMIC_RANGE = "dynamic-range"
    HEAD_POSE_YAW = "head-pose-yaw"
    HEAD_POSE_PITCH = "head-pose-pitch"
    HEAD_POSE_ROLL = "head-pose-roll"
    INTER_EYE_DISTANCE = "inter-eye-distance"
    EYES_VISIBLE = "eyes-visible"
    MOUTH_OCCLUSION_PREVENTION = "mouth-occlusion-prevention"
    EYES_OPEN = "eyes-open"
    MOUTH_CLOSED = "mouth-closed"
    EXPRESSION_NEUTRALITY = "expression-neutrality"


REMEDY: dict[Component, str] = {
    Component.SHARPNESS: "choose a picture in focus and without motion; sharpening this one adds nothing",
    Component.UNDER_EXPOSURE_PREVENTION: "choose a picture with light on the face",
    Component.OVER_EXPOSURE_PREVENTION: "choose a picture that is not overexposed, without glare on the face",
    Component.DYNAMIC_RANGE: "choose a picture without haze, glare or a veil over the face",
    Component.HEAD_POSE_YAW: "choose a picture that faces the camera",
    Component.HEAD_POSE_PITCH: "choose a picture taken at the height of the eyes, chin neither raised nor lowered",
    Component.HEAD_POSE_ROLL: "choose a picture with the head upright",
    Component.INTER_EYE_DISTANCE: "use the original at its full resolution, or a closer picture",
    Component.EYES_VISIBLE: "check that both eyes are uncovered: no dark glasses, hair or shadow over them",
    Component.MOUTH_OCCLUSION_PREVENTION: "check that mouth and chin are uncovered: no mask, scarf or hand",
    Component.EYES_OPEN: "choose a picture with both eyes open, looking into the camera",
    Component.MOUTH_CLOSED: "choose a picture with the lips closed",
    Component.EXPRESSION_NEUTRALITY: "choose a picture with the mouth at rest, its corners not drawn apart",
}

WEAK = 50
"""Below it a component is told, with its remedy. A picture whose components all reach it needs no second look."""


@dataclass(frozen=True, slots=True)
class Rating:
    """One component of one picture.

    Attributes:
        value: 0 to 100.
        measured: in the component's own unit.
    """

    component: Component
    value: int
    measured: float

    @property
    def weak(self) -> bool:
        """Whether somebody should look for a better picture."""
        return self.value < WEAK

    @property
    def remedy(self) -> str:
        """What to do about it."""
        return REMEDY[self.component]


def rate(detection: Detection, crop: Image, quality: FaceQuality) -> tuple[Rating, ...]:
    """Every component of a face, in the order of `Component`.

    Args:
        detection: in the picture as it was handed in.
        crop: aligned to `align.STANDARD`, blue-green-red.
        quality: what was measured of the same crop already.
    """
    luma = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)
    face = luma[FACE]
    measured = {
        Component.SHARPNESS: quality.sharpness,
        Component.UNDER_EXPOSURE_PREVENTION: float((face < _DARK).mean()),
        Component.OVER_EXPOSURE_PREVENTION: float((face > _BRIGHT).mean()),
        Component.DYNAMIC_RANGE: dynamic_range(face),
        Component.HEAD_POSE_YAW: yaw_of(detection),
        Component.HEAD_POSE_PITCH: pitch_of(detection),
        Component.HEAD_POSE_ROLL: abs(roll_of(detection)),
        Component.INTER_EYE_DISTANCE: detection.eye_distance,
        Component.EYES_VISIBLE: min(texture(luma, RIGHT_EYE), texture(luma, LEFT_EYE)),
        Component.MOUTH_OCCLUSION_PREVENTION: texture(luma, MOUTH),
        Component.EYES_OPEN: eyes_open(luma),
        Component.MOUTH_CLOSED: lips_apart(luma),
        Component.EXPRESSION_NEUTRALITY: corners_apart(detection, luma),
    }
    return tuple(Rating(component, _scaled(component, value), value) for component, value in measured.items())


_DARK, _BRIGHT = 25, 247
"""OFIQ counts luma in 0 to 25 as under-exposed and in 247 to 255 as over-exposed (ISO/IEC 29794-5, 7.3.4 and 7.3.5)."""

_SCALE: dict[Component, tuple[float, float]] = {
    Component.SHARPNESS: (0.0, 2 * ENROLMENT_GATE.min_sharpness),
    Component.UNDER_EXPOSURE_PREVENTION: (0.6, 0.0),
    Component.OVER_EXPOSURE_PREVENTION: (0.4, 0.0),
    Component.DYNAMIC_RANGE: (2.0, 7.0),
    Component.HEAD_POSE_YAW: (2 * ENROLMENT_GATE.max_yaw, 0.0),
    Component.HEAD_POSE_PITCH: (0.5, 0.0),
    Component.HEAD_POSE_ROLL: (40.0, 0.0),
    Component.INTER_EYE_DISTANCE: (0.0, 2 * ENROLMENT_GATE.min_eye_distance),
    Component.EYES_VISIBLE: (0.0, 0.6),
    Component.MOUTH_OCCLUSION_PREVENTION: (0.0, 0.5),
    Component.EYES_OPEN: (0.3, 0.8),
    Component.MOUTH_CLOSED: (2.0, 0.4),
    Component.EXPRESSION_NEUTRALITY: (1.0, 0.14),
}
"""What is rated 0, and what is rated 100; linear in between. Where the gate decides, its limit lies at 50."""


def pitch_of(detection: Detection) -> float:
    """Head pitch from the landmarks: how far the nose is from the middle between eyes and mouth, 0 when level.

    In shares of the distance from the line of the eyes to that of the mouth, along it. A raised chin brings the nose
    nearer to the eyes, a lowered one to the mouth. Faces differ by about 0.1 on their own.
    """
    eyes = detection.landmarks[:2].astype(np.float64).mean(axis=0)
    mouth = detection.landmarks[3:].astype(np.float64).mean(axis=0)
    axis = mouth - eyes
    along = float((detection.landmarks[2].astype(np.float64) - eyes) @ axis) / max(float(axis @ axis), 1e-6)
    return abs(along - _LEVEL_NOSE)


_LEVEL_NOSE = 0.5
"""Where the nose's tip lies in a face that looks straight ahead, from the eyes (0) to the mouth (1)."""


def dynamic_range(luma: NDArray[np.uint8]) -> float:
    """Entropy of the luma's histogram in bits, 0 to 8 (ISO/IEC 29794-5, 7.3.6)."""
    counts = np.bincount(luma.ravel(), minlength=256)
    shares = counts[counts > 0] / luma.size
    return float(-(shares * np.log2(shares)).sum())


def texture(luma: NDArray[np.uint8], region: tuple[slice, slice]) -> float:
    """How much a region of the crop varies, as a share of how much the face does: 0 where something covers it evenly.

    An open eye is lid, white and iris; a mouth is lips and the line between them. Dark glasses or a mask have none of
    this. A share, so that light and haze, which have components of their own, leave it alone. It cannot tell patterned
    cloth from a mouth, nor a shut eye from an open one.
    """
    return float(luma[region].std()) / face_contrast(luma)


def _scaled(component: Component, value: float) -> int:
    worst, best = _SCALE[component]
    return round(100 * min(max((value - worst) / (best - worst), 0.0), 1.0))
