"""A folder of faces for each of the ten people who do not exist: something to try calibration on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2

from watchbound.camera.synthetic import all_people, enrolment_photo
from watchbound.domain.errors import ConfigurationError
from watchbound.domain.face import Detection
from watchbound.extraction.shots import cut_context
from watchbound.extraction.still import read_still
from watchbound.ports import Detector, Image

_MARGIN = 0.25
"""Face sizes around a face: on the sheets the next one is near."""

_LARGE, _SURE = 100.0, 0.82
"""Pixels between the eyes, and confidence: looked at, one by one, in version 0.1.2."""


def cut_people(out: Path, detector: Detector, done: Callable[[], None]) -> dict[str, int]:
    """Write every face of the openpeople package as a picture of its own; returns how many each person has.

    The portrait comes first by name, so that calibration takes it for the reference.

    Raises:
        ConfigurationError: the package is not installed, or the folder cannot be written.
    """
    counts = {}
    for person in all_people():
        portrait = enrolment_photo(person)
        others = sorted(path for path in portrait.parent.glob("*.jpg") if path != portrait)
        faces = [(path.stem, face) for path in (portrait, *others) for face in _faces(path, detector)]
        for number, (stem, face) in enumerate(faces):
            _write(out / person / f"{number:02}-{stem}.png", face)
        counts[person] = len(faces)
        done()
    return counts


def _faces(path: Path, detector: Detector) -> Iterator[Image]:
    """The faces of one picture from the top left on, each with a little around it and nobody else."""
    image = read_still(path.read_bytes())
    found = [face for face in detector.detect(image) if _is_face(face)]
    for face in sorted(found, key=lambda one: (round(one.box.y / one.box.height), one.box.x)):
        others = [other.box for other in found if other is not face]
        yield cut_context(image, face.box, others, _MARGIN)


def _is_face(found: Detection) -> bool:
    """The detector takes the backs of some heads on the sheets for small faces, and is not sure of them."""
    return found.eye_distance >= _LARGE or found.score >= _SURE


def _write(path: Path, image: Image) -> None:
    _, data = cv2.imencode(".png", image)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.tobytes())
    except OSError as error:
        msg = f"--out: {path} could not be written ({error})"
        raise ConfigurationError(msg) from error
