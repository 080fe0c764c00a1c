from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest

from watchbound.domain.act import ActKind
from watchbound.domain.authorisation import Authorisation
from watchbound.domain.errors import InvalidValue
from watchbound.domain.moment import Window
from watchbound.domain.retention import RetentionPolicy
from watchbound.domain.standing import Refusal
from watchbound.domain.terms import LocationType, UseCase
from watchbound.domain.watchlist import Category
from watchbound.domain.written_authority import WrittenAuthority
from watchbound.governance.notice import (
    CATEGORIES,
    LOCATION_TYPES,
    USE_CASES,
    Publisher,
    dpia_input,
    notice_page,
)
from watchbound.testing.office import Office, activation, active_authorisation, terms

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
PUBLISHER = Publisher("Example Police", "101; privacy@police.example", "https://police.example/lfr")
DEPLOYMENT = active_authorisation(
    legal_basis="common law & PACE <1984>",
    retention=RetentionPolicy(watchlist_after_end=timedelta(hours=1), alerts=timedelta(days=7)),
)
_EXTERNAL = re.compile(r"(?:src|href|action|data)=\"([^\"]+)\"|url\(([^)]+)\)|@import")


class _Page(HTMLParser):
    """The tags, in order, and the text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


PAGE = notice_page(DEPLOYMENT, PUBLISHER, NOW)
READ = _Page(PAGE)


@pytest.mark.parametrize(
    "said",
    [
        "Central station",
        "Monday 23 November 2026, 09:00 UTC",
        "Monday 23 November 2026, 13:00 UTC",
        "to find a missing person",
        "common law & PACE <1984>",
        "other means have failed",
        "one station, four hours",
        "DPIA 31",
        "deleted 1 hour after the end",
        "deleted 7 days after the end",
        "at least 183 days",
        "Example Police",
        "privacy@police.example",
        "10,000 people at most",
        "This deployment is authorised.",
    ],
)
def test_the_notice_says_what_was_signed(said: str) -> None:
    assert said in READ.text


OFFICE = Office()
START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
ACTIVE = OFFICE.active(terms())
URGENT = terms(urgent=True, window=Window(START, START + 48 * HOUR))
BEGUN = OFFICE.with_act(OFFICE.drafted(URGENT, START), ActKind.ACTIVATE, OFFICE.drafter, START, activation(START))


def revoked() -> Authorisation:
    office = Office()
    office.trust.revoke("key-of-officer")
    return office.read(ACTIVE)


STANDINGS: dict[str, tuple[Authorisation, datetime, str]] = {
    "draft": (OFFICE.read(OFFICE.drafted(terms())), START, "is planned. It has not been authorised."),
    "signed": (OFFICE.read(OFFICE.signed(terms())), START, "is authorised. It has not begun."),
    "before its window": (DEPLOYMENT, NOW, "is authorised. It has not begun."),
    "in force": (DEPLOYMENT, START, "is authorised."),
    "the last moment": (DEPLOYMENT, START + 4 * HOUR - timedelta(microseconds=1), "is authorised."),
    "the window over": (DEPLOYMENT, START + 4 * HOUR, "is over."),
    "signed, the window over": (OFFICE.read(OFFICE.signed(terms())), START + 4 * HOUR, "is over."),
    "paused": (OFFICE.read(OFFICE.with_act(ACTIVE, ActKind.PAUSE, OFFICE.officer, START)), START + HOUR, "is paused"),
    "paused, the window over": (
        OFFICE.read(OFFICE.with_act(ACTIVE, ActKind.PAUSE, OFFICE.officer, START)),
        START + 4 * HOUR,
        "is over.",
    ),
    "cancelled": (OFFICE.read(OFFICE.cancelled(terms())), START, "was cancelled."),
    "urgent and unsigned": (
        OFFICE.read(BEGUN),
        START + HOUR,
        "is urgent. The authorising officer has not signed it yet; it stops on Tuesday 24 November 2026, 09:00 UTC",
    ),
    "urgent and signed": (
        OFFICE.read(OFFICE.with_act(BEGUN, ActKind.SIGN, OFFICE.officer, START + HOUR)),
        START + HOUR,
        "is authorised.",
    ),
    "urgent and lapsed": (OFFICE.read(BEGUN), START + 24 * HOUR, "is over: it began as urgent"),
    "a key revoked": (revoked(), START, "is not in force"),
    "altered": (OFFICE.read(replace(ACTIVE, terms=terms(location="elsewhere"))), START, "is not in force"),
    "without an act": (OFFICE.read(WrittenAuthority(terms(), ())), START, "is not in force"),
}


@pytest.mark.parametrize("case", STANDINGS)
def test_it_says_how_the_deployment_stands_now(case: str) -> None:
    authorisation, now, expected = STANDINGS[case]
    (said,) = re.findall(r"This deployment ([^<]*)", notice_page(authorisation, PUBLISHER, now))
    assert said.startswith(expected)
    assert f"| state | This deployment {said} |" in dpia_input(authorisation, PUBLISHER, now)


@pytest.mark.parametrize("case", STANDINGS)
def test_nothing_is_called_authorised_that_permits_nothing_and_was_not_signed(case: str) -> None:
    authorisation, now, _ = STANDINGS[case]
    called = "This deployment is authorised." in notice_page(authorisation, PUBLISHER, now)
    to_come = (Refusal.NOT_ACTIVE, Refusal.NOT_YET_STARTED)
    waits = authorisation.refusal(now) in to_come and now < authorisation.window.end
    assert called == (authorisation.standing.signed_at is not None and (authorisation.refusal(now) is None or waits))


def test_nothing_is_left_to_fill_in() -> None:
    assert "{{" not in PAGE
    assert "{{" not in dpia_input(DEPLOYMENT, PUBLISHER, NOW)


def test_it_needs_nothing_from_elsewhere() -> None:
    external = {next(filter(None, found.groups()), "@import") for found in _EXTERNAL.finditer(PAGE)}
    assert external == {PUBLISHER.url}
    assert {tag for tag, _ in READ.tags} & {"script", "img", "iframe", "link", "object"} == set()


def test_it_can_be_read_by_everybody() -> None:
    assert ("html", {"lang": "en"}) in READ.tags
    assert [tag for tag, _ in READ.tags].count("h1") == 1
    assert {"title", "header", "main", "footer"} <= {tag for tag, _ in READ.tags}
    assert "<title>QR code of https://police.example/lfr</title>" in PAGE
    assert any(tag == "meta" and attrs.get("name") == "viewport" for tag, attrs in READ.tags)


def test_what_somebody_wrote_into_the_terms_is_text_and_never_markup() -> None:
    attack = notice_page(replace(DEPLOYMENT, location='<script>x</script>"'), PUBLISHER, NOW)
    assert "<script" not in attack
    assert '<script>x</script>"' in _Page(attack).text


def test_the_dpia_input_holds_the_terms() -> None:
    text = dpia_input(DEPLOYMENT, PUBLISHER, NOW)
    for said in ("gate-1", "calibrated on our own footage", "0.45", "drafter / officer", "7 days after the end"):
        assert said in text


def test_every_word_of_the_closed_lists_has_words_for_the_public() -> None:
    assert set(USE_CASES) == set(UseCase)
    assert set(LOCATION_TYPES) == set(LocationType)
    assert set(CATEGORIES) == set(Category)


@pytest.mark.parametrize(
    ("controller", "contact", "url"),
    [
        ("", "101", "https://police.example"),
        ("Example Police", " ", "https://police.example"),
        ("Example Police", "101", ""),
        ("Example Police", "101", "javascript:alert(1)"),
        ("Example Police", "101", 'https://police.example/"onclick="'),
    ],
)
def test_a_notice_that_names_nobody_is_refused(controller: str, contact: str, url: str) -> None:
    with pytest.raises(InvalidValue):
        Publisher(controller, contact, url)
