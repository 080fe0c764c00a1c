"""What is true of the footage: who could be seen in which frame, how large, and how well."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

from watchbound.camera.synthetic.lens import Lens
from watchbound.camera.synthetic.spec import SiteSpec
from watchbound.camera.synthetic.view import Sighting
from watchbound.domain.errors import InvalidValue
from watchbound.domain.face import Box

SCHEMA = "watchbound.synthetic-truth.v1"

_APART_S = 1.0
_ANY = 0.1


@dataclass(frozen=True, slots=True)
class FaceTruth:
    """One face in one frame.

    Attributes:
        box: where it is in pixels, hidden or not; part of it may lie outside the picture.
        eye_distance: pixels between the eyes.
        visible_fraction: share of the box that is inside the picture and behind nobody, in [0, 1].
    """

    person: str
    box: Box
    eye_distance: float
    visible_fraction: float


@dataclass(frozen=True, slots=True)
class FrameTruth:
    """One frame; `faces` has the farthest first and leaves out those wholly outside the picture."""

    index: int
    second: float
    faces: tuple[FaceTruth, ...]


@dataclass(frozen=True, slots=True)
class Passage:
    """One person coming by once.

    Attributes:
        first_s, last_s: from the first to the last frame that satisfied what was asked for.
        nearest_eye_distance: the largest among those frames, in pixels.
        seconds: for how long they did, all in all.
    """

    person: str
    first_s: float
    last_s: float
    nearest_eye_distance: float
    seconds: float


@dataclass(frozen=True, slots=True)
class SiteTruth:
    """The ground truth of one site's footage.

    Attributes:
        frames: in order, one for each picture of the footage.
        digest: of the spec and the version of the drawing that made the footage.
    """

    spec: SiteSpec
    frames: tuple[FrameTruth, ...]
    digest: str

    def people(self) -> frozenset[str]:
        """Everybody whose face could be seen at all."""
        faces = (face for frame in self.frames for face in frame.faces)
        return frozenset(face.person for face in faces if face.visible_fraction >= _ANY)

    def visible_at(self, second: float, min_visible_fraction: float = _ANY) -> frozenset[str]:
        """Whose face could be seen in the frame that was shown at this second; nobody's before or after the footage."""
        index = int(second * self.spec.fps + 1e-6) if second >= 0 else -1
        if not 0 <= index < len(self.frames):
            return frozenset()
        faces = self.frames[index].faces
        return frozenset(face.person for face in faces if face.visible_fraction >= min_visible_fraction)

    def passages(
        self, min_eye_distance: float = 20.0, min_visible_fraction: float = 0.7, min_seconds: float = 1.0
    ) -> tuple[Passage, ...]:
        """Who came by so near and so clear that whoever looks for them should find them, by the time they began.

        Args:
            min_eye_distance: pixels between the eyes.
            min_visible_fraction: of the face.
            min_seconds: for how long both must have held, not necessarily at a stretch.
        """
        found = []
        for person in sorted({face.person for frame in self.frames for face in frame.faces}):
            for run in self._runs(person):
                good = [
                    (second, face)
                    for second, face in run
                    if face.eye_distance >= min_eye_distance and face.visible_fraction >= min_visible_fraction
                ]
                if good and len(good) / self.spec.fps >= min_seconds:
                    nearest = max(face.eye_distance for _, face in good)
                    found.append(Passage(person, good[0][0], good[-1][0], nearest, len(good) / self.spec.fps))
        return tuple(sorted(found, key=lambda passage: (passage.first_s, passage.person)))

    def _runs(self, person: str) -> Iterator[list[tuple[float, FaceTruth]]]:
        """The frames with this person, split where they were away."""
        present = [(frame.second, face) for frame in self.frames for face in frame.faces if face.person == person]
        away = [0, *(int(b[0] - a[0] > _APART_S) for a, b in pairwise(present))]
        numbers = [sum(away[: i + 1]) for i in range(len(away))] if present else []
        for _, run in groupby(zip(numbers, present, strict=True), key=lambda pair: pair[0]):
            yield [item for _, item in run]


def frame_truth(index: int, second: float, seen: Sequence[Sighting], lens: Lens) -> FrameTruth:
    """What is true of a frame with these walkers."""
    faces = (
        FaceTruth(
            sighting.walk.person, sighting.placement.face_box(), sighting.placement.eye_distance, sighting.visible
        )
        for sighting in seen
    )
    return FrameTruth(index, second, tuple(face for face in faces if _touches(face.box, lens)))


def write_truth(path: Path, spec: SiteSpec, frames: Iterable[FrameTruth]) -> None:
    """Write the file at once or not at all."""
    truth = SiteTruth(spec, tuple(frames), spec.digest())
    document = {
        "schema": SCHEMA,
        "spec": spec.facts(),
        "digest": truth.digest,
        "passages": [_passage_facts(passage) for passage in truth.passages(0.0, _ANY, 0.0)],
        "frames": [
            {"second": round(f.second, 4), "faces": [_face_facts(face) for face in f.faces]} for f in truth.frames
        ],
    }
    partial = path.with_name(path.name + ".partial")
    partial.write_text(json.dumps(document, separators=(",", ":")) + "\n")
    partial.replace(path)


def read_truth(path: Path) -> SiteTruth:
    """Read what `write_truth` wrote.

    Raises:
        InvalidValue: the file is no ground truth of this version.
    """
    try:
        document = json.loads(path.read_text())
        if document["schema"] != SCHEMA:
            msg = f"expected the schema {SCHEMA} in {path}, got {document['schema']!r}; render the site again"
            raise InvalidValue(msg)
        facts = {name: value for name, value in document["spec"].items() if name != "drawing"}
        spec = SiteSpec(**{**facts, "people": tuple(facts["people"])})
        digest = str(document["digest"])
        frames = tuple(_frame(index, frame) for index, frame in enumerate(document["frames"]))
    except (OSError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, InvalidValue):
            raise
        msg = f"expected the ground truth of a synthetic site in {path}, got {error!r}; render the site again"
        raise InvalidValue(msg) from error
    return SiteTruth(spec, frames, digest)


def _touches(box: Box, lens: Lens) -> bool:
    return box.x < lens.width and box.y < lens.height and box.x + box.width > 0 and box.y + box.height > 0


def _passage_facts(passage: Passage) -> dict[str, Any]:
    return {
        "person": passage.person,
        "first_s": round(passage.first_s, 4),
        "last_s": round(passage.last_s, 4),
        "nearest_eye_distance": round(passage.nearest_eye_distance, 2),
        "seconds": round(passage.seconds, 4),
    }


def _face_facts(face: FaceTruth) -> dict[str, Any]:
    box = face.box
    return {
        "person": face.person,
        "box": [round(v, 2) for v in (box.x, box.y, box.width, box.height)],
        "eye_distance": round(face.eye_distance, 2),
        "visible_fraction": round(face.visible_fraction, 3),
    }


def _frame(index: int, facts: dict[str, Any]) -> FrameTruth:
    faces = tuple(
        FaceTruth(face["person"], Box(*face["box"]), face["eye_distance"], face["visible_fraction"])
        for face in facts["faces"]
    )
    return FrameTruth(index, facts["second"], faces)
