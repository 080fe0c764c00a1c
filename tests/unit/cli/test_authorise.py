"""What the commands refuse before they speak to anyone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from watchbound.cli import authorise, watchlist
from watchbound.cli.authorisation_words import act_in_words, as_json, list_has_changed
from watchbound.domain.errors import ConfigurationError
from watchbound.domain.terms import Terms, UseCase
from watchbound.domain.threshold_change import ThresholdChange
from watchbound.domain.watchlist import Category
from watchbound.governance.terms_file import read_terms, template
from watchbound.stack.officers import Officers
from watchbound.testing.office import Office, activation, terms

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
GOOD: dict[str, Any] = {
    "id": "op-1",
    "use_case": "locate-missing",
    "legal_basis": "written authority 1",
    "legitimate_aim": "to find a missing person",
    "necessity": "other means have failed",
    "proportionality": "one station, four hours",
    "dpia_reference": "DPIA 31",
    "location": "Central station",
    "location_type": "transport-hub",
    "cameras": ["gate-1"],
    "start": "2026-11-23T09:00Z",
    "end": "2026-11-23T13:00Z",
    "max_watchlist_size": 100,
    "categories": ["missing"],
    "minimum_threshold": 0.45,
    "threshold_reason": "calibrated",
    "signage_reference": "signs 1 to 4",
    "officer": "officer",
}


def written(folder: Path, **changed: Any) -> Path:
    path = folder / "terms.yaml"
    path.write_text(yaml.safe_dump({**GOOD, **changed}))
    return path


def read(folder: Path, **changed: Any) -> Terms:
    return read_terms(written(folder, **changed), {}, "drafter", NOW)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"start": "2026-11-23T09:00"}, "start: .*timezone"),
        ({"start": "tomorrow"}, "start: "),
        ({"end": None}, "either end or hours"),
        ({"hours": 4}, "either end or hours"),
        ({"end": None, "hours": 1e12}, "hours: "),
        ({"end": None, "hours": float("nan")}, "hours: "),
        ({"end": "2026-11-23T09:00Z"}, "must end after it starts"),
        ({"cameras": ["gate 1"]}, "a camera id must be"),
        ({"cameras": []}, "cameras: must name at least one"),
        ({"minimum_threshold": 1.5}, "a threshold lies in"),
        ({"minimum_threshold": float("nan")}, "minimum_threshold: "),
        ({"officer": " "}, "officer: .*must be filled in"),
        ({"officer": "drafter"}, "drafted by one person and signed by another"),
        ({"id": "no/slash"}, "an authorisation id must be"),
        ({"use_case": "curiosity"}, "use_case: .*locate-wanted"),
        ({"location_type": "anywhere"}, "location_type: .*crime-hotspot"),
        ({"categories": ["anybody"]}, "categories.0: .*missing"),
        ({"necessity": None}, "necessity: must be filled in"),
        ({"because": "x"}, "because: Extra inputs"),
        ({"retention": {"alerts_days": 32}}, "alerts are kept after the end"),
    ],
)
def test_terms_that_make_no_sense_are_a_usage_error(tmp_path: Path, changed: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        read(tmp_path, **changed)


def test_all_that_is_missing_is_told_at_once() -> None:
    with pytest.raises(ConfigurationError, match=r"legal_basis: must be filled in; .*officer: must be filled in"):
        read_terms(None, {"use_case": UseCase.LOCATE_MISSING}, "drafter", NOW)


def test_times_of_any_zone_are_taken(tmp_path: Path) -> None:
    window = read(tmp_path, start="2026-11-23T10:00+01:00", end=None, hours=1.5).window
    assert window.start == datetime(2026, 11, 23, 9, tzinfo=UTC)
    assert window.end - window.start == timedelta(hours=1.5)
    assert read(tmp_path, start=None).window.start == NOW


def test_a_flag_wins_over_the_file(tmp_path: Path) -> None:
    flags = {"hours": 2.0, "categories": [Category.RISK_OF_HARM], "officer": None, "cameras": []}
    terms = read_terms(written(tmp_path), flags, "drafter", NOW)
    assert terms.window.end == terms.window.start + timedelta(hours=2)
    assert terms.categories == {Category.RISK_OF_HARM}
    assert terms.officer == "officer"
    assert terms.cameras == {"gate-1"}


def test_the_template_asks_for_everything_and_takes_what_is_filled_in(tmp_path: Path) -> None:
    asked = yaml.safe_load(template())
    assert set(GOOD) - {"id"} <= set(asked)
    path = tmp_path / "terms.yaml"
    path.write_text(yaml.safe_dump({**asked, **GOOD}))
    assert read_terms(path, {}, "drafter", NOW) == read(tmp_path)
    path.write_text(template())
    with pytest.raises(ConfigurationError, match="use_case: must be filled in"):
        read_terms(path, {}, "drafter", NOW)


def test_the_template_is_printed_without_a_key_or_a_broker() -> None:
    shown = CliRunner().invoke(authorise.app, ["draft", "--template"])
    assert shown.exit_code == 0
    assert shown.stdout == template()


def test_help_shows_the_closed_lists() -> None:
    shown = CliRunner().invoke(authorise.app, ["draft", "--help"]).stdout
    assert "locate-wanted" in shown
    assert "crime-hotspot" in shown
    assert "signage-placed" in CliRunner().invoke(authorise.app, ["activate", "--help"]).stdout
    assert "seeded-volunteer" in CliRunner().invoke(watchlist.app, ["enrol", "--help"]).stdout


def test_an_act_needs_a_key_that_can_be_read(tmp_path: Path) -> None:
    problem = CliRunner().invoke(authorise.app, ["sign", "op-1", "--key", str(tmp_path / "none.pem")]).exception
    assert isinstance(problem, ConfigurationError)
    assert "watchbound keys generate" in str(problem)


def test_a_change_of_the_threshold_is_told_with_who_asked_and_who_approved() -> None:
    act = {"kind": "set-threshold", "by": "officer", "at": "2026-11-23T10:00:00+00:00", "reason": "false alerts"}
    details = ThresholdChange(0.62, "sgt.c").details()
    assert act_in_words({**act, "details": details}) == (
        "2026-11-23T10:00:00+00:00  set-threshold to 0.62 at the request of sgt.c by officer: false alerts"
    )
    assert act_in_words({**act, "kind": "pause", "details": {}}).endswith("  pause by officer: false alerts")


def test_an_activation_is_told_with_its_list() -> None:
    details = activation(NOW, watchlist_digest="ab" * 32)
    act = {"kind": "activate", "by": "officer", "at": "2026-11-23T08:00:00+00:00", "reason": "ready"}
    said = act_in_words({**act, "details": details})
    assert f"activate with the watchlist {'ab' * 32} of 5, reviewed by watchlist-1, by officer: ready" in said
    del details["watchlist_digest"]
    assert "watchlist not stated of 5" in act_in_words({**act, "details": details})


def test_a_list_that_changed_after_the_activation_is_told() -> None:
    office = Office()
    active = office.read(office.active(terms()))
    start, end = active.window.start, active.window.end
    assert list_has_changed(active, "5" * 64, start) is False
    assert list_has_changed(active, "6" * 64, start) is True
    assert list_has_changed(active, "6" * 64, end) is None
    assert list_has_changed(office.read(office.signed(terms())), "6" * 64, start) is None
    assert as_json(active, start)["watchlist_digest"] == "5" * 64
    assert as_json(office.read(office.signed(terms())), start)["watchlist_digest"] is None


def test_a_threshold_out_of_range_is_a_usage_error(tmp_path: Path) -> None:
    arguments = ["threshold", "op-1", "1.5", "--key", "x", "--requested-by", "sgt", "--reason", "x"]
    problem = CliRunner().invoke(authorise.app, arguments).exception
    assert isinstance(problem, ConfigurationError)
    assert "a threshold lies in" in str(problem)


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
