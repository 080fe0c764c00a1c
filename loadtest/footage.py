"""Frames for benchmarks: synthetic walk-bys as the camera service would publish them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import simplejpeg

from watchbound.camera.synthetic import SiteSpec, all_people, walk_by
from watchbound.domain.frame import Frame

FPS = 5.0
JPEG_QUALITY = 85
_PEOPLE = 6
_MIN_EYE_DISTANCE = 8.0


@dataclass(frozen=True, slots=True)
class Footage:
    """One camera's JPEG pictures, 1280×720, `FPS` a second.

    Attributes:
        faces_per_frame: mean number of faces in view, by the ground truth.
    """

    camera_id: str
    jpegs: tuple[bytes, ...]
    faces_per_frame: float

    def frames(self, authorisation_id: str, first_captured_at: datetime) -> list[Frame]:
        """The pictures as frames, captured at the footage's own pace."""
        step = timedelta(seconds=1 / FPS)
        return [
            Frame(self.camera_id, number, first_captured_at + number * step, authorisation_id, jpeg)
            for number, jpeg in enumerate(self.jpegs)
        ]


def render(camera_id: str, seed: int, seconds: float) -> Footage:
    """Footage with about three faces in view."""
    people = all_people()
    chosen = tuple(people[(seed + step) % len(people)] for step in range(_PEOPLE))
    spec = SiteSpec(camera_id, seed, seconds, FPS, people=chosen)
    jpegs, faces = [], 0
    for image, truth in walk_by(spec):
        jpegs.append(bytes(simplejpeg.encode_jpeg(image, JPEG_QUALITY, "BGR", "420")))
        faces += sum(face.eye_distance >= _MIN_EYE_DISTANCE for face in truth.faces)
    return Footage(camera_id, tuple(jpegs), faces / len(jpegs))
