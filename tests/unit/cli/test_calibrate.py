"""What calibrating, evaluating and robustness refuse before a model is opened."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from watchbound.cli import app
from watchbound.domain.errors import ConfigurationError


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["calibrate"], "either --images or --footage"),
        (["calibrate", "--images", ".", "--footage", "."], "either --images or --footage"),
        (["calibrate", "--images", "nowhere"], r"a folder of images or a \.csv file"),
        (["calibrate", "--images", ".", "--json", "no/such/folder/out.json"], "--json: expected a file in a folder"),
        (["calibrate", "--footage", ".", "--people", "P001"], "a folder with videos and their ground truth"),
        (["evaluate", "--footage", ".", "--threshold", "0.5", "--people", "all"], "a folder with videos"),
        (["robustness", "--images", ".", "--threshold", "0.5", "--png", "no/out.png"], "--png: expected a file"),
    ],
)
def test_options_that_make_no_sense_are_a_usage_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, arguments)
    assert isinstance(result.exception, ConfigurationError), result.output
    with pytest.raises(ConfigurationError, match=message):
        raise result.exception


@pytest.mark.parametrize("command", ["calibrate", "evaluate", "robustness"])
def test_help_shows_examples_line_by_line(command: str) -> None:
    shown = CliRunner().invoke(app, [command, "--help"]).output
    assert "Examples:" in shown
    assert f"\n    watchbound {command} --" in shown
