"""A face in a picture: where it is, and how well it can be seen."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watchbound.domain.errors import InvalidValue


@dataclass(frozen=True, slots=True)
class Box:
    """An upright rectangle in pixels; (x, y) is its top-left corner and may lie outside the picture."""

    x: float
    y: float
    width: float
    height: float

    def __post_init__(self) -> None:
        if not all(math.isfinite(v) for v in (self.x, self.y, self.width, self.height)):
            msg = "a box must have finite corners"
            raise InvalidValue(msg)
        if self.width <= 0 or self.height <= 0:
            msg = f"a box must have an area, got {self.width:g}×{self.height:g}"
            raise InvalidValue(msg)

    @property
    def area(self) -> float:
        """Square pixels."""
        return self.width * self.height

    @property
    def centre(self) -> tuple[float, float]:
        """(x, y) in pixels."""
        return self.x + self.width / 2, self.y + self.height / 2

    def iou(self, other: Box) -> float:
        """Intersection over union, in [0, 1]."""
        width = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        height = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        if width <= 0 or height <= 0:
            return 0.0
        shared = width * height
        return shared / (self.area + other.area - shared)


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """What a detector says of one face.

    Attributes:
        box: in pixels of the picture that was given to the detector.
        landmarks: shape (5, 2), float32, (x, y) of the person's right eye, left eye, nose tip, right and left
            mouth corner (the order of YuNet and of the SFace template).
        score: the detector's confidence in [0, 1].
    """

    box: Box
    landmarks: NDArray[np.float32]
    score: float

    def __post_init__(self) -> None:
        if self.landmarks.shape != (5, 2) or not np.isfinite(self.landmarks).all():
            msg = f"landmarks must be five finite points, got shape {self.landmarks.shape}"
            raise InvalidValue(msg)
        if not 0.0 <= self.score <= 1.0:
            msg = f"a detection score lies in [0, 1], got {self.score}"
            raise InvalidValue(msg)

    @property
    def eye_distance(self) -> float:
        """Pixels between the eyes: the size of a face as the standards count it."""
        return float(np.hypot(*(self.landmarks[1] - self.landmarks[0])))


@dataclass(frozen=True, slots=True)
class FaceQuality:
    """Measured components of one face's quality, named after ISO/IEC 29794-5.

    Attributes:
        eye_distance: inter-eye distance in pixels.
        sharpness: variance of the Laplacian of the aligned crop's luma (grey levels squared); higher is sharper.
        brightness: mean luma of the aligned crop, 0 to 255.
        contrast: standard deviation of that luma.
        yaw: head turn estimated from the landmarks, 0 frontal to about 1 profile (unitless).
        roll: head tilt in degrees from the line through the eyes, signed.
        detector_score: the detector's confidence, in [0, 1].
    """

    eye_distance: float
    sharpness: float
    brightness: float
    contrast: float
    yaw: float
    roll: float
    detector_score: float
