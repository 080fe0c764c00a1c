"""Labelled pictures and groups: what is read, and what is refused by row."""

from __future__ import annotations

from pathlib import Path

import pytest

from watchbound.domain.errors import ConfigurationError
from watchbound.evaluation.labelled import LabelledPicture, PictureRole, read_labels, read_pictures


def written(folder: Path, text: str, name: str = "people.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_folder_has_a_sub_folder_for_each_person(tmp_path: Path) -> None:
    for name in ("ann/2.jpg", "ann/1.jpg", "bob/x/1.png", ".hidden/1.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    read = [(picture.person, picture.path.name) for picture in read_pictures(tmp_path)]
    assert read == [("ann", "1.jpg"), ("ann", "2.jpg"), ("bob", "1.png")]


def test_a_csv_names_files_from_its_own_folder_and_may_say_what_they_are_for(tmp_path: Path) -> None:
    source = written(tmp_path, "path,person,role\na.jpg,ann,Reference\nb.jpg, ann ,probe\nc.jpg,bob,\n")
    assert read_pictures(source) == (
        LabelledPicture(tmp_path / "a.jpg", "ann", PictureRole.REFERENCE),
        LabelledPicture(tmp_path / "b.jpg", "ann", PictureRole.PROBE),
        LabelledPicture(tmp_path / "c.jpg", "bob", None),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("path\na.jpg\n", "person is not there"),
        ("path,person\na.jpg,\n", "row 2: expected a path and a person"),
        ("path,person,role\na.jpg,ann,suspect\n", "role must be reference or probe, or empty, got 'suspect'"),
        ("path,person\n", "at least one image"),
    ],
)
def test_a_csv_that_makes_no_sense_is_a_usage_error(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        read_pictures(written(tmp_path, text))


def test_groups_are_read_by_attribute_and_empty_cells_are_left_out(tmp_path: Path) -> None:
    source = written(tmp_path, "person,age,sex\nann,18-34,female\nbob,,male\n")
    assert read_labels(source) == {"age": {"ann": "18-34"}, "sex": {"ann": "female", "bob": "male"}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,age\nann,1\n", "person is not there"),
        ("person,age\nann,1\nann,2\n", "row 3: expected one row for each person, got 'ann' again"),
        ("person,age\n,1\n", "row 2: expected one row for each person, got ''"),
        ("person\nann\n", "at least one attribute"),
    ],
)
def test_labels_that_make_no_sense_are_a_usage_error(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        read_labels(written(tmp_path, text))
