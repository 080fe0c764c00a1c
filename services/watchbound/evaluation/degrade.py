"""Makes a good picture of a face as bad as a camera might: pure functions of pixels."""

from __future__ import annotations

import cv2
import numpy as np

from watchbound.domain.face import Detection
from watchbound.ports import Image

_GREY = 118
_READ_NOISE = 1.5
"""Standard deviation in grey levels that a darkened picture gains: lifting shadows shows the sensor's noise."""

_GAMMA = 2.2


def placed(image: Image, face: Detection, eyes: float, side: int) -> Image:
    """The face in the middle of a grey square with this many pixels between its eyes; never enlarged.

    Args:
        image: shape (height, width, 3).
        face: where it is in the picture.
        eyes: wanted distance in pixels, at most the picture's own.
        side: of the square, in pixels.
    """
    scale = min(eyes / face.eye_distance, 1.0)
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    x, y = (coordinate * scale for coordinate in face.box.centre)
    canvas = np.full((side, side, 3), _GREY, np.uint8)
    left, top = round(side / 2 - x), round(side / 2 - y)
    rows, columns = small.shape[:2]
    into = (slice(max(top, 0), min(top + rows, side)), slice(max(left, 0), min(left + columns, side)))
    taken = (
        slice(into[0].start - top, into[0].stop - top),
        slice(into[1].start - left, into[1].stop - left),
    )
    canvas[into] = small[taken]
    return canvas


def blurred(image: Image, sigma: float) -> Image:
    """Out of focus: a Gaussian of `sigma` pixels; 0 leaves it."""
    return image if sigma <= 0 else np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), dtype=np.uint8)


def moved(image: Image, pixels: float) -> Image:
    """Smeared sideways by a motion of so many pixels during the exposure; below 1 leaves it."""
    length = round(pixels)
    if length < 2:
        return image
    kernel = np.full((1, length), 1.0 / length, np.float32)
    return np.asarray(cv2.filter2D(image, -1, kernel, borderType=cv2.BORDER_REPLICATE), dtype=np.uint8)


def exposed(image: Image, stops: float, seed: int) -> Image:
    """Light halved (below 0) or doubled (above) so many times, with what eight bits and a sensor's noise leave."""
    light = (image.astype(np.float32) / 255.0) ** _GAMMA * 2.0**stops
    grey = np.clip(light, 0.0, 1.0) ** (1.0 / _GAMMA) * 255.0
    noise = np.random.default_rng(seed).normal(0.0, _READ_NOISE, image.shape) if stops < 0 else 0.0
    return np.asarray(np.clip(np.round(grey + noise), 0, 255), dtype=np.uint8)


def covered(image: Image, face: Detection, share: float, *, from_below: bool) -> Image:
    """With this share of the face's box hidden: from the chin upwards as by a scarf, or from the top as by a cap."""
    if share <= 0:
        return image
    box, hidden = face.box, image.copy()
    left, right = max(round(box.x), 0), round(box.x + box.width)
    top, bottom = max(round(box.y), 0), round(box.y + box.height)
    edge = round(share * box.height)
    rows = slice(max(bottom - edge, 0), bottom) if from_below else slice(top, top + edge)
    hidden[rows, left:right] = (60, 50, 40)
    return hidden
