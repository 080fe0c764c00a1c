from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from watchbound.domain.decision import Decision, Verdict
from watchbound.domain.demography import Observation, Sex
from watchbound.domain.errors import InvalidValue

from ..strategies import after, decisions
from .values import DECISION


@given(decisions)
def test_the_same_judgement_sent_later_is_one_decision(decision: Decision) -> None:
    assert replace(decision, decided_at=after(999), reason="again").id == decision.id


@pytest.mark.parametrize(
    "other",
    [
        replace(DECISION, verdict=Verdict.CONFIRM),
        replace(DECISION, reviewer="officer.3"),
        replace(DECISION, alert_id="a2"),
    ],
)
def test_another_judgement_is_another_decision(other: Decision) -> None:
    assert other.id != DECISION.id


@pytest.mark.parametrize(
    ("field", "value", "fault"),
    [
        ("alert_id", "", "names its alert"),
        ("reviewer", " \t", "a machine never decides"),
        ("authorisation_id", "a/b", "authorisation id"),
        ("reference", "", "entry reference"),
        ("decided_at", after(3).replace(tzinfo=None), "decided_at"),
    ],
)
def test_a_decision_in_a_wrong_state_cannot_exist(field: str, value: object, fault: str) -> None:
    with pytest.raises(InvalidValue, match=fault):
        replace(DECISION, **{field: value})  # type: ignore[arg-type]


@given(decisions)
def test_a_signature_covers_everything_but_itself(decision: Decision) -> None:
    assert replace(decision, signature=None).statement() == decision.statement()


@pytest.mark.parametrize(
    "other",
    [
        replace(DECISION, alert_id="a2"),
        replace(DECISION, reference="REF-2"),
        replace(DECISION, verdict=Verdict.CONFIRM),
        replace(DECISION, reviewer="officer.3"),
        replace(DECISION, reason="other"),
        replace(DECISION, decided_at=after(4)),
        replace(DECISION, observed=Observation(sex=Sex.MALE)),
    ],
)
def test_another_content_is_another_statement(other: Decision) -> None:
    assert other.statement() != DECISION.statement()
