"""Waits grow, are spread, stay bounded and begin again."""

import random

from hypothesis import given
from hypothesis import strategies as st

from watchbound.camera.backoff import FIRST_S, LONGEST_S, Backoff


@given(st.integers())
def test_each_wait_lies_under_a_doubling_bounded_ceiling(seed: int) -> None:
    backoff = Backoff(random.Random(seed))
    for attempt in range(20):
        assert 0.0 <= backoff.next_s() <= min(FIRST_S * 2**attempt, LONGEST_S)


def test_waits_are_spread_over_the_whole_span() -> None:
    waits = []
    for seed in range(400):
        backoff = Backoff(random.Random(seed))
        waits.append([backoff.next_s() for _ in range(10)][-1])
    assert min(waits) < 0.05 * LONGEST_S
    assert max(waits) > 0.95 * LONGEST_S
    assert 0.4 < sum(waits) / len(waits) / LONGEST_S < 0.6


def test_the_same_seed_waits_the_same() -> None:
    one, two = Backoff(random.Random(7)), Backoff(random.Random(7))
    assert [one.next_s() for _ in range(5)] == [two.next_s() for _ in range(5)]


def test_a_reset_begins_again() -> None:
    backoff = Backoff(random.Random(1))
    for _ in range(10):
        backoff.next_s()
    backoff.reset()
    assert backoff.next_s() <= FIRST_S
