"""Sees what a worker sees, and so knows what must be gone: pictures, crops and templates of people who are not listed.

It looks at the very bytes that were published, with the same models and the same functions as a worker.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watchbound.camera.synthetic import FaceTruth
from watchbound.domain.embedding import Embedding
from watchbound.domain.errors import WatchboundError
from watchbound.domain.face import Box, Detection
from watchbound.domain.frame import Frame
from watchbound.extraction.align import CropTemplate, align
from watchbound.extraction.decode import PictureLimits, decode_jpeg
from watchbound.ports import Detector, Embedder, Image
from watchbound.stack.prove.exact import ExactSearch
from watchbound.stack.prove.forbidden import Forbidden, Material, written_forms
from watchbound.stack.prove.near import NearSearch
from watchbound.stack.prove.scan import Searches

_INNER = 0.8
"""Share of a face's box whose pixels are surely the face's: the wall behind may be behind a listed face too."""
_EVERY_ROW = 4
_LEAST_KNOWN = 0.9

Truth = Callable[[Frame], tuple[FaceTruth, ...]]
"""Who can be seen in a frame, by the ground truth of its footage."""


class TruthMismatch(WatchboundError):
    """The ground truth is not that of the frames: nothing can be proved with it."""


@dataclass(frozen=True, slots=True)
class Eyes:
    """What a worker looks with."""

    detector: Detector
    embedder: Embedder
    template: CropTemplate
    limits: PictureLimits


class Witness:
    """Collects what must not be found.

    Args:
        eyes: as the workers'.
        truth: of the footage.
        listed: people of whom matches, and what belongs to them, may be kept.

    Attributes:
        forbidden: pictures, crops and templates, as they are in a worker's memory.
        templates: of every face of somebody who is not listed, each of shape (d,); `whose`, in the same order.
        faces: how many were seen, by person.
    """

    def __init__(self, eyes: Eyes, truth: Truth, listed: frozenset[str]) -> None:
        self._eyes = eyes
        self._truth = truth
        self._listed = listed
        self.forbidden: list[Forbidden] = []
        self.templates: list[NDArray[np.float32]] = []
        self.whose: list[str] = []
        self._known = 0
        self.frames = 0
        self.faces: Counter[str] = Counter()

    def see(self, frame: Frame) -> None:
        """Look at one frame, opened."""
        self.frames += 1
        image = decode_jpeg(frame.jpeg, self._eyes.limits)
        truths = self._truth(frame)
        strangers: list[tuple[str, Detection]] = []
        for face in self._eyes.detector.detect(image):
            person = _person_at(face.box, truths)
            self._known += person is not None
            self.faces[person or "unknown"] += 1
            if person not in self._listed:
                strangers.append((person or "unknown", face))
        for person, face in strangers:
            self._take(person, face, image)
        if strangers:
            self.forbidden.append(Forbidden(strangers[0][0], Material.JPEG, entropy_of(frame.jpeg)))

    def templates_in(self, jpeg: bytes) -> list[NDArray[np.float32]]:
        """A template of every face that can be found in a picture."""
        image = decode_jpeg(jpeg, self._eyes.limits)
        crops = [align(image, face.landmarks, self._eyes.template) for face in self._eyes.detector.detect(image)]
        return [self._template(crop) for crop in crops]

    def searches(self) -> Searches:
        """Everything seen, ready to be searched for.

        Raises:
            TruthMismatch: too many faces are where nobody was.
        """
        if not self.whose:
            msg = "nobody who is not listed was seen: there is nothing to search for, and nothing would be proved"
            raise TruthMismatch(msg)
        if self._known < _LEAST_KNOWN * self.faces.total():
            msg = f"only {self._known} of {self.faces.total()} faces are where somebody was; is this the same footage?"
            raise TruthMismatch(msg)
        forms = [form for item in self.forbidden for form in _forms(item)]
        return Searches(ExactSearch(forms), NearSearch(np.stack(self.templates), self.whose))

    def _take(self, person: str, face: Detection, image: Image) -> None:
        crop = align(image, face.landmarks, self._eyes.template)
        template = self._template(crop)
        self.templates.append(template)
        self.whose.append(person)
        # Pixel after pixel, as a picture has them, and plane after plane, as a model takes them.
        pieces = [(Material.TEMPLATE, template.tobytes()), (Material.CROP, crop.tobytes())]
        pieces += [(Material.MODEL_INPUT, crop[:, :, channel].tobytes()) for channel in range(3)]
        rows = _inner(image, face.box)
        pieces += [(Material.PIXELS, row.tobytes()) for row in rows[::_EVERY_ROW]]
        self.forbidden += [Forbidden(person, material, data) for material, data in pieces]

    def _template(self, crop: Image) -> NDArray[np.float32]:
        """Of norm 1; with one that is none, nothing would be found and nothing proved: it raises `InvalidValue`."""
        embedder = self._eyes.embedder
        return Embedding(embedder.embed(crop[None])[0], embedder.digest).vector


def entropy_of(jpeg: bytes) -> bytes:
    """What follows a JPEG's headers: those are alike in every picture (ITU-T T.81, B.2.3: from the scan header on)."""
    begin = jpeg.find(b"\xff\xda")
    return jpeg[begin + 2 + int.from_bytes(jpeg[begin + 2 : begin + 4], "big") :]


def _forms(item: Forbidden) -> Iterator[Forbidden]:
    """Rows and planes are searched as they are: as text, a picture would be written from its beginning."""
    if item.material in (Material.PIXELS, Material.MODEL_INPUT):
        yield item
    else:
        yield from written_forms(item)


def _person_at(box: Box, truths: tuple[FaceTruth, ...]) -> str | None:
    """Whose face a detection shows: the person whose true box overlaps it most; None where nobody was."""
    best = max(truths, key=lambda face: face.box.iou(box), default=None)
    return None if best is None or best.box.iou(box) < 0.2 else best.person


def _inner(image: Image, box: Box) -> Image:
    height, width = image.shape[:2]
    x, y = box.centre
    half_width, half_height = box.width * _INNER / 2, box.height * _INNER / 2
    top, bottom = max(int(y - half_height), 0), min(int(y + half_height), height)
    left, right = max(int(x - half_width), 0), min(int(x + half_width), width)
    return image[top:bottom, left:right]
