from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbound.domain.adjudication import Adjudication, Standing, Word, adjudicate, observed
from watchbound.domain.decision import Decision, Verdict
from watchbound.domain.demography import AgeBand, Observation, Sex
from watchbound.domain.errors import InvalidValue

from ..strategies import after
from .values import DECISION

CONFIRM, REJECT, LOOKALIKE, CANNOT_TELL = Verdict


def said(reviewer: str, verdict: Verdict, seconds: float, seen: Observation | None = None) -> Decision:
    return replace(DECISION, reviewer=reviewer, verdict=verdict, decided_at=after(seconds), observed=seen)


conversations = st.lists(
    st.builds(said, st.sampled_from("abc"), st.sampled_from(Verdict), st.integers(0, 5)),
    max_size=8,
)


@pytest.mark.parametrize(
    ("verdicts", "two", "one"),
    [
        ([], Standing.UNDECIDED, Standing.UNDECIDED),
        ([CANNOT_TELL], Standing.UNDECIDED, Standing.UNDECIDED),
        ([CONFIRM], Standing.AWAITING_SECOND, Standing.CONFIRMED),
        ([CONFIRM, CANNOT_TELL], Standing.AWAITING_SECOND, Standing.CONFIRMED),
        ([CONFIRM, CONFIRM], Standing.CONFIRMED, Standing.CONFIRMED),
        ([REJECT], Standing.REJECTED, Standing.REJECTED),
        ([LOOKALIKE], Standing.AWAITING_SECOND, Standing.LOOKALIKE),
        ([LOOKALIKE, LOOKALIKE], Standing.LOOKALIKE, Standing.LOOKALIKE),
        ([LOOKALIKE, REJECT], Standing.REJECTED, Standing.REJECTED),
        ([CONFIRM, REJECT], Standing.DISAGREED, Standing.DISAGREED),
        ([CONFIRM, LOOKALIKE], Standing.DISAGREED, Standing.DISAGREED),
        ([CONFIRM, CONFIRM, REJECT], Standing.DISAGREED, Standing.DISAGREED),
    ],
)
def test_what_words_of_different_reviewers_come_to(verdicts: list[Verdict], two: Standing, one: Standing) -> None:
    words = [said(f"officer-{number}", verdict, number) for number, verdict in enumerate(verdicts)]
    assert (adjudicate(words, two_person=True).standing, adjudicate(words, two_person=False).standing) == (two, one)


def test_nobody_is_their_own_second() -> None:
    assert adjudicate([said("a", CONFIRM, 1), said("a", CONFIRM, 2)], True).standing is Standing.AWAITING_SECOND


def test_a_changed_mind_counts_and_the_old_word_does_not() -> None:
    words = [said("a", CONFIRM, 1), said("b", REJECT, 2), said("b", CONFIRM, 3)]
    settled = adjudicate(words, two_person=True)
    assert (settled.standing, settled.reviewers, settled.decided_at) == (Standing.CONFIRMED, ("a", "b"), after(3))


def test_who_cannot_tell_stands_behind_nothing() -> None:
    words = [said("a", REJECT, 1), said("b", CANNOT_TELL, 2)]
    rejected = adjudicate(words, two_person=True)
    assert (rejected.reviewers, rejected.decided_at) == (("a",), after(1))
    assert len(rejected.words) == 2


@given(conversations, st.randoms(use_true_random=False), st.booleans())
def test_the_order_and_the_number_of_readings_do_not_matter(words: list[Decision], random: Random, two: bool) -> None:
    shuffled = [*words, *words]
    random.shuffle(shuffled)
    assert adjudicate(shuffled, two) == adjudicate(words, two)
    assert observed(shuffled) == observed(words)


@given(conversations)
def test_confirming_and_suppressing_take_two_people(words: list[Decision]) -> None:
    settled = adjudicate(words, two_person=True)
    if settled.standing in (Standing.CONFIRMED, Standing.LOOKALIKE):
        assert len(set(settled.reviewers)) >= 2


@given(conversations, st.booleans())
def test_nobody_is_confirmed_against_a_reviewer_s_latest_word(words: list[Decision], two: bool) -> None:
    settled = adjudicate(words, two)
    if settled.standing is Standing.CONFIRMED:
        assert {word.verdict for word in settled.words} <= {CONFIRM, CANNOT_TELL}


@given(conversations, st.booleans())
def test_an_adjudication_follows_from_the_latest_words(words: list[Decision], two: bool) -> None:
    settled = adjudicate(words, two)
    for word in settled.words:
        assert word.spoken_at == max(d.decided_at for d in words if d.reviewer == word.reviewer)
    assert {word.reviewer for word in settled.words} == {decision.reviewer for decision in words}


def test_the_latest_record_of_each_attribute_counts() -> None:
    words = [
        said("a", REJECT, 1, Observation(sex=Sex.MALE, age=AgeBand.UNDER_18)),
        said("b", REJECT, 2, Observation(sex=Sex.FEMALE)),
        said("a", REJECT, 3),
    ]
    assert observed(words) == Observation(sex=Sex.FEMALE, age=AgeBand.UNDER_18)
    assert observed(words[2:]) is None


def test_the_decisions_on_two_alerts_are_not_one_adjudication() -> None:
    with pytest.raises(InvalidValue, match="on one alert"):
        adjudicate([DECISION, replace(DECISION, alert_id="a2")], two_person=True)


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ((Word("a", CONFIRM, after(0)), Word("a", REJECT, after(1))), "spoke twice"),
        ((Word("a", CONFIRM, after(1)), Word("b", REJECT, after(0))), "ordered by time"),
    ],
)
def test_an_adjudication_in_a_wrong_state_cannot_exist(words: tuple[Word, ...], fault: str) -> None:
    with pytest.raises(InvalidValue, match=fault):
        Adjudication(two_person=True, words=words)


def test_a_word_names_its_reviewer() -> None:
    with pytest.raises(InvalidValue, match="names its reviewer"):
        Word(" ", CONFIRM, after(0))
