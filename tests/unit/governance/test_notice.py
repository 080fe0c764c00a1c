from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest

from watchbound.domain.errors import InvalidValue
from watchbound.domain.retention import RetentionPolicy
from watchbound.domain.terms import LocationType, UseCase
from watchbound.domain.watchlist import Category
from watchbound.governance.notice import (
    CATEGORIES,
    LOCATION_TYPES,
    USE_CASES,
    Publisher,
    dpia_input,
    notice_page,
)
from watchbound.testing.office import active_authorisation

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
