from __future__ import annotations

from collections.abc import Hashable

from watchbound.adapters.faust_stall import StallWatch


def looks(watch: StallWatch, *states: tuple[int, int, int]) -> list[list[Hashable]]:
    """What is found, look by look, for (next to commit, end of the log, in hand)."""
    return [watch.stalled({"p": (following, end)}, in_hand) for following, end, in_hand in states]


def test_a_partition_that_stays_behind_with_nothing_in_hand_is_read_again_once() -> None:
    assert looks(StallWatch(3), *[(2, 3, 0)] * 6) == [[], [], ["p"], [], [], []]


def test_progress_and_work_in_hand_are_no_stall() -> None:
    assert not any(looks(StallWatch(3), (1, 9, 0), (2, 9, 0), (3, 9, 0), (4, 9, 0), (5, 9, 0)))
    assert not any(looks(StallWatch(2), *[(2, 3, 1)] * 6))


def test_being_at_the_end_is_no_stall() -> None:
    assert not any(looks(StallWatch(2), *[(3, 3, 0)] * 6))


def test_another_stall_further_on_is_noticed_again() -> None:
    watch = StallWatch(2)
    assert ["p"] in looks(watch, *[(2, 3, 0)] * 4)
    assert ["p"] in looks(watch, *[(5, 7, 0)] * 4)


def test_after_an_assignment_everything_begins_anew() -> None:
    watch = StallWatch(2)
    looks(watch, *[(2, 3, 0)] * 4)
    watch.forget()
    assert ["p"] in looks(watch, *[(2, 3, 0)] * 4)
