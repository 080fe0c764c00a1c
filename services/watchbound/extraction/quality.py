"""How well a face can be seen, and whether that is good enough.

Components are named after ISO/IEC 29794-5. Each is a few microseconds on the standard crop: quality decides which
shots are worth the eight milliseconds of an embedding.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

import cv2
import numpy as np

from watchbound.domain.face import Detection, FaceQuality
from watchbound.ports import Image


class QualityFault(Enum):
    """Why a face is not worth a template. Each value is a metric label and a line in an enrolment report."""

    TOO_SMALL = "too_small"
    TURNED_AWAY = "turned_away"
    BLURRED = "blurred"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    FLAT = "flat"


@dataclass(frozen=True, slots=True)
class QualityGate:
    """The least that is accepted; see `FaceQuality` for units."""

    min_eye_distance: float
    max_yaw: float
    min_sharpness: float
    min_brightness: float
    max_brightness: float
    min_contrast: float

    def geometry_fault(self, detection: Detection) -> QualityFault | None:
        """What the landmarks alone forbid, before any pixel is touched."""
        if detection.eye_distance < self.min_eye_distance:
            return QualityFault.TOO_SMALL
        if yaw_of(detection) > self.max_yaw:
            return QualityFault.TURNED_AWAY
        return None

    def fault(self, quality: FaceQuality) -> QualityFault | None:
        """The first component that fails, in the order in which a photographer would mend them."""
        checks = (
            (quality.eye_distance < self.min_eye_distance, QualityFault.TOO_SMALL),
            (quality.brightness < self.min_brightness, QualityFault.TOO_DARK),
            (quality.brightness > self.max_brightness, QualityFault.TOO_BRIGHT),
            (quality.contrast < self.min_contrast, QualityFault.FLAT),
            (quality.sharpness < self.min_sharpness, QualityFault.BLURRED),
            (quality.yaw > self.max_yaw, QualityFault.TURNED_AWAY),
        )
        return next((fault for failed, fault in checks if failed), None)


def live_gate(min_eye_distance: float) -> QualityGate:
    """For passers-by: lets everything through that an embedder can use; shots are then ranked, not refused."""
    return QualityGate(
        min_eye_distance=min_eye_distance,
        max_yaw=0.75,
        min_sharpness=15.0,
        min_brightness=25.0,
        max_brightness=235.0,
        min_contrast=10.0,
    )


ENROLMENT_GATE = QualityGate(
    min_eye_distance=40.0,
    max_yaw=0.45,
    min_sharpness=60.0,
    min_brightness=45.0,
    max_brightness=220.0,
    min_contrast=18.0,
)
"""For watchlist images: one poor image is asked against every passer-by, so it must be better than any shot."""


def yaw_of(detection: Detection) -> float:
    """Head turn from the landmarks: 0 when the nose lies midway between the eyes, 1 when it lies under one."""
    right_eye, left_eye, nose = detection.landmarks[:3].astype(np.float64)
    axis = left_eye - right_eye
    along = float((nose - (right_eye + left_eye) / 2) @ axis) / max(float(axis @ axis), 1e-6)
    return min(2 * abs(along), 2.0)


def roll_of(detection: Detection) -> float:
    """Head tilt in degrees: the angle of the line through the eyes."""
    dx, dy = (detection.landmarks[1] - detection.landmarks[0]).astype(np.float64)
    return float(np.degrees(np.arctan2(dy, dx)))


def assess(detection: Detection, crop: Image) -> FaceQuality:
    """Measure a detected face on its crop, aligned to `align.STANDARD` whatever the embedder takes."""
    luma = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)
    mean, deviation = cv2.meanStdDev(luma)
    _, edges = cv2.meanStdDev(cv2.Laplacian(luma, cv2.CV_16S))
    return FaceQuality(
        eye_distance=detection.eye_distance,
        sharpness=float(edges[0, 0] ** 2),
        brightness=float(mean[0, 0]),
        contrast=float(deviation[0, 0]),
        yaw=yaw_of(detection),
        roll=roll_of(detection),
        detector_score=detection.score,
    )


def worth(quality: FaceQuality) -> float:
    """One number in (0, 1] to rank the shots of one track and to weigh them when they are fused.

    Each factor saturates where more no longer helps an embedder of 112×112: beyond 36 pixels between the eyes (the
    standard crop's own 35.2), beyond a Laplacian variance of 300, and the more frontal the better. An embedder of
    larger crops is content with the same, so that worth means the same with every pack.
    """
    size = min(quality.eye_distance / 36.0, 1.0)
    sharpness = math.sqrt(min(quality.sharpness / 300.0, 1.0))
    pose = max(1.0 - quality.yaw, 0.1)
    light = 1.0 - min(abs(quality.brightness - 125.0) / 125.0, 0.9)
    return max(size * sharpness * pose * math.sqrt(light) * quality.detector_score, 1e-3)


def worth_bound(detection: Detection) -> float:
    """No crop of this detection can be worth more: what `worth` would say of a sharp and well-lit one."""
    size = min(detection.eye_distance / 36.0, 1.0)
    return size * max(1.0 - yaw_of(detection), 0.1) * detection.score
