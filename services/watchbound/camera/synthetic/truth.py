"""What is true of the footage: who could be seen in which frame, how large, and how well."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from watchbound.camera.synthetic.lens import Lens
from watchbound.camera.synthetic.spec import SiteSpec
from watchbound.camera.synthetic.view import Sighting
from watchbound.domain.errors import InvalidValue
from watchbound.domain.face import Box
from watchbound.domain.ground_truth import ANY, FaceTruth, FrameTruth, GroundTruth, Passage

SCHEMA = "watchbound.synthetic-truth.v1"


@dataclass(frozen=True, slots=True)
class SiteTruth(GroundTruth):
    """The ground truth of one synthetic site's footage.

    Attributes:
        digest: of the spec and the version of the drawing that made the footage.
    """

    spec: SiteSpec
    digest: str

    @classmethod
    def of(cls, spec: SiteSpec, frames: Iterable[FrameTruth], digest: str | None = None) -> SiteTruth:
        """What is true of a site's frames; without a digest, of footage that is drawn now."""
        return cls(spec.fps, tuple(frames), spec, digest or spec.digest())


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
    truth = SiteTruth.of(spec, frames)
    document = {
        "schema": SCHEMA,
        "spec": spec.facts(),
        "digest": truth.digest,
        "passages": [_passage_facts(passage) for passage in truth.passages(0.0, ANY, 0.0)],
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
    return SiteTruth.of(spec, frames, digest)


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
