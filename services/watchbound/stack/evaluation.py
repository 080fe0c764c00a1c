"""Footage with ground truth before a list of people: replayed for `watchbound evaluate` and `watchbound calibrate`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from watchbound.adapters.onnx_runtime import OnnxDetector, OnnxEmbedder
from watchbound.camera.synthetic import all_people, enrolment_photo
from watchbound.domain.errors import ConfigurationError
from watchbound.domain.watchlist import Category, EnrolledImage, ResponseLevel, WatchlistEntry
from watchbound.evaluation.labelled import LabelledPicture
from watchbound.evaluation.reading import Failure, read_one
from watchbound.evaluation.sightings import CameraRun, decisive_scores, tracks_of
from watchbound.extraction.decode import PictureLimits
from watchbound.extraction.enrolment import FaceReader
from watchbound.extraction.model_pack import ModelPack
from watchbound.extraction.quality import live_gate
from watchbound.matching.decide import DecisionPolicy
from watchbound.matching.look import Eyes
from watchbound.settings import MatchingSettings, ModelSettings
from watchbound.stack.footage import LabelledFootage
from watchbound.stack.footage_replay import AUTHORISATION, FootagePolicy, FootageReplay, FrameDone
from watchbound.statistics.identification import ScoreTable


@dataclass(frozen=True, slots=True, eq=False)
class FootageScores:
    """Tracks as searches.

    Attributes:
        people: names, by the table's indices.
        unknown: tracks with a template that were on nobody whom the ground truth knows; they are in no search.
    """

    people: tuple[str, ...]
    table: ScoreTable
    unknown: int


def open_eyes(pack: ModelPack, models: ModelSettings, matching: MatchingSettings) -> Eyes:
    """The models as a worker has them.

    Raises:
        ModelPackError: they cannot be run.
    """
    return Eyes(
        OnnxDetector(pack, models, width=matching.detect_width),
        OnnxEmbedder(pack, models),
        pack.embedder.template,
        PictureLimits(matching.max_frame_bytes, matching.max_frame_pixels),
        live_gate(matching.min_eye_distance),
    )


def portraits(people: str) -> tuple[LabelledPicture, ...]:
    """The portraits of synthetic people: `all`, or names with commas between them.

    Raises:
        UnknownReference: there is no such person.
    """
    names = all_people() if people == "all" else tuple(name.strip() for name in people.split(",") if name.strip())
    return tuple(LabelledPicture(enrolment_photo(name), name) for name in names)


def enrol(eyes: Eyes, pictures: Sequence[LabelledPicture]) -> tuple[list[EnrolledImage], list[Failure]]:
    """Templates of everybody whose picture passes the rules of enrolment, and those that do not.

    Raises:
        ConfigurationError: nobody's does, or a name is no entry's reference.
    """
    reader = FaceReader(eyes.detector, eyes.embedder, eyes.template)
    images, refused = [], []
    for picture in pictures:
        face = read_one(reader, picture)
        if isinstance(face, Failure):
            refused.append(face)
        else:
            entry = WatchlistEntry(AUTHORISATION, picture.person, Category.SEEDED_VOLUNTEER, ResponseLevel.AMBER)
            images.append(EnrolledImage(entry, face.image_id, face.embedding))
    if not images:
        msg = f"expected at least one picture that can be enrolled, got {len(refused)} that cannot: {refused[:3]}"
        raise ConfigurationError(msg)
    return images, refused


def replay(
    eyes: Eyes,
    entries: Sequence[EnrolledImage],
    footage: Sequence[LabelledFootage],
    policy: FootagePolicy,
    done: FrameDone,
) -> list[CameraRun]:
    """Every camera's footage, one after the other.

    Raises:
        Unavailable: a video cannot be played.
    """
    played = FootageReplay(eyes, entries, policy)
    return [played.play(one, done) for one in footage]


def frames_to_play(footage: Sequence[LabelledFootage], fps: float) -> int:
    """About how many frames a replay will handle."""
    return sum(int(len(one.truth.frames) * min(fps / one.truth.fps, 1.0)) for one in footage)


def footage_scores(runs: Sequence[CameraRun], references: Sequence[str]) -> FootageScores:
    """Each track that was on somebody known, with its decisive score for each entry.

    Args:
        runs: as they were replayed.
        references: the entries, in the order of the runs' scores.

    Raises:
        ConfigurationError: no track was on anybody known, or fewer than two people are listed.
    """
    tracks = tracks_of(runs)
    if not tracks or len(references) < 2:
        msg = (
            f"expected tracks of people whom the ground truth knows, and at least two people on the list, got "
            f"{len(tracks)} tracks and {len(references)} people"
        )
        raise ConfigurationError(msg)
    names = sorted({str(track.person) for track in tracks} | set(references))
    index = {name: number for number, name in enumerate(names)}
    strong = DecisionPolicy().strong
    table = ScoreTable(
        np.clip(np.stack([decisive_scores(track, strong) for track in tracks]), -1.0, 1.0),
        np.array([index[str(track.person)] for track in tracks]),
        np.array([index[reference] for reference in references]),
        len(names),
    )
    templated = {(run.camera_id, sight.track_id) for run in runs for sight in run.sights if sight.shots}
    return FootageScores(tuple(names), table, len(templated) - len(tracks))
