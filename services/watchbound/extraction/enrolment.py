"""One still image to one face template, or the reason why it makes none."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import cv2
import numpy as np

from watchbound.domain.embedding import Embedding
from watchbound.domain.errors import InvalidValue, Poison, WatchboundError
from watchbound.domain.face import Box, Detection, FaceQuality
from watchbound.extraction.align import STANDARD, CropTemplate, align
from watchbound.extraction.components import Rating, rate
from watchbound.extraction.decode import PictureLimits
from watchbound.extraction.quality import ENROLMENT_GATE, QualityFault, QualityGate, assess
from watchbound.extraction.shots import cut_context
from watchbound.extraction.still import STILL_LIMITS, read_still
from watchbound.ports import Detector, Embedder, Image

BYSTANDER = 0.25
"""A second face whose eyes are less than this share of the first's apart leaves no doubt about who is meant."""

_BORDER = 0.4
_EYES_BEFORE_ALIGNING = 2.0
"""Times the distance between a crop's eyes: from there linear interpolation does not alias."""


class ImageFault(Enum):
    """Why an image makes no template, whatever its quality. Each value is a line in a report."""

    UNREADABLE = "unreadable"
    NO_FACE = "no_face"
    SEVERAL_FACES = "several_faces"
    NO_TEMPLATE = "no_template"


class FaceRefused(WatchboundError):
    """An image that makes no template.

    Attributes:
        reason: closed code.
        detail: measured against expected, for people.
        components: of its quality, where there was one face to measure.
    """

    def __init__(self, reason: ImageFault | QualityFault, detail: str, components: tuple[Rating, ...] = ()) -> None:
        super().__init__(f"{reason.value}: {detail}")
        self.reason = reason
        self.detail = detail
        self.components = components


@dataclass(frozen=True, slots=True, eq=False)
class SingleFace:
    """The only face of an image.

    Attributes:
        image_id: sha256 of the file's bytes, hexadecimal.
        picture: the face with its surroundings, for people to compare with; every other face in it is hidden.
    """

    image_id: str
    picture: Image
    embedding: Embedding
    quality: FaceQuality
    components: tuple[Rating, ...]


class FaceReader:
    """Reads the one face that an image is about.

    Args:
        detector: finds it.
        embedder: makes its template.
        template: the form of the crops that the embedder takes; part of the model pack.
        gate: the least quality; enrolment's own by default.
        limits: what may be decoded at all.
    """

    def __init__(
        self,
        detector: Detector,
        embedder: Embedder,
        template: CropTemplate,
        gate: QualityGate = ENROLMENT_GATE,
        limits: PictureLimits = STILL_LIMITS,
    ) -> None:
        self._detector = detector
        self._embedder = embedder
        self._template = template
        self._gate = gate
        self._limits = limits

    @property
    def model_digest(self) -> str:
        """sha256 of the embedder, which every template names."""
        return self._embedder.digest

    @property
    def dimension(self) -> int:
        """Length of a template."""
        return self._embedder.dimension

    def read(self, data: bytes) -> SingleFace:
        """The template of the only face in an image file.

        Raises:
            FaceRefused: there is none, more than one, or it cannot be seen well enough.
        """
        try:
            image = read_still(data, self._limits)
        except Poison as poison:
            raise FaceRefused(ImageFault.UNREADABLE, str(poison)) from poison
        image, detection, others = self._find(image)
        crop = _crop(image, detection, self._template)
        standard = crop if self._template.is_like(STANDARD) else _crop(image, detection, STANDARD)
        quality = assess(detection, standard)
        components = rate(detection, standard, quality)
        fault = self._gate.fault(quality)
        if fault is not None:
            raise FaceRefused(fault, describe(fault, quality, self._gate), components)
        try:
            embedding = Embedding.of(self._embedder.embed(crop[np.newaxis])[0], self._embedder.digest)
        except InvalidValue as error:
            raise FaceRefused(
                ImageFault.NO_TEMPLATE, f"the model makes no template of it: {error}", components
            ) from error
        picture = cut_context(image, detection.box, others)
        return SingleFace(hashlib.sha256(data).hexdigest(), picture, embedding, quality, components)

    def _find(self, image: Image) -> tuple[Image, Detection, list[Box]]:
        """The picture in whose pixels the face is given, the face, and where others are."""
        found = self._detector.detect(image)
        if not found:
            # A face that fills its picture is found only when there is room around it.
            border = int(_BORDER * max(image.shape[:2]))
            image = cv2.copyMakeBorder(image, border, border, border, border, cv2.BORDER_REPLICATE)
            found = self._detector.detect(image)
        if not found:
            raise FaceRefused(ImageFault.NO_FACE, "expected one face, found none")
        face = _the_one(found)
        return image, face, [other.box for other in found if other is not face]


def _crop(image: Image, detection: Detection, template: CropTemplate) -> Image:
    """The aligned crop. A large face is shrunk by areas first: sampling it straight to a crop's size would alias."""
    landmarks = detection.landmarks
    scale = _EYES_BEFORE_ALIGNING * template.eye_distance / max(detection.eye_distance, 1e-6)
    if scale < 1.0:
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        # Pixel centres lie at halves: that is what `resize` keeps in place.
        landmarks = ((landmarks + 0.5) * scale - 0.5).astype(np.float32)
    return align(image, landmarks, template)


def _the_one(found: Sequence[Detection]) -> Detection:
    by_size = sorted(found, key=lambda detection: detection.eye_distance, reverse=True)
    largest = by_size[0]
    rivals = [other for other in by_size[1:] if other.eye_distance >= BYSTANDER * largest.eye_distance]
    if rivals:
        where = ", ".join(_place(detection.box) for detection in (largest, *rivals[:3]))
        raise FaceRefused(ImageFault.SEVERAL_FACES, f"expected one face, found {len(rivals) + 1}: at {where}")
    return largest


def _place(box: Box) -> str:
    x, y = box.centre
    return f"({x:.0f}, {y:.0f})"


def describe(fault: QualityFault, quality: FaceQuality, gate: QualityGate) -> str:
    """What was measured and what is asked for, for people."""
    match fault:
        case QualityFault.TOO_SMALL:
            return (
                f"{quality.eye_distance:.0f} pixels between the eyes, at least {gate.min_eye_distance:.0f} are needed"
            )
        case QualityFault.TURNED_AWAY:
            return f"turned by {quality.yaw:.2f}, at most {gate.max_yaw:.2f} is taken (0 frontal, 1 profile)"
        case QualityFault.BLURRED:
            return f"sharpness {quality.sharpness:.0f}, at least {gate.min_sharpness:.0f} is needed"
        case QualityFault.TOO_DARK:
            return f"mean brightness {quality.brightness:.0f} of 255, at least {gate.min_brightness:.0f} is needed"
        case QualityFault.TOO_BRIGHT:
            return f"mean brightness {quality.brightness:.0f} of 255, at most {gate.max_brightness:.0f} is taken"
        case QualityFault.FLAT:
            return f"contrast {quality.contrast:.0f}, at least {gate.min_contrast:.0f} is needed"
