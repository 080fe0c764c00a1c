from pathlib import Path

import pytest

from watchbound.camera.synthetic.spec import SiteSpec
from watchbound.camera.synthetic.truth import SiteTruth, read_truth, write_truth
from watchbound.domain.errors import InvalidValue
from watchbound.domain.face import Box
from watchbound.domain.ground_truth import FaceTruth, FrameTruth

SPEC = SiteSpec("gate", 1, 6, fps=10, people=("P001", "P002"))


def face(person: str, eyes: float, visible: float) -> FaceTruth:
    return FaceTruth(person, Box(10, 20, 2 * eyes, 3 * eyes), eyes, visible)


def frames() -> tuple[FrameTruth, ...]:
    """P001 comes by twice, growing, the second time hidden; P002 stays far away."""
    made = []
    for index in range(60):
        faces = [face("P002", 10, 1.0)]
        if index < 20:
            faces.append(face("P001", 10 + index, 1.0))
        elif index >= 40:
            faces.append(face("P001", index - 10, 0.5))
        made.append(FrameTruth(index, index / 10, tuple(faces)))
    return tuple(made)


TRUTH = SiteTruth.of(SPEC, frames())


def test_truth_survives_the_file(tmp_path: Path) -> None:
    path = tmp_path / "gate.truth.json"
    write_truth(path, SPEC, frames())
    assert read_truth(path) == TRUTH
    assert [item.name for item in tmp_path.iterdir()] == ["gate.truth.json"]


def test_a_passage_is_near_clear_and_long_enough() -> None:
    (passage,) = TRUTH.passages()
    assert (passage.person, passage.first_s, passage.last_s) == ("P001", 1.0, 1.9)
    assert passage.nearest_eye_distance == 29
    assert passage.seconds == pytest.approx(1.0)


def test_passages_are_split_where_the_person_was_away() -> None:
    found = TRUTH.passages(min_eye_distance=20, min_visible_fraction=0.4)
    assert [(passage.person, passage.first_s) for passage in found] == [("P001", 1.0), ("P001", 4.0)]


def test_longer_demands_find_fewer_passages() -> None:
    assert TRUTH.passages(min_seconds=1.1) == ()
    assert {passage.person for passage in TRUTH.passages(0, 0, 0)} == TRUTH.people() == {"P001", "P002"}


@pytest.mark.parametrize(
    ("second", "expected"),
    [(-0.05, set()), (0.0, {"P001", "P002"}), (2.99, {"P002"}), (5.99, {"P001", "P002"}), (6.0, set())],
)
def test_who_is_visible_at_a_second(second: float, expected: set[str]) -> None:
    assert TRUTH.visible_at(second) == expected


def test_visibility_can_be_demanded() -> None:
    assert TRUTH.visible_at(5.0, min_visible_fraction=0.7) == {"P002"}


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", '{"schema": "other"}', '{"schema": "watchbound.synthetic-truth.v1"}']
)
def test_another_file_is_refused_by_name(tmp_path: Path, content: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(content)
    with pytest.raises(InvalidValue, match=r"x\.json.*render the site again"):
        read_truth(path)
