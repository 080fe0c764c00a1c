"""What a replay of footage saw, held against what is true of it: who each track and each match was really of. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from watchbound.domain.face import Box
from watchbound.domain.ground_truth import GroundTruth

LEAST_OVERLAP = 0.3
"""Intersection over union from which a box is taken to show a person: boxes of two detectors of one face have more."""

_MIXED = 2


@dataclass(frozen=True, slots=True, eq=False)
class TrackSight:
    """One track in one frame, as the worker held it.

    Attributes:
        frame: index into the ground truth's frames.
        shots: how many are fused in its template so far.
        scores: shape (entries,), of the template after this frame; None before the first shot.
    """

    track_id: str
    frame: int
    box: Box
    shots: int
    scores: NDArray[np.float32] | None


@dataclass(frozen=True, slots=True)
class MatchSight:
    """One match that was announced.

    Attributes:
        alert_id: the alert that it opened or belongs to; None where alerting kept quiet about it.
    """

    track_id: str
    frame: int
    box: Box
    reference: str
    score: float
    alert_id: str | None


@dataclass(frozen=True, slots=True, eq=False)
class CameraRun:
    """One camera's footage, replayed."""

    camera_id: str
    truth: GroundTruth
    sights: tuple[TrackSight, ...]
    matches: tuple[MatchSight, ...]

    def person_at(self, frame: int, box: Box) -> str | None:
        """Who is really there; None where the ground truth knows nobody."""
        if not 0 <= frame < len(self.truth.frames):
            return None
        faces = self.truth.frames[frame].faces
        best = max(faces, key=lambda face: face.box.iou(box), default=None)
        return best.person if best is not None and best.box.iou(box) >= LEAST_OVERLAP else None

    def second(self, frame: int) -> float:
        """When a frame was shown, from the beginning of the footage."""
        return self.truth.frames[frame].second


@dataclass(slots=True)
class TrackHistory:
    """One track from its first sight to its last.

    Attributes:
        people: in how many frames it was on whom; frames in which it was on nobody known are left out.
        first_s, last_s: when it was seen.
        first_shot_s: when its first template was made; None where none was.
        looks: number of shots and scores after each frame in which a shot was fused.
    """

    camera_id: str
    people: Counter[str] = field(default_factory=Counter)
    first_s: float = 0.0
    last_s: float = 0.0
    first_shot_s: float | None = None
    looks: list[tuple[int, NDArray[np.float32]]] = field(default_factory=list)

    @property
    def person(self) -> str | None:
        """Whom it was on for most frames."""
        return self.people.most_common(1)[0][0] if self.people else None

    @property
    def mixed(self) -> bool:
        """Whether it was on a second person for more than a frame."""
        return sum(count >= _MIXED for count in self.people.values()) > 1


def histories(run: CameraRun) -> Mapping[str, TrackHistory]:
    """The tracks of a run by id."""
    tracks: dict[str, TrackHistory] = {}
    for sight in run.sights:
        second = run.second(sight.frame)
        track = tracks.setdefault(sight.track_id, TrackHistory(run.camera_id, first_s=second))
        track.last_s = second
        person = run.person_at(sight.frame, sight.box)
        if person is not None:
            track.people[person] += 1
        if sight.scores is not None and (not track.looks or track.looks[-1][0] != sight.shots):
            track.looks.append((sight.shots, sight.scores))
            track.first_shot_s = second if track.first_shot_s is None else track.first_shot_s
    return tracks


def decisive_scores(track: TrackHistory, strong: float) -> NDArray[np.float64]:
    """For each entry the highest threshold at which the track would have reached it, shape (entries,).

    One shot decides only from `strong` above the threshold on; two or more decide from the threshold itself
    (`matching/decide.py`).
    """
    return np.asarray(
        np.max([scores - (0.0 if shots > 1 else strong) for shots, scores in track.looks], axis=0), dtype=np.float64
    )


def tracks_of(runs: Iterable[CameraRun]) -> Sequence[TrackHistory]:
    """All tracks of all cameras that made a template and were on somebody known."""
    return [track for run in runs for track in histories(run).values() if track.looks and track.person is not None]
