from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.governance.desk import DEFAULTS
from watchbound.domain.errors import ConfigurationError
from watchbound.domain.watchlist import Category, ResponseLevel
from watchbound.governance.enrolment_report import ImageReport, Outcome
from watchbound.governance.submissions import Line, Submission, read_submissions


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")


def csv(folder: Path, *rows: str, header: str = "path,reference,category,response_level") -> Path:
    path = folder / "people.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8-sig")
    return path


def taken(lines: list[Line]) -> list[tuple[str, str]]:
    return [(line.path.name, line.entry.reference) for line in lines if isinstance(line, Submission)]


def refused(lines: list[Line]) -> list[str]:
    assert all(line.outcome is Outcome.BAD_ROW for line in lines if isinstance(line, ImageReport))
    return [line.detail for line in lines if isinstance(line, ImageReport)]


def test_a_file_is_an_entry_and_a_folder_is_an_entry_with_all_beneath_it(tmp_path: Path) -> None:
    touch(tmp_path / "REF-2.png", tmp_path / "REF-1" / "b.jpg", tmp_path / "REF-1" / "a.webp")
    touch(tmp_path / "REF-1" / "older" / "c.jpg", tmp_path / ".DS_Store", tmp_path / "Thumbs.db")
    lines = read_submissions(tmp_path, DEFAULTS)
    assert taken(lines) == [("a.webp", "REF-1"), ("b.jpg", "REF-1"), ("c.jpg", "REF-1"), ("REF-2.png", "REF-2")]
    assert refused(lines) == []


def test_a_name_that_is_no_reference_is_reported_and_the_rest_goes_on(tmp_path: Path) -> None:
    touch(tmp_path / "Łucja (old).jpg", tmp_path / "REF-1.jpg")
    lines = read_submissions(tmp_path, DEFAULTS)
    assert taken(lines) == [("REF-1.jpg", "REF-1")]
    assert "got 'Łucja-(old)'; of the name of a file or folder accents are dropped" in refused(lines)[0]


def test_ordinary_names_become_references_by_one_rule(tmp_path: Path) -> None:
    touch(tmp_path / "Jane Doe.jpg", tmp_path / "Anna Müller" / "a b.jpg", tmp_path / "REF_1.b-2.jpg")
    lines = read_submissions(tmp_path, DEFAULTS)
    assert taken(lines) == [
        ("a b.jpg", "Anna-Muller"),
        ("Jane Doe.jpg", "Jane-Doe"),
        ("REF_1.b-2.jpg", "REF_1.b-2"),
    ]


def test_two_names_that_become_one_reference_are_both_refused(tmp_path: Path) -> None:
    touch(tmp_path / "Anna Müller.jpg", tmp_path / "Anna-Muller" / "a.jpg", tmp_path / "B.jpg", tmp_path / "B.png")
    lines = read_submissions(tmp_path, DEFAULTS)
    assert taken(lines) == [("B.jpg", "B"), ("B.png", "B")]
    assert [detail.split(":")[0] for detail in refused(lines)] == [
        "more than one name becomes the reference Anna-Muller"
    ] * 2


def test_a_csv_names_files_from_its_own_folder(tmp_path: Path) -> None:
    source = csv(tmp_path, "a.jpg,REF-1,wanted-by-court,red", "sub/b.jpg,REF-2,,")
    first, second = read_submissions(source, DEFAULTS)
    assert isinstance(first, Submission)
    assert isinstance(second, Submission)
    assert (first.entry.category, first.entry.response_level) == (Category.WANTED_BY_COURT, ResponseLevel.RED)
    assert (second.entry.category, second.entry.response_level) == (DEFAULTS.category, DEFAULTS.response_level)
    assert second.path == tmp_path / "sub" / "b.jpg"


def test_bad_rows_are_named_by_number_and_the_rest_goes_on(tmp_path: Path) -> None:
    source = csv(
        tmp_path, "a.jpg,REF-1,friend,red", ",REF-2,missing,red", "c.jpg,no good,missing,red",
        "d.jpg,REF-4,missing,purple", "e.jpg", "f.jpg,REF-6,Missing,GREEN",
    )  # fmt: skip
    lines = read_submissions(source, DEFAULTS)
    assert taken(lines) == [("f.jpg", "REF-6")]
    details = refused(lines)
    assert [detail.split(":")[0] for detail in details] == ["row 2", "row 3", "row 4", "row 5", "row 6"]
    assert "category must be one of wanted-by-court" in details[0]
    assert "path is empty" in details[1]
    assert "response_level must be one of red, amber, green, got 'purple'" in details[3]


def test_an_entry_has_one_category(tmp_path: Path) -> None:
    source = csv(tmp_path, "a.jpg,REF-1,missing,red", "b.jpg,REF-1,wanted-by-court,red")
    lines = read_submissions(source, DEFAULTS)
    assert taken(lines) == [("a.jpg", "REF-1")]
    assert "REF-1 is missing, red in an earlier row and wanted-by-court, red here" in refused(lines)[0]


def test_a_source_that_cannot_be_used_at_all_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="found none in"):
        read_submissions(tmp_path, DEFAULTS)
    with pytest.raises(ConfigurationError, match=r"a folder of images or a \.csv file"):
        read_submissions(tmp_path / "nothing", DEFAULTS)
    with pytest.raises(ConfigurationError, match="reference, category, response_level is not there"):
        read_submissions(csv(tmp_path, "a.jpg", header="path"), DEFAULTS)
    latin = tmp_path / "latin.csv"
    latin.write_bytes("path,reference,category,response_level\nJosé.jpg,REF-1,,\n".encode("latin-1"))
    with pytest.raises(ConfigurationError, match="UTF-8"):
        read_submissions(latin, DEFAULTS)
