"""Answers go to the passage in which they were seen, and to nobody else's."""

import math

import pytest
from loadtest.passages import UNSEEN, PassageScores, Sighting, score_passages

from watchbound.camera.synthetic import FaceTruth, FrameTruth, SiteSpec, SiteTruth
from watchbound.domain.face import Box

SPEC = SiteSpec("gate", 1, 10, fps=5, people=("P001", "P002", "P003"))
LEFT, RIGHT = 100.0, 600.0


def face(person: str, x: float, visible: float = 1.0, eyes: float = 30.0) -> FaceTruth:
    return FaceTruth(person, Box(x, 100, 60, 80), eyes, visible)


def truth() -> SiteTruth:
    """P001 comes by on the left, twice; P002 on the right, with P003 hidden behind; P003 is never clear."""
    frames = []
    for index in range(50):
        faces = [face("P003", RIGHT + 4, visible=0.05), face("P002", RIGHT)] if index < 40 else []
        if index < 10 or index >= 30:
            faces.append(face("P001", LEFT))
        frames.append(FrameTruth(index, index / 5, tuple(faces)))
    return SiteTruth.of(SPEC, frames)


def seen(frame: int, x: float, reference: str, score: float) -> Sighting:
    return Sighting("gate", frame, (x + 30, 140), reference, score)


def scores(*sightings: Sighting, listed: tuple[str, ...] = ("P001",)) -> PassageScores:
    return score_passages({"gate": truth()}, listed, sightings)


def test_each_passage_of_a_listed_person_has_the_best_score_with_which_they_were_named() -> None:
    found = scores(seen(2, LEFT, "P001", 0.5), seen(3, LEFT, "P001", 0.7), seen(35, LEFT, "P001", 0.6))
    assert found.mated == (0.7, 0.6)


def test_a_listed_person_who_is_taken_for_another_is_not_found() -> None:
    assert scores(seen(2, LEFT, "S000001", 0.9)).mated == (UNSEEN, UNSEEN)


def test_an_unlisted_person_has_the_best_score_of_any_answer() -> None:
    found = scores(seen(2, RIGHT, "S000001", 0.3), seen(39, RIGHT, "P001", 0.4))
    assert found.non_mated == (0.4,)
    assert found.mated == (UNSEEN, UNSEEN)


def test_of_two_faces_in_one_place_it_is_the_visible_one() -> None:
    # The hidden face's centre is nearer.
    found = scores(seen(2, RIGHT + 4, "P002", 0.8), listed=("P002",))
    assert found.mated == (0.8,)


def test_who_is_never_clear_is_in_neither_count() -> None:
    assert len(scores(listed=("P003",)).mated) == 0
    assert len(scores(listed=()).non_mated) == 3


@pytest.mark.parametrize("place", [(seen(15, LEFT, "P001", 0.9)), seen(2, 350, "P001", 0.9)])
def test_an_answer_where_nobody_is_counts_apart(place: Sighting) -> None:
    found = scores(place)
    assert found.elsewhere == (0.9,)
    assert all(math.isinf(score) for score in found.mated + found.non_mated)


def test_two_lists_add_up() -> None:
    one = PassageScores((0.5,), (0.1, 0.2), ())
    assert one.and_also(PassageScores((0.6,), (), (0.3,))) == PassageScores((0.5, 0.6), (0.1, 0.2), (0.3,))
