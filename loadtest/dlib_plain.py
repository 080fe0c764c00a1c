"""The same job with the `face_recognition` package (dlib), as its own examples do it.

kafka-python → cv2.imdecode → face_locations (HOG, enlarged once: its defaults) → face_encodings → the least
face_distance to anybody known. dlib computes on the calling thread alone.

The package is no dependency of the product: `make bench` installs it from `loadtest/requirements.lock`, where the wheel
`dlib-bin` stands for the source package `dlib` that its metadata asks for. One of the models that it loads may not be
used commercially (docs/dependencies.md), which is one more reason why it never leaves this folder.
"""

from __future__ import annotations

import importlib.resources
import sys
import types
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from loadtest.reader import Answer, Found

_PORTRAIT_WIDTH = 640
_STRANGER_DISTANCE = 1.5
"""Of a random vector from the mean of the known; dlib takes two pictures for one person below 0.6."""


class DlibPipeline:
    """Known encodings, and the package's functions; a `FramePipeline`.

    Args:
        lists: each a portrait file a person, by reference. Each face is compared with all of them; one is what a user
            would have.
        strangers: how many random encodings each list holds besides.

    Raises:
        RuntimeError: the package is not installed, or finds no face in a portrait.
    """

    def __init__(self, lists: Sequence[Mapping[str, Path]], strangers: int) -> None:
        cv2.setNumThreads(1)
        self._package = _face_recognition()
        self._lists = [self._known(people, strangers) for people in lists]

    def handle(self, jpeg: bytes) -> list[Found]:
        """See `FramePipeline.handle`; a score is 1 less the distance."""
        image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
        if image is None:
            return []
        rgb = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
        places = self._package.face_locations(rgb)
        found = []
        for (top, right, bottom, left), encoding in zip(places, self._package.face_encodings(rgb, places), strict=True):
            answers = tuple(self._nearest(known, encoding) for known in self._lists)
            found.append(Found(((left + right) / 2, (top + bottom) / 2), answers))
        return found

    def close(self) -> None:
        """Nothing is held."""

    def _nearest(self, known: tuple[list[str], NDArray[np.float64]], encoding: NDArray[np.float64]) -> Answer:
        references, encodings = known
        distances = self._package.face_distance(encodings, encoding)
        best = int(np.argmin(distances))
        return Answer(references[best], 1.0 - float(distances[best]))

    def _known(self, people: Mapping[str, Path], strangers: int) -> tuple[list[str], NDArray[np.float64]]:
        encodings = [self._encoded(portrait) for portrait in people.values()]
        directions = np.random.default_rng(1).normal(size=(strangers, encodings[0].size))
        directions *= _STRANGER_DISTANCE / np.linalg.norm(directions, axis=1, keepdims=True)
        references = [*people, *(f"S{number:06}" for number in range(strangers))]
        return references, np.concatenate([np.stack(encodings), np.mean(encodings, axis=0) + directions])

    def _encoded(self, portrait: Path) -> NDArray[np.float64]:
        picture = cv2.cvtColor(cv2.imread(str(portrait)), cv2.COLOR_BGR2RGB)
        height = round(picture.shape[0] * _PORTRAIT_WIDTH / picture.shape[1])
        found = self._package.face_encodings(
            cv2.resize(picture, (_PORTRAIT_WIDTH, height), interpolation=cv2.INTER_AREA)
        )
        if len(found) != 1:
            msg = f"expected one face in {portrait}, dlib finds {len(found)}"
            raise RuntimeError(msg)
        encoding: NDArray[np.float64] = found[0]
        return encoding


def _face_recognition() -> Any:
    """The package; its models are found through `pkg_resources`, which setuptools no longer has."""
    finder = types.ModuleType("pkg_resources")
    finder.resource_filename = lambda package, name: str(importlib.resources.files(package) / name)  # type: ignore[attr-defined]
    sys.modules.setdefault("pkg_resources", finder)
    try:
        import face_recognition
    except ImportError as error:
        msg = f"{error}; run `make bench`, or pip install --no-deps --require-hashes -r loadtest/requirements.lock"
        raise RuntimeError(msg) from error
    return face_recognition
