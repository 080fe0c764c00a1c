from __future__ import annotations

import pytest
from hypothesis import given

from watchbound.domain.demography import AgeBand, Ethnicity, Observation, Sex, parse_observation
from watchbound.domain.errors import InvalidValue

from ..strategies import observations


def test_what_was_not_recorded_stays_unrecorded() -> None:
    assert parse_observation("sex=female, age=25-34") == Observation(sex=Sex.FEMALE, age=AgeBand.FROM_25_TO_34)


def test_an_answer_not_given_is_a_record_too() -> None:
    assert parse_observation("ethnicity=not-stated") == Observation(ethnicity=Ethnicity.NOT_STATED)


@given(observations)
def test_what_is_told_is_what_is_read(observation: Observation) -> None:
    text = ",".join(f"{name}={value}" for name, value in observation.facts().items())
    assert parse_observation(text) == observation


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "expected sex, ethnicity, age"),
        ("mood=calm", "expected sex, ethnicity, age"),
        ("age=30", "age is one of under-18, 18-24"),
        ("sex", "sex is one of female, male, not-stated"),
        ("sex=male,sex=female", "stands twice"),
    ],
)
def test_what_is_not_in_the_lists_is_refused(text: str, fault: str) -> None:
    with pytest.raises(InvalidValue, match=fault):
        parse_observation(text)


def test_nothing_recorded_is_no_observation() -> None:
    with pytest.raises(InvalidValue, match="no observation"):
        Observation()
