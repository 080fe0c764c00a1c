"""The budget pauses on evidence, not on a share, and keeps its word about how often it is wrong."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbound.alerting.budget import BudgetPolicy, in_words, judge, log_evidence, lower_bound
from watchbound.domain.errors import InvalidValue

POLICY = BudgetPolicy()
faces = st.integers(0, 10**6)
false_alerts = st.integers(0, 2000)


def test_one_false_alert_in_798_faces_is_above_the_budget_and_does_not_pause() -> None:
    finding = judge(798, 1, POLICY)
    assert finding.share > POLICY.rate
    assert not finding.breached
    assert lower_bound(798, 1, POLICY.alpha) < POLICY.rate


@given(faces, st.floats(0.0, 0.1, exclude_min=True))
def test_a_single_false_alert_never_pauses(seen: int, alpha: float) -> None:
    assert not judge(seen, 1, BudgetPolicy(alpha=alpha, minimum_faces=1)).breached


@pytest.mark.parametrize(("seen", "wrong"), [(300, 3), (1000, 6), (10_000, 25)])
def test_a_rate_far_above_the_budget_pauses(seen: int, wrong: int) -> None:
    finding = judge(seen, wrong, POLICY)
    assert finding.breached
    assert lower_bound(seen, wrong, POLICY.alpha) > POLICY.rate


def test_a_sample_that_is_too_small_never_pauses() -> None:
    assert not judge(POLICY.minimum_faces - 1, 50, POLICY).breached
    assert judge(POLICY.minimum_faces, 50, POLICY).breached


@given(faces, false_alerts, st.floats(1e-6, 0.5))
def test_the_bound_and_the_pause_are_one_and_the_same(seen: int, wrong: int, rate: float) -> None:
    evidence = log_evidence(seen, wrong, rate)
    if abs(evidence - math.log(20)) < 1e-6:
        return
    assert (evidence > math.log(20)) == (lower_bound(seen, wrong, 0.05) > rate) or seen == 0


@given(faces, false_alerts, st.floats(1e-6, 0.5))
def test_faces_speak_for_the_deployment_and_false_alerts_against_it(seen: int, wrong: int, rate: float) -> None:
    here = log_evidence(seen, wrong, rate)
    assert log_evidence(seen + 1, wrong, rate) < here < log_evidence(seen, wrong + 1, rate)


@given(st.floats(0.0, 0.001), faces, false_alerts)
def test_the_next_face_is_not_expected_to_raise_the_evidence_while_the_budget_holds(
    rate: float, seen: int, wrong: int
) -> None:
    def process(more_faces: int, more_wrong: int) -> float:
        now = log_evidence(seen, wrong, 0.001)
        return math.exp(log_evidence(seen + more_faces, wrong + more_wrong, 0.001) - now)

    assert rate * process(1, 1) + (1 - rate) * process(1, 0) <= 1 + 1e-9


def test_nothing_seen_is_nothing_said() -> None:
    assert log_evidence(0, 0, 0.001) == 0.0
    assert judge(0, 0, POLICY).share == 0.0


def test_the_reason_names_the_counts_the_bound_and_the_budget() -> None:
    words = in_words(judge(1000, 6, POLICY), POLICY)
    assert "6 false alerts in 1000 faces" in words
    assert "95 %" in words
    assert "0.001" in words


@pytest.mark.parametrize(
    "make",
    [
        lambda: BudgetPolicy(rate=0.0),
        lambda: BudgetPolicy(alpha=0.0),
        lambda: BudgetPolicy(alpha=0.2),
        lambda: BudgetPolicy(minimum_faces=0),
        lambda: judge(-1, 0, POLICY),
    ],
)
def test_what_makes_no_sense_is_refused(make: object) -> None:
    with pytest.raises(InvalidValue):
        make()  # type: ignore[operator]
