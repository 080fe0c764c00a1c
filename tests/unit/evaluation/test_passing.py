"""Identification by passing person, on footage that is written by hand."""

from __future__ import annotations

import numpy as np
import pytest

from watchbound.domain.face import Box
from watchbound.domain.ground_truth import FaceTruth, FrameTruth, GroundTruth
from watchbound.evaluation.passing import PassageTerms, PassingReport, evaluate
from watchbound.evaluation.sightings import CameraRun, MatchSight, TrackSight, decisive_scores, histories, tracks_of
from watchbound.statistics.resampling import Resampling

FEW = Resampling(replicates=50, seed=1)
FPS = 5.0


def place(person: str) -> Box:
    return Box({"ann": 100.0, "bob": 300.0, "eve": 500.0}[person], 100.0, 60.0, 80.0)


def truth(**spans: tuple[float, float]) -> GroundTruth:
    """Each person in view from one second to another, near all the while."""
    frames = []
    for index in range(100):
        second = index / FPS
        there = [person for person, (start, end) in spans.items() if start <= second < end]
        frames.append(FrameTruth(index, second, tuple(FaceTruth(p, place(p), 30.0, 1.0) for p in there)))
    return GroundTruth(FPS, tuple(frames))


def sights(track: str, person: str, start: float, end: float, shots: int = 2) -> list[TrackSight]:
    scores = np.array([0.7, 0.1], np.float32) if shots else None
    return [
        TrackSight(track, index, place(person), shots, scores) for index in range(round(start * FPS), round(end * FPS))
    ]


def match(track: str, on: str, named: str, second: float, alert: str) -> MatchSight:
    return MatchSight(track, round(second * FPS), place(on), named, 0.7, alert)


def report(seen: list[TrackSight], matches: list[MatchSight], **spans: tuple[float, float]) -> PassingReport:
    run = CameraRun("gate", truth(**spans), tuple(seen), tuple(matches))
    return evaluate([run], frozenset({"ann", "bob"}), PassageTerms(), FEW)


def test_somebody_found_once_is_found_for_the_whole_passage() -> None:
    found = report(sights("t", "ann", 1, 4), [match("t", "ann", "ann", 2.4, "a")], ann=(1, 4))
    assert found.tpir is not None
    assert found.tpir.value == 1.0
    assert found.tpir.interval.low < 0.3, "one person shows next to nothing"
    assert found.seconds_to_alert is not None
    assert found.seconds_to_alert[0] == pytest.approx(1.4)
    assert (found.alerts, found.false_alerts, found.tracks_per_passage, found.alerts_per_identified) == (1, 0, 1.0, 1.0)


def test_somebody_who_passes_twice_passes_twice() -> None:
    run = CameraRun("gate", truth(ann=(1, 4)), (), ())
    later = GroundTruth(
        FPS, run.truth.frames + tuple(FrameTruth(f.index + 100, f.second + 20, f.faces) for f in run.truth.frames)
    )
    seen = (*sights("t", "ann", 1, 4), *sights("u", "ann", 21, 24))
    once = evaluate(
        [CameraRun("gate", later, seen, (match("t", "ann", "ann", 2, "a"),))], frozenset({"ann"}), PassageTerms(), FEW
    )
    assert [passage.identified for passage in once.passages] == [True, False]


def test_an_unlisted_person_who_is_taken_for_somebody_is_a_false_positive_and_its_alert_is_false() -> None:
    found = report(sights("t", "eve", 1, 4), [match("t", "eve", "ann", 2, "a")], eve=(1, 4))
    assert found.tpir is None
    assert found.fpir is not None
    assert found.fpir.value == 1.0
    assert (found.alerts, found.false_alerts) == (1, 1)


def test_a_listed_person_under_another_name_is_missed_and_no_false_positive_search() -> None:
    found = report(sights("t", "ann", 1, 4), [match("t", "ann", "bob", 2, "a")], ann=(1, 4))
    (passage,) = found.passages
    assert passage.misidentified
    assert not passage.identified
    assert found.fpir is None
    assert found.false_alerts == 1


def test_fragments_duplicates_and_mixed_tracks_are_counted() -> None:
    seen = [*sights("t", "ann", 1, 2), *sights("u", "ann", 2.4, 4), *sights("u", "bob", 4, 5)]
    matches = [match("t", "ann", "ann", 1.4, "a"), match("u", "ann", "ann", 3, "b"), match("u", "ann", "ann", 3.4, "b")]
    found = report(seen, matches, ann=(1, 4), bob=(4, 6))
    ann = next(passage for passage in found.passages if passage.person == "ann")
    assert (ann.tracks, ann.alerts, ann.mixed_tracks) == (2, 2, 1)
    assert (found.mixed_tracks, found.tracks) == (1, 2)


def test_a_track_on_nobody_known_is_nobodys() -> None:
    run = CameraRun("gate", truth(ann=(1, 4)), tuple(sights("t", "eve", 1, 4)), ())
    assert histories(run)["t"].person is None
    assert list(tracks_of([run])) == []


def test_a_single_shot_decides_only_from_the_margin_on() -> None:
    looks = [
        TrackSight("t", 5, place("ann"), 1, np.array([0.60, 0.30], np.float32)),
        TrackSight("t", 6, place("ann"), 2, np.array([0.55, 0.32], np.float32)),
    ]
    (track,) = tracks_of([CameraRun("gate", truth(ann=(1, 4)), tuple(looks), ())])
    assert decisive_scores(track, strong=0.08) == pytest.approx([0.55, 0.32])
    (alone,) = tracks_of([CameraRun("gate", truth(ann=(1, 4)), tuple(looks[:1]), ())])
    assert decisive_scores(alone, strong=0.08) == pytest.approx([0.52, 0.22])
