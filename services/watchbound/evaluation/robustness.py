"""Recall of pictures that are made worse in one way at a time: what a camera must deliver."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from watchbound.domain.errors import ConfigurationError
from watchbound.domain.face import Detection
from watchbound.evaluation.degrade import blurred, covered, exposed, moved, placed
from watchbound.evaluation.groups import Rate
from watchbound.evaluation.labelled import LabelledPicture
from watchbound.evaluation.reading import Failure, read_one
from watchbound.extraction.enrolment import FaceReader, FaceRefused
from watchbound.extraction.quality import yaw_of
from watchbound.extraction.still import read_still
from watchbound.ports import Detector, Image
from watchbound.statistics.resampling import Resampling, rates

USUAL_EYES = 36.0
"""Pixels between the eyes where something else is varied: the embedder's own size (its template has 35.2)."""

USUAL_QUALITY = 85
_SIDE = 320
_LEAST_EYES = 60.0
_LEAST_TURNED_EYES = 20.0
"""Turned heads are small where they were drawn in rows; recall hardly depends on the size from here on."""

_MOST_YAW = 0.3
_YAW_EDGES = (0.0, 0.1, 0.2, 0.3, 0.45, 0.6, 0.75)

Worsen = Callable[[Image, Detection, float], Image]


@dataclass(frozen=True, slots=True)
class Factor:
    """One way in which a picture is made worse.

    Attributes:
        name: in words.
        unit: of the levels.
        levels: from harmless to hard.
    """

    name: str
    unit: str
    levels: tuple[float, ...]


SIZE = Factor("face size", "pixels between the eyes", (60, 48, 36, 28, 24, 20, 17, 14, 12, 10, 8))
FOCUS = Factor("out of focus", "sigma in pixels", (0, 0.5, 1, 1.5, 2, 2.5, 3, 4, 5))
MOTION = Factor("motion blur", "pixels of movement", (0, 2, 4, 6, 8, 10, 13, 16))
LIGHT = Factor("light", "stops from the studio's", (0, 1, 2, -1, -2, -3, -4, -5, -6))
COMPRESSION = Factor("compression", "JPEG quality", (95, 75, 50, 35, 25, 15, 10, 5))
SCARF = Factor("covered from below", "share of the face", (0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6))
CAP = Factor("covered from above", "share of the face", (0, 0.1, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5))
YAW = Factor("head turn", "yaw as the worker measures it, upper edge", _YAW_EDGES[1:])
FACTORS = (SIZE, FOCUS, MOTION, YAW, LIGHT, COMPRESSION, SCARF, CAP)

_WORSEN: dict[Factor, Worsen] = {
    FOCUS: lambda image, _, level: blurred(image, level),
    MOTION: lambda image, _, level: moved(image, level),
    LIGHT: lambda image, _, level: exposed(image, level, seed=1),
    SCARF: lambda image, face, level: covered(image, face, level, from_below=True),
    CAP: lambda image, face, level: covered(image, face, level, from_below=False),
}


@dataclass(frozen=True, slots=True)
class Point:
    """Recall at one level of one factor.

    Attributes:
        recall: of probes whose own entry reaches the threshold and comes first; a face that is not found, or refused
            by the rules for passers-by, is a miss.
        probes: how many there were.
        unseen: of them, not found or refused.
    """

    factor: Factor
    level: float
    recall: Rate
    probes: int
    unseen: int


@dataclass(frozen=True, slots=True, eq=False)
class _Probe:
    person: int
    image: Image
    face: Detection
    yaw: float

    @property
    def can_be_worsened(self) -> bool:
        """Large enough, and facing the camera."""
        return self.face.eye_distance >= _LEAST_EYES and self.yaw <= _MOST_YAW


