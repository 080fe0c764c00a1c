"""Turns a face upright and to one size, so that the embedder sees eyes, nose and mouth where it learnt them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from watchbound.ports import Image

CROP_SIZE = 112


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


def align(image: Image, landmarks: NDArray[np.float32], template: NDArray[np.float32]) -> Image:
    """The face with its five landmarks on the template's five points.

    Args:
        image: the picture in which the landmarks were found.
        landmarks: shape (5, 2), pixels of `image`.
        template: shape (5, 2), pixels of the crop; part of the model pack.

    Returns:
        Shape (112, 112, 3), blue-green-red; black where it reaches beyond the picture.
    """
    matrix = similarity_transform(landmarks, template)
    crop: Image = cv2.warpAffine(image, matrix, (CROP_SIZE, CROP_SIZE), flags=cv2.INTER_LINEAR)
    return crop
