"""Detections made by hand."""

from __future__ import annotations

import numpy as np

from watchbound.domain.face import Box, Detection


def face_at(x: float, y: float, size: float = 60.0, *, turn: float = 0.0, score: float = 0.9) -> Detection:
    """A frontal face whose box is centred on (x, y); `turn` moves the nose by so many eye distances."""
    eye = size * 0.4
    landmarks = np.array(
        [
            [x - eye / 2, y - size * 0.15],
            [x + eye / 2, y - size * 0.15],
            [x + turn * eye, y + size * 0.05],
            [x - eye * 0.4, y + size * 0.25],
            [x + eye * 0.4, y + size * 0.25],
        ],
        dtype=np.float32,
    )
    return Detection(Box(x - size / 2, y - size / 2, size, size), landmarks, score)
