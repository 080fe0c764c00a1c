"""Models without models: a detector that is told what to find, and an embedder that tells people by their colour."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from watchbound.domain.face import Detection
from watchbound.ports import Image

FAKE_DIGEST = "f" * 64


class ScriptedDetector:
    """A `Detector` whose answers were written beforehand, one for each picture; nobody once they are used up."""

    digest = FAKE_DIGEST
    provider = "ScriptedProvider"

    def __init__(self, answers: Iterable[list[Detection]]) -> None:
        self._answers: Iterator[list[Detection]] = iter(answers)
        self.forgotten = 0

    def detect(self, image: Image) -> list[Detection]:
        """The next answer."""
        return next(self._answers, [])

    def forget(self) -> None:
        """It keeps nothing, and counts how often it was asked."""
        self.forgotten += 1


class ColourEmbedder:
    """An `Embedder` for which a person is a hue: crops of similar colour have similar templates.

    Attributes:
        calls: how many faces each call embedded.
        crop_shape: (height, width, 3) of the crops that were embedded last.
    """

    digest = FAKE_DIGEST
    provider = "ColourProvider"
    dimension = 3

    def __init__(self) -> None:
        self.calls: list[int] = []
        self.crop_shape: tuple[int, ...] = ()
        self.forgotten = 0

    def embed(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Mean blue, green and red of each crop of shape (n, h, w, 3) as a unit vector of shape (n, 3)."""
        self.calls.append(len(crops))
        self.crop_shape = crops.shape[1:]
        means = crops.reshape(len(crops), -1, 3).mean(axis=1).astype(np.float32) + np.float32(1e-3)
        return np.asarray(means / np.linalg.norm(means, axis=1, keepdims=True), np.float32)

    def forget(self) -> None:
        """It keeps nothing, and counts how often it was asked."""
        self.forgotten += 1


def colour_template(blue: float, green: float, red: float) -> NDArray[np.float32]:
    """What `ColourEmbedder` makes of a person of this colour, shape (3,)."""
    vector = np.array([blue, green, red], np.float32)
    return np.asarray(vector / np.linalg.norm(vector), np.float32)
