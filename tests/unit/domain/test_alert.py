from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from watchbound.domain.alert import Alert, alert_id
from watchbound.domain.errors import InvalidValue
from watchbound.domain.match import Match

from ..strategies import after, alerts, matches
from .values import ALERT, DECISION, MATCH


@given(matches())
def test_the_same_opening_match_opens_the_same_alert(match: Match) -> None:
    assert alert_id(match) == alert_id(replace(match, score=1.0, crop=b"another"))


def test_another_passage_is_another_alert() -> None:
    assert alert_id(MATCH) != alert_id(replace(MATCH, track_id="gate-1-9"))


@given(alerts())
def test_an_alert_speaks_of_its_best_match(alert: Alert) -> None:
    assert alert.entry == alert.best.entry
    assert alert.margin >= 0


def test_all_that_is_said_of_an_entry_has_one_key() -> None:
    assert ALERT.subject == MATCH.subject == DECISION.subject == "op-1/REF-1"


@pytest.mark.parametrize(
    ("field", "value", "fault"),
    [
        *((name, after(1).replace(tzinfo=None), name) for name in ("opened_by", "first_seen", "last_seen")),
        ("emitted_at", after(1).replace(tzinfo=None), "emitted_at"),
        ("last_seen", after(-1), "last seen before"),
        ("revision", -1, "revision"),
        ("matches", 0, "at least one match"),
        ("cameras", (), "at least one camera"),
    ],
)
def test_an_alert_in_a_wrong_state_cannot_exist(field: str, value: object, fault: str) -> None:
    with pytest.raises(InvalidValue, match=fault):
        replace(ALERT, **{field: value})  # type: ignore[arg-type]
