from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from watchbound.domain.errors import InvalidValue

from .values import PAPERS


@pytest.mark.parametrize(
    ("bent", "what"),
    [
        ({"source": " "}, "source must be stated"),
        ({"lawful_holding": ""}, "lawful_holding must be stated"),
        ({"lawful_holding": "x" * 501}, "at most 500"),
        ({"under_18": True}, "under_18_reason"),
        ({"under_18_reason": "because"}, "under_18_reason"),
        ({"expires_at": PAPERS.added_at}, "later than"),
        ({"added_at": PAPERS.added_at.replace(tzinfo=None)}, "time zone"),
        ({"added_by": ""}, "added_by"),
        ({"approved_by": PAPERS.added_by}, "two people"),
    ],
)
def test_what_is_not_stated_or_contradicts_itself_is_refused(bent: dict[str, Any], what: str) -> None:
    with pytest.raises(InvalidValue, match=what):
        replace(PAPERS, **bent)


def test_somebody_under_18_is_listed_with_a_reason() -> None:
    papers = replace(PAPERS, under_18=True, under_18_reason="missing child at risk")
    assert papers.under_18_reason == "missing child at risk"


def test_a_proposal_names_nobody_who_approved() -> None:
    assert replace(PAPERS, approved_by="").approved_by == ""
