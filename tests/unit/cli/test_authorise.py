"""What the commands refuse before they speak to anyone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from watchbound.cli import authorise, watchlist
from watchbound.domain.errors import ConfigurationError
from watchbound.stack.officers import Officers

GOOD = {
    "--use-case": "locate-missing",
    "--legal-basis": "written authority 1",
    "--location": "Central station",
    "--location-type": "transport-hub",
    "--camera": "gate-1",
    "--threshold": "0.45",
    "--officer": "Supt Example",
    "--start": "2026-11-23T09:00Z",
    "--end": "2026-11-23T13:00Z",
}


def create(**changed: str | None) -> BaseException | None:
    flags = GOOD | {f"--{name.replace('_', '-')}": value for name, value in changed.items()}
    arguments = [part for name, value in flags.items() if value is not None for part in (name, value)]
    return CliRunner().invoke(authorise.app, ["create", *arguments]).exception


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"start": "2026-11-23T09:00"}, "--start must carry a time zone"),
        ({"start": "tomorrow"}, "--start: expected ISO 8601 with a zone"),
        ({"end": None}, "either --end or --hours"),
        ({"hours": "4"}, "either --end or --hours"),
        ({"end": None, "hours": "1e12"}, "--hours: expected a span"),
        ({"end": None, "hours": "nan"}, "--hours: expected a span"),
        ({"end": "2026-11-23T09:00Z"}, "must end after it starts"),
        ({"camera": "gate 1"}, "a camera id must be"),
        ({"threshold": "1.5"}, "a threshold lies in"),
        ({"threshold": "nan"}, "a threshold lies in"),
        ({"officer": " "}, "must state its officer"),
        ({"id": "no/slash"}, "an authorisation id must be"),
    ],
)
def test_a_grant_that_makes_no_sense_is_a_usage_error(changed: dict[str, str | None], message: str) -> None:
    problem = create(**changed)
    assert isinstance(problem, ConfigurationError)
    assert message in str(problem)


@pytest.mark.parametrize("changed", [{"use_case": "curiosity"}, {"location_type": "anywhere"}, {"camera": None}])
def test_closed_lists_are_closed_and_cameras_are_named(changed: dict[str, str | None]) -> None:
    problem = create(**changed)
    assert isinstance(problem, SystemExit)
    assert problem.code == 2


def test_times_of_any_zone_are_taken() -> None:
    window = authorise._window("2026-11-23T10:00+01:00", None, 1.5)
    assert window.start == datetime(2026, 11, 23, 9, tzinfo=UTC)
    assert window.end - window.start == timedelta(hours=1.5)


def test_help_shows_the_closed_lists() -> None:
    shown = CliRunner().invoke(authorise.app, ["create", "--help"]).stdout
    assert "locate-wanted" in shown
    assert "crime-hotspot" in shown
    assert "seeded-volunteer" in CliRunner().invoke(watchlist.app, ["enrol", "--help"]).stdout


def test_an_enrolment_that_has_nothing_to_read_is_a_usage_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = Officers(tmp_path / "keys")
    monkeypatch.setenv("WATCHBOUND_TRUST_LIST", str(people.trust_list))
    key = ["--authorisation", "op-1", "--key", str(people.key("watchlist-1"))]
    arguments = ["enrol", str(tmp_path / "none"), *key]
    assert isinstance(CliRunner().invoke(watchlist.app, arguments).exception, ConfigurationError)
    (tmp_path / "REF-1.jpg").write_bytes(b"")
    arguments = ["enrol", str(tmp_path), *key, "--report", str(tmp_path / "none" / "r.json")]
    problem = CliRunner().invoke(watchlist.app, arguments).exception
    assert isinstance(problem, ConfigurationError)
    assert "--report" in str(problem)
