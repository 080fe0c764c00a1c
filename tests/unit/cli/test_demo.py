"""What `watchbound demo` refuses before it starts anything."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from watchbound.cli.demo import demo
from watchbound.domain.errors import ConfigurationError

APP = typer.Typer()
APP.command()(demo)


@pytest.mark.parametrize(
    ("flags", "problem"),
    [
        (["--json", "missing/x.json"], "--json: expected a file in a folder that exists, got .*missing/x.json"),
        (["--watchlist", "people"], "--watchlist: expected --video FILE with it"),
    ],
)
def test_what_cannot_be_used_is_refused_at_the_start(tmp_path: Path, flags: list[str], problem: str) -> None:
    flag, path = flags
    error = CliRunner().invoke(APP, [flag, str(tmp_path / path)]).exception
    assert isinstance(error, ConfigurationError)
    with pytest.raises(ConfigurationError, match=problem):
        raise error