class Robustness:
    """One list, and pictures of its people made worse.

    Args:
        strict: reads references, by enrolment's rules.
        live: reads probes, by the rules for passers-by but for the size of a face.
        detector: finds the faces that are to be made worse.
        threshold: what a score must reach.
        per_person: at most so many pictures of a person are made worse, spread over all of theirs: everybody weighs
            about the same.
    """

    def __init__(
        self, strict: FaceReader, live: FaceReader, detector: Detector, threshold: float, per_person: int
    ) -> None:
        self._per_person = per_person
        self._strict = strict
        self._live = live
        self._detector = detector
        self._threshold = threshold

    def measure(
        self,
        pictures: Sequence[LabelledPicture],
        done: Callable[[int, int], None],
        factors: Sequence[Factor] = FACTORS,
        drawing: Resampling | None = None,
    ) -> tuple[Point, ...]:
        """Every level of these factors; each person's first enrolable picture is their entry, the others are probes.

        Args:
            pictures: of at least two people.
            done: told how many of how many faces have been read.
            factors: in which ways pictures are made worse.
            drawing: how people are drawn for the intervals.

        Raises:
            ConfigurationError: fewer than two people can be enrolled, or nobody has another picture that is good
                enough to be made worse.
        """
        entries, probes = self._prepared(pictures)
        good = _spread([probe for probe in probes if probe.can_be_worsened], self._per_person)
        if len(entries) < 2 or not good:
            msg = (
                f"expected two people with a picture that can be enrolled, and others of theirs with at least "
                f"{_LEAST_EYES:.0f} pixels between the eyes that face the camera, got {len(entries)} and {len(good)}"
            )
            raise ConfigurationError(msg)
        trials = list(_trials(factors, good, probes))
        total, count = sum(len(chosen) for _, _, chosen in trials), 0
        points = []
        for factor, level, chosen in trials:
            scores = [self._scores(factor, level, probe, entries) for probe in chosen]
            count += len(chosen)
            done(count, total)
            points.append(self._point(factor, level, chosen, scores, drawing or Resampling()))
        return tuple(points)

    def _prepared(self, pictures: Sequence[LabelledPicture]) -> tuple[NDArray[np.float32], list[_Probe]]:
        """Templates of the entries, shape (people, d), and what can be made worse; people by their place among them."""
        names: dict[str, int] = {}
        templates: list[NDArray[np.float32]] = []
        probes: list[_Probe] = []
        for picture in pictures:
            if picture.person not in names:
                face = read_one(self._strict, picture)
                if not isinstance(face, Failure):
                    names[picture.person] = len(templates)
                    templates.append(face.embedding.vector)
            else:
                probes += list(self._probe(picture, names[picture.person]))
        return (np.stack(templates) if templates else np.zeros((0, 0), np.float32)), probes

    def _probe(self, picture: LabelledPicture, person: int) -> Iterator[_Probe]:
        image = read_still(picture.path.read_bytes())
        found = self._detector.detect(image)
        if len(found) == 1 and found[0].eye_distance >= _LEAST_TURNED_EYES:
            yield _Probe(person, image, found[0], yaw_of(found[0]))

    def _scores(
        self, factor: Factor, level: float, probe: _Probe, entries: NDArray[np.float32]
    ) -> NDArray[np.float32] | None:
        """Against every entry, shape (people,); None where no template could be made."""
        try:
            face = self._live.read(worsened(factor, level, probe.image, probe.face))
        except FaceRefused:
            return None
        return np.asarray(entries @ face.embedding.vector)

    def _point(
        self,
        factor: Factor,
        level: float,
        chosen: Sequence[_Probe],
        scores: Sequence[NDArray[np.float32] | None],
        drawing: Resampling,
    ) -> Point:
        found = [
            one is not None and int(one.argmax()) == probe.person and float(one[probe.person]) >= self._threshold
            for probe, one in zip(chosen, scores, strict=True)
        ]
        person = np.array([probe.person for probe in chosen])
        value, interval = rates(np.array(found, dtype=np.float64)[:, None], person, drawing).at(0)
        unseen = sum(one is None for one in scores)
        return Point(factor, level, Rate(value, interval, len(np.unique(person))), len(chosen), unseen)


def _spread(probes: Sequence[_Probe], most: int) -> list[_Probe]:
    """At most so many of each person, from the first to the last of theirs."""
    chosen: list[_Probe] = []
    for person in sorted({probe.person for probe in probes}):
        mine = [probe for probe in probes if probe.person == person]
        chosen += [mine[len(mine) * place // most] for place in range(most)] if len(mine) > most else mine
    return chosen


def worsened(factor: Factor, level: float, image: Image, face: Detection) -> bytes:
    """A JPEG of the face at this level of this factor, and ordinary in all else."""
    eyes = level if factor == SIZE else USUAL_EYES
    quality = round(level) if factor == COMPRESSION else USUAL_QUALITY
    if factor in (SCARF, CAP):
        # Covered before it is made small: the box is known there.
        image = _WORSEN[factor](image, face, level)
    picture = placed(image, face, eyes, _SIDE)
    if factor in (FOCUS, MOTION, LIGHT):
        picture = _WORSEN[factor](picture, face, level)
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return bytes(data)


def _trials(
    factors: Sequence[Factor], good: Sequence[_Probe], every: Sequence[_Probe]
) -> Iterator[tuple[Factor, float, Sequence[_Probe]]]:
    """What is read: heads that face the camera made worse, and all heads as they are by how far they are turned."""
    for factor in factors:
        for index, level in enumerate(factor.levels):
            chosen = good
            if factor == YAW:
                chosen = [probe for probe in every if _YAW_EDGES[index] <= probe.yaw < _YAW_EDGES[index + 1]]
            if chosen:
                yield factor, level, chosen


def least_eyes(points: Sequence[Point], recall: float) -> float | None:
    """The smallest face size from which on every larger one keeps this recall; None where none does."""
    kept = None
    for point in sorted((p for p in points if p.factor == SIZE), key=lambda p: -p.level):
        if point.recall.value < recall:
            break
        kept = point.level
    return kept
