"""Turns a face upright and to one size, so that the embedder sees eyes, nose and mouth where it learnt them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from watchbound.ports import Image


@dataclass(frozen=True, slots=True, eq=False)
class CropTemplate:
    """The form of an aligned crop.

    Attributes:
        points: shape (5, 2), float32, read-only: where the landmarks lie in a crop, in its pixels.
        width, height: of a crop, in pixels.
    """

    points: NDArray[np.float32]
    width: int
    height: int

    @staticmethod
    def of(points: Sequence[tuple[float, float]], size: tuple[int, int]) -> CropTemplate:
        """From points (x, y) in the order of the landmarks, and (width, height)."""
        fixed = np.asarray(points, dtype=np.float32)
        fixed.flags.writeable = False
        return CropTemplate(fixed, *size)

    @property
    def eye_distance(self) -> float:
        """Pixels between the eyes of a crop."""
        return float(np.hypot(*(self.points[1] - self.points[0])))

    def is_like(self, other: CropTemplate) -> bool:
        """Whether both make the same crops."""
        same_size = (self.width, self.height) == (other.width, other.height)
        return same_size and np.array_equal(self.points, other.points)


ARCFACE_POINTS = (
    (38.2946, 51.6963),
    (73.5318, 51.5014),
    (56.0252, 71.7366),
    (41.5493, 92.3655),
    (70.7299, 92.2041),
)
"""Right eye, left eye, nose tip, right and left mouth corner in a crop of 112×112: the points of Deng et al.,
"ArcFace", 2019, which SFace was trained on and `cv2.FaceRecognizerSF.alignCrop` uses."""

STANDARD = CropTemplate.of(ARCFACE_POINTS, (112, 112))
"""What quality is measured on, whatever the embedder takes: sharpness depends on the size of a crop, and the regions of
eyes and mouth on its template, so that no limit would mean the same for two packs."""


def similarity_transform(source: NDArray[np.float32], target: NDArray[np.float32]) -> NDArray[np.float64]:
    """The rotation, scale and shift, shape (2, 3), that moves `source` closest to `target`, both of shape (n, 2).

    Least squares over the four parameters of a similarity without reflection (Umeyama 1991, in the plane, where it
    has a closed form: for centred points as complex numbers z and w, the factor is Σ conj(z)·w / Σ |z|²).
    """
    source_mean, target_mean = source.mean(axis=0), target.mean(axis=0)
    x, y = (source - source_mean).T.astype(np.float64)
    u, v = (target - target_mean).T.astype(np.float64)
    spread = float(x @ x + y @ y)
    cosine = float(x @ u + y @ v) / spread
    sine = float(x @ v - y @ u) / spread
    linear = np.array([[cosine, -sine], [sine, cosine]])
    shift = target_mean - linear @ source_mean
    return np.hstack([linear, shift[:, None]])


def align(image: Image, landmarks: NDArray[np.float32], template: CropTemplate) -> Image:
    """The face with its five landmarks on the template's five points.

    Args:
        image: the picture in which the landmarks were found.
        landmarks: shape (5, 2), pixels of `image`.
        template: of the crop; part of the model pack, or `STANDARD`.

    Returns:
        Shape (height, width, 3), blue-green-red; black where it reaches beyond the picture.
    """
    matrix = similarity_transform(landmarks, template.points)
    crop: Image = cv2.warpAffine(image, matrix, (template.width, template.height), flags=cv2.INTER_LINEAR)
    return crop
