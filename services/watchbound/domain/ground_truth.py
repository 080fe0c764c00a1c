"""What is true of footage, whoever made or labelled it: who could be seen when, how large, and how well."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise

from watchbound.domain.face import Box

APART_S = 1.0
"""Away for longer, and a person who comes by again makes a passage of their own."""

ANY = 0.1
"""Share of a face that must be visible for it to be seen at all."""


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
class GroundTruth:
    """The ground truth of one camera's footage.

    Attributes:
        fps: pictures a second.
        frames: in order, one for each picture of the footage.
    """

    fps: float
    frames: tuple[FrameTruth, ...]

    def people(self) -> frozenset[str]:
        """Everybody whose face could be seen at all."""
        faces = (face for frame in self.frames for face in frame.faces)
        return frozenset(face.person for face in faces if face.visible_fraction >= ANY)

    def visible_at(self, second: float, min_visible_fraction: float = ANY) -> frozenset[str]:
        """Whose face could be seen in the frame that was shown at this second; nobody's before or after the footage."""
        index = int(second * self.fps + 1e-6) if second >= 0 else -1
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
                if good and len(good) / self.fps >= min_seconds:
                    nearest = max(face.eye_distance for _, face in good)
                    found.append(Passage(person, good[0][0], good[-1][0], nearest, len(good) / self.fps))
        return tuple(sorted(found, key=lambda passage: (passage.first_s, passage.person)))

    def _runs(self, person: str) -> Iterator[list[tuple[float, FaceTruth]]]:
        """The frames with this person, split where they were away."""
        present = [(frame.second, face) for frame in self.frames for face in frame.faces if face.person == person]
        away = [0, *(int(b[0] - a[0] > APART_S) for a, b in pairwise(present))]
        numbers = [sum(away[: i + 1]) for i in range(len(away))] if present else []
        for _, run in groupby(zip(numbers, present, strict=True), key=lambda pair: pair[0]):
            yield [item for _, item in run]
