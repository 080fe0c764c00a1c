from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from watchbound.domain.errors import InvalidValue
from watchbound.domain.receipt import PREAMBLE, DeletionReceipt, PlaceDeleted, SignedReceipt, receipt_from_json
from watchbound.domain.sealing import Purpose
from watchbound.domain.signature import Signature

GALLERY = PlaceDeleted("gallery", "templates", 12, 0, "the server knows no such collection")
KEY = PlaceDeleted("key watchlist", "versions", 1, 0, "a sample sealed before does not open")
DISK = PlaceDeleted("gallery files", "files", 0, None, "no data folder is configured")
RECEIPT = DeletionReceipt(
    authorisation_id="wad-1",
    at=datetime(2026, 11, 23, 18, 0, tzinfo=UTC),
    by="retention",
    reason="the watchlist's 24 hours are over",
    purposes=frozenset({Purpose.FRAMES, Purpose.WATCHLIST}),
    places=(GALLERY, KEY),
)
SIGNED = SignedReceipt(RECEIPT, Signature("retention-1", bytes(64)))


def test_a_receipt_is_clean_only_when_nothing_is_left_anywhere() -> None:
    assert RECEIPT.clean
    assert RECEIPT.found == 13
    assert not replace(RECEIPT, places=(GALLERY, replace(KEY, after=1))).clean


def test_where_nobody_looked_is_clean_only_if_that_was_accepted() -> None:
    assert not replace(RECEIPT, places=(GALLERY, DISK)).clean
    assert replace(RECEIPT, places=(GALLERY, replace(DISK, waived=True))).clean
    assert not replace(DISK, after=3, waived=True).clean


def test_it_reads_back_from_its_file() -> None:
    assert receipt_from_json(json.loads(json.dumps(SIGNED.as_json()))) == SIGNED


def test_what_is_signed_says_what_it_is_and_covers_every_word() -> None:
    assert RECEIPT.statement().startswith(PREAMBLE)
    others = [
        replace(RECEIPT, authorisation_id="wad-2"),
        replace(RECEIPT, at=datetime(2026, 11, 23, 18, 1, tzinfo=UTC)),
        replace(RECEIPT, by="someone"),
        replace(RECEIPT, reason="another"),
        replace(RECEIPT, purposes=frozenset({Purpose.FRAMES})),
        replace(RECEIPT, places=(KEY, GALLERY)),
        *(
            replace(RECEIPT, places=(GALLERY, replace(KEY, **change)))
            for change in (
                {"unit": "keys"},
                {"before": 2},
                {"after": None},
                {"checked": "by eye"},
                {"waived": True},
            )
        ),
    ]
    assert len({RECEIPT.digest(), *(other.digest() for other in others)}) == len(others) + 1


def _edited(*path: str | int, to: Any) -> Any:
    value = json.loads(json.dumps(SIGNED.as_json()))
    at = value
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = to
    return value


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {},
        {"receipt": {}},
        _edited("digest", to="0" * 64),
        _edited("receipt", "clean", to=False),
        _edited("receipt", "places", 0, "after", to=1),
        _edited("receipt", "places", 0, "before", to=-1),
        _edited("receipt", "places", to=[]),
        _edited("receipt", "purposes", to=["everything"]),
        _edited("receipt", "at", to="2026-11-23T18:00:00"),
        _edited("signature", "value", to="00"),
        _edited("more", to=1),
    ],
)
def test_what_is_no_receipt_or_contradicts_itself_is_refused(value: Any) -> None:
    with pytest.raises(InvalidValue):
        receipt_from_json(value)


@pytest.mark.parametrize(
    "change",
    [
        {"authorisation_id": "a/b"},
        {"at": datetime(2026, 11, 23, 18, 0)},  # noqa: DTZ001 - that is the point
        {"by": " "},
        {"reason": ""},
        {"purposes": frozenset()},
        {"places": ()},
        {"places": (GALLERY, GALLERY)},
    ],
)
def test_a_receipt_that_leaves_something_unsaid_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue):
        replace(RECEIPT, **change)


@pytest.mark.parametrize("change", [{"place": ""}, {"unit": ""}, {"checked": ""}, {"before": -1}, {"after": -1}])
def test_a_place_that_leaves_something_unsaid_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue):
        replace(GALLERY, **change)
