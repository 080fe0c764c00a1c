"""Four forms of one record: complete, self-contained, and safe to open."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from tests.unit.domain.test_calibration import evidence
from tests.unit.governance.record.deployment import facts
from watchbound.domain.errors import InvalidValue
from watchbound.governance.record.as_csv import as_csv
from watchbound.governance.record.as_html import as_html
from watchbound.governance.record.as_json import document
from watchbound.governance.record.as_pdf import as_pdf
from watchbound.governance.record.build import DeploymentRecord, build_record
from watchbound.governance.record.facts import Act
from watchbound.governance.record.stated import Stated

VOID = {"meta", "rect", "path", "circle"}


class Outline(HTMLParser):
    """Checks that elements nest, and keeps what a reader meets."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture
def record() -> DeploymentRecord:
    return build_record(facts())


def outline(page: str) -> Outline:
    reader = Outline()
    reader.feed(page)
    assert reader.open == []
    return reader


def test_the_record_names_the_list_that_was_activated_and_what_changed_since(record: DeploymentRecord) -> None:
    page = as_html(record)
    assert "5" * 64 in page
    assert "2 approved by two watchlist officers, 1 removed" in page
    watchlist = document(record)["watchlist"]
    assert watchlist["digest_at_activation"] == "5" * 64
    assert (watchlist["approved_since_activation"], watchlist["removed_since_activation"]) == (2, 1)


def test_the_json_is_json_and_names_its_method(record: DeploymentRecord) -> None:
    told = json.loads(json.dumps(document(record)))
    assert told["schema"] == "watchbound.deployment-record.v1"
    assert told["alerts"]["by_outcome"] | {"undecided": 1, "lookalike": 1} == told["alerts"]["by_outcome"]
    assert told["false_alert_rates"]["over_faces_seen"]["of"] == 1000
    assert "Clopper" in told["intervals"]
    assert told["reconciles"] is True


def test_the_calibration_that_the_terms_cite_is_named(record: DeploymentRecord) -> None:
    assert document(record)["authorisation"]["calibration"] is None
    assert "none is cited" in as_html(record)
    terms = record.authorisation
    cited = evidence(threshold=terms.minimum_threshold, list_size=terms.max_watchlist_size)
    shown = replace(record, authorisation=replace(terms, calibration=cited))
    assert document(shown)["authorisation"]["calibration"]["report_sha256"] == "a" * 64
    assert f"report sha256 {'a' * 64}" in as_html(shown)
    assert dict(list(csv.reader(io.StringIO(as_csv(shown))))[1:])["authorisation.calibration.fpir"] == "0.001"


def test_the_csv_has_every_figure_of_the_json(record: DeploymentRecord) -> None:
    rows = dict(list(csv.reader(io.StringIO(as_csv(record))))[1:])
    assert rows["frames.published"] == "2000"
    assert rows["false_alert_rates.over_faces_seen.count"] == "2"
    assert rows["coverage.2.camera"] == "gate-2"


def test_what_nobody_can_count_is_stated_under_a_name_and_never_guessed(record: DeploymentRecord) -> None:
    assert document(record)["stated"] is None
    assert as_html(record).count("not stated") == 2
    said = replace(record, stated=Stated("insp.7", "Camden", 0, ("true alert unconfirmed",)))
    assert document(said)["stated"] == {
        "by": "insp.7",
        "borough": "Camden",
        "arrests": 0,
        "notes": ["true alert unconfirmed"],
    }
    page = as_html(said)
    assert all(words in page for words in ("Camden", "0 (stated by insp.7)", "Note by insp.7: true alert unconfirmed"))
    assert "not stated" not in page


def test_fewer_than_no_arrests_cannot_be_stated() -> None:
    with pytest.raises(InvalidValue, match="0 or more, got -1"):
        Stated("insp.7", arrests=-1)


def test_a_reason_that_looks_like_a_formula_is_not_run_by_a_spreadsheet(record: DeploymentRecord) -> None:
    bad = replace(record, acts=(Act(record.made_at, "pause", "officer.1", "=HYPERLINK(1)"),))
    assert dict(list(csv.reader(io.StringIO(as_csv(bad))))[1:])["acts.1.reason"] == "'=HYPERLINK(1)"


def test_the_page_is_well_formed_accessible_and_loads_nothing(record: DeploymentRecord) -> None:
    page = as_html(record)
    seen = outline(page).seen
    tags = [tag for tag, _ in seen]
    assert tags.count("h1") == 1
    assert tags.count("table") == tags.count("caption") == tags.count("thead")
    assert all(attributes.get("scope") in {"col", "row"} for tag, attributes in seen if tag == "th")
    assert dict(seen)["html"] == {"lang": "en-GB"}
    picture = dict(seen)["svg"]
    assert picture["role"] == "img"
    assert picture["aria-labelledby"] == "timeline"
    assert not {"script", "link", "img", "iframe"} & set(tags)
    assert re.search(r"(src|href|url\()", page) is None


def test_the_page_repeats_no_markup_from_people(record: DeploymentRecord) -> None:
    bad = replace(record, acts=(Act(record.made_at, "pause", "officer.1", "<script>alert(1)</script>"),))
    page = as_html(bad)
    outline(page)
    assert "<script" not in page


def test_what_does_not_add_up_stands_on_the_page() -> None:
    page = as_html(build_record(facts(audit=None)))
    assert "What does not add up" in page
    assert "Every total adds up" not in page


def test_the_pdf_is_one_and_says_when_its_font_lacks_letters(record: DeploymentRecord) -> None:
    printed = as_pdf(record)
    assert printed.startswith(b"%PDF-")
    polish = replace(record, acts=(Act(record.made_at, "pause", "Zażółć", "gęślą"),))
    assert len(as_pdf(polish)) > 0


def test_a_deployment_that_never_operated_can_be_printed_too() -> None:
    record = build_record(facts(tallies=(), alerts=(), decisions=(), volunteers=None))
    outline(as_html(record))
    assert as_pdf(record).startswith(b"%PDF-")
    assert document(record)["operated"] is None
