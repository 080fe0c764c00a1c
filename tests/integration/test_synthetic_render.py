"""`watchbound synthetic render` as it is typed, in processes of its own."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from watchbound.camera.synthetic import read_truth
from watchbound.cli.synthetic import app
from watchbound.domain.errors import InvalidValue


def test_sites_are_rendered_side_by_side_and_described_as_json(tmp_path: Path) -> None:
    arguments = [
        "render",
        "--cameras",
        "2",
        "--seconds",
        "12",
        "--fps",
        "2",
        "--people",
        "P001",
        "--seed",
        "4",
        "--json",
    ]
    result = CliRunner().invoke(app, [*arguments, "--out", str(tmp_path)], catch_exceptions=False)
    assert result.exit_code == 0
    sites = json.loads(result.stdout)["sites"]
    assert [(site["camera"], site["frames"], site["seed"], site["people"]) for site in sites] == [
        ("camera-1", 24, 4, ["P001"]),
        ("camera-2", 24, 5, ["P001"]),
    ]
    assert all(site["passages"] == 1 for site in sites)
    for site in sites:
        assert Path(site["video"]).is_file()
        assert read_truth(Path(site["truth"])).digest == site["digest"]


def test_what_cannot_be_shown_in_the_time_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match="fewer people"):
        CliRunner().invoke(app, ["render", "--seconds", "5", "--out", str(tmp_path)], catch_exceptions=False)
    assert list(tmp_path.iterdir()) == []
