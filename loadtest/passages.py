"""From single answers to passing people: each answer goes to the passage in which it was seen, by the ground truth.

A *passage* is one person coming by one camera once, near and clear enough that whoever looks for them should find them
(`SiteTruth.passages`). Its score is the best of its answers: for who is listed, of those that name them; for who is
not, of all. So a pipeline that speaks once a frame and one that speaks once a passage are held to the same measure.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from watchbound.camera.synthetic import FaceTruth, Passage, SiteTruth

UNSEEN = -math.inf
"""The score of a passage of which nobody said anything."""

_REACH = 0.6
"""Face widths from the centre of a face to that of an answer that is taken for it: detectors frame differently."""
_LEAST_VISIBLE = 0.1


@dataclass(frozen=True, slots=True)
class Sighting:
    """One answer of a pipeline: at this place in this frame of a camera was somebody like that entry.

    Attributes:
        frame: its number in the camera's footage.
        centre: of the face, in pixels.
        score: higher is more alike.
    """

    camera_id: str
    frame: int
    centre: tuple[float, float]
    reference: str
    score: float


@dataclass(frozen=True, slots=True)
class PassageScores:
    """What one pipeline said of one list.

    Attributes:
        mated: of each passage of a listed person, the best score with which they were named.
        non_mated: of each passage of anybody else, the best score with which anybody was named.
        elsewhere: scores of answers where nobody is, by the ground truth.
    """

    mated: tuple[float, ...]
    non_mated: tuple[float, ...]
    elsewhere: tuple[float, ...]

    def and_also(self, other: PassageScores) -> PassageScores:
        """Both together."""
        return PassageScores(
            self.mated + other.mated, self.non_mated + other.non_mated, self.elsewhere + other.elsewhere
        )


@dataclass(slots=True)
class _Passing:
    """A passage as it fills with answers; `counts` where it is near and clear for long enough."""

    person: str
    first_s: float
    last_s: float
    counts: bool
    own: float = UNSEEN
    any: float = UNSEEN

    def take(self, sighting: Sighting) -> None:
        self.any = max(self.any, sighting.score)
        if sighting.reference == self.person:
            self.own = max(self.own, sighting.score)


@dataclass(slots=True)
class _Site:
    """One camera's passages and faces."""

    truth: SiteTruth
    passing: list[_Passing] = field(init=False)

    def __post_init__(self) -> None:
        clear = self.truth.passages()
        self.passing = [
            _Passing(each.person, each.first_s, each.last_s, any(_within(one, each) for one in clear))
            for each in self.truth.passages(0.0, 0.0, 0.0)
        ]

    def passage_at(self, sighting: Sighting) -> _Passing | None:
        """Whose passage an answer speaks of; None where nobody is."""
        frame = self.truth.frames[sighting.frame]
        near = [face for face in frame.faces if _distance(face, sighting) <= _REACH * face.box.width]
        if not near:
            return None
        # Of two faces in one place it is the one that can be seen.
        seen = [face for face in near if face.visible_fraction >= _LEAST_VISIBLE] or near
        person = min(seen, key=lambda face: _distance(face, sighting)).person
        return next(p for p in self.passing if p.person == person and p.first_s <= frame.second <= p.last_s)


def score_passages(
    truths: Mapping[str, SiteTruth], listed: Collection[str], sightings: Iterable[Sighting]
) -> PassageScores:
    """Give each passage its score.

    Args:
        truths: of each camera.
        listed: who is on the list that was asked.
        sightings: its answers, of frames of these cameras.
    """
    sites = {camera: _Site(truth) for camera, truth in truths.items()}
    elsewhere = []
    for sighting in sightings:
        passage = sites[sighting.camera_id].passage_at(sighting)
        if passage is None:
            elsewhere.append(sighting.score)
        else:
            passage.take(sighting)
    passed = [passage for site in sites.values() for passage in site.passing if passage.counts]
    return PassageScores(
        mated=tuple(p.own for p in passed if p.person in listed),
        non_mated=tuple(p.any for p in passed if p.person not in listed),
        elsewhere=tuple(elsewhere),
    )


def _within(one: Passage, whole: Passage) -> bool:
    return one.person == whole.person and whole.first_s <= one.first_s <= whole.last_s


def _distance(face: FaceTruth, sighting: Sighting) -> float:
    x, y = face.box.centre
    return math.hypot(x - sighting.centre[0], y - sighting.centre[1])
