from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.pipeline.kept import KEY, LOG, MemoryLog, event, holds, stored, verified
from watchbound.pipeline import audit_verify
from watchbound.pipeline.audit_verify import Evidence, verify
from watchbound.pipeline.checkpoint import LogKey, origin_of

Tampering = Callable[[MemoryLog, int], None]


def flipped(log: MemoryLog, at: int) -> None:
    data = bytearray(log.rows[at].canonical)
    data[len(data) // 2] ^= 1
    log.set(at, replace(log.rows[at], canonical=bytes(data)))


def reworded(log: MemoryLog, at: int) -> None:
    # Other words than `rewritten` takes: otherwise the two together are one consistent rewrite.
    log.set(at, stored(at, event(at, "for a third reason")))


def refiled(log: MemoryLog, at: int) -> None:
    log.set(at, replace(log.rows[at], found_by={**log.rows[at].found_by, "actor": "somebody else"}))


def dropped(log: MemoryLog, at: int) -> None:
    del log.rows[at]


def dropped_and_closed_up(log: MemoryLog, at: int) -> None:
    log.rows = [replace(row, index=place) for place, row in enumerate(log.rows[:at] + log.rows[at + 1 :])]


def inserted(log: MemoryLog, at: int) -> None:
    rows = [*log.rows[:at], stored(at, event(999)), *log.rows[at:]]
    log.rows = [replace(row, index=place) for place, row in enumerate(rows)]


def swapped(log: MemoryLog, at: int) -> None:
    other = (at + 1) % len(log.rows)
    here, there = log.rows[at], log.rows[other]
    log.set(at, there)
    log.set(other, here)


def hash_flipped(log: MemoryLog, at: int) -> None:
    by, value = log.nodes[0, at]
    log.nodes[0, at] = (by, bytes([value[0] ^ 1]) + value[1:])


def hash_dropped(log: MemoryLog, at: int) -> None:
    del log.nodes[0, at]


def cut(log: MemoryLog, at: int) -> None:
    del log.rows[at:]


LAZY: list[Tampering] = [
    flipped,
    reworded,
    refiled,
    dropped,
    dropped_and_closed_up,
    inserted,
    swapped,
    hash_flipped,
    hash_dropped,
    cut,
]


def rewritten(log: MemoryLog, at: int) -> None:
    """Everything from an event on is written anew, its hashes and the tree included."""
    log.set(at, stored(at, event(at, "for another reason")))
    log.rebuild()


def rewritten_without(log: MemoryLog, at: int) -> None:
    log.rows = log.rows[:at] + [stored(place, event(place + 1)) for place in range(at, len(log.rows) - 1)]
    log.rebuild()


def rewritten_with_another(log: MemoryLog, at: int) -> None:
    later = [stored(place + 1, event(place)) for place in range(at, len(log.rows))]
    log.rows = [*log.rows[:at], stored(at, event(999)), *later]
    log.rebuild()


def cut_clean(log: MemoryLog, at: int) -> None:
    del log.rows[at:]
    log.rebuild()


CONSISTENT: list[Tampering] = [rewritten, rewritten_without, rewritten_with_another, cut_clean]


@st.composite
def logs(draw: st.DrawFn) -> tuple[MemoryLog, list[Evidence], int]:
    """A log, some checkpoints of it, and an index to tamper with."""
    size = draw(st.integers(2, 40))
    log = MemoryLog.of([event(number) for number in range(size)])
    evidence = log.evidence(draw(st.sets(st.integers(1, size), max_size=4)))
    return log, evidence, draw(st.integers(0, size - 1))


@pytest.fixture(autouse=True, scope="module")
def _short_stretches() -> None:
    """So that a log of the tests has several."""
    audit_verify._STRETCH = 7


@given(logs())
def test_a_log_as_it_was_written_is_well(made: tuple[MemoryLog, list[Evidence], int]) -> None:
    log, evidence, _ = made
    verdict = verified(log, evidence)
    assert verdict.ok
    assert verdict.why is None
    assert verdict.events == len(log.rows)
    assert verdict.vouched == max((each.signed.checkpoint.size for each in evidence), default=0)


@given(logs(), st.sampled_from(LAZY))
def test_tampering_without_the_tree_is_found_at_the_very_event(
    made: tuple[MemoryLog, list[Evidence], int], tamper: Tampering
) -> None:
    log, evidence, at = made
    tamper(log, at)
    first = min(at, (at + 1) % len(log.rows)) if tamper is swapped else at
    fault = verified(log, evidence).fault
    assert fault is not None
    assert (fault.first, fault.last) == (first, first)


@given(logs(), st.sampled_from(LAZY), st.sampled_from([rewritten, reworded]), st.data())
def test_of_several_alterations_the_first_is_named(
    made: tuple[MemoryLog, list[Evidence], int], tamper: Tampering, before: Tampering, data: st.DataObject
) -> None:
    log, evidence, at = made
    earlier = data.draw(st.integers(0, at))
    before(log, earlier)
    tamper(log, at)
    verdict = verified(log, evidence)
    assert verdict.fault is not None
    truth = min(earlier, 0 if tamper is swapped and at == len(log.rows) - 1 else at)
    assert min(verdict.vouched, verdict.fault.first) <= truth <= verdict.fault.last


@given(logs(), st.sampled_from(CONSISTENT))
def test_a_consistent_rewrite_is_caught_by_the_checkpoints_and_by_them_alone(
    made: tuple[MemoryLog, list[Evidence], int], tamper: Tampering
) -> None:
    log, evidence, at = made
    tamper(log, at)
    verdict = verified(log, evidence)
    sizes = [each.signed.checkpoint.size for each in evidence]
    assert verdict.vouched == max((size for size in sizes if size <= at), default=0)
    if all(size <= at for size in sizes):
        assert verdict.ok
        return
    assert verdict.fault is not None
    assert verdict.fault.first == verdict.vouched
    assert verdict.fault.first <= at <= verdict.fault.last
    assert verdict.fault.last <= min(size for size in sizes if size > at)


@given(logs(), st.data())
def test_a_hash_further_up_is_found(made: tuple[MemoryLog, list[Evidence], int], data: st.DataObject) -> None:
    log, evidence, _ = made
    level, position = data.draw(st.sampled_from(sorted(place for place in log.nodes if place[0] > 0)))
    by, value = log.nodes[level, position]
    log.nodes[level, position] = (by, value[::-1])
    fault = verified(log, evidence).fault
    assert fault is not None
    assert (fault.first, fault.last) == (position << level, by)


def test_a_new_leaf_hash_without_the_tree_above_it_is_found_below_that_node() -> None:
    log = MemoryLog.of([event(number) for number in range(8)])
    reworded(log, 5)
    anew = MemoryLog.of([event(n, "for a third reason" if n == 5 else "on the list") for n in range(8)])
    log.nodes[0, 5] = anew.nodes[0, 5]
    fault = verified(log, []).fault
    assert fault is not None
    assert (fault.first, fault.last) == (4, 5)


def test_rows_outside_the_numbering_are_found() -> None:
    log = MemoryLog.of([event(number) for number in range(3)])
    log.rows.append(stored(3, event(3), place=-1))
    assert "outside the log's numbering" in str(verified(log, []).why)


def test_an_event_of_another_log_does_not_count_here() -> None:
    log = MemoryLog.of([event(number) for number in range(3)])
    verdict = verify(log, "other", [], [KEY], holds)
    assert "event 0 of watchbound" in str(verdict.why)


def test_a_checkpoint_that_nobody_believes_is_no_all_clear() -> None:
    log = MemoryLog.of([event(number) for number in range(3)])
    good = log.checkpoint(3)
    other = LogKey(origin_of(LOG), bytes(32))
    wrong = [
        replace(good, signature=bytes(64)),
        replace(good, hint=other.hint),
        replace(good, checkpoint=replace(good.checkpoint, origin="elsewhere")),
    ]
    verdict = verified(log, [Evidence(str(number), each) for number, each in enumerate(wrong)])
    assert not verdict.ok
    assert verdict.fault is None
    assert verdict.vouched == 0
    problems = [str(found.problem) for found in verdict.checkpoints]
    assert [problem.split(" ")[-1] for problem in problems] == ["hold", "believed", "watchbound.audit.v1/watchbound"]


def test_two_histories_of_one_size_cannot_both_be_true() -> None:
    log = MemoryLog.of([event(number) for number in range(3)])
    other = MemoryLog.of([event(number, "in another world") for number in range(3)])
    verdict = verified(log, [Evidence("here", log.checkpoint(3)), Evidence("there", other.checkpoint(3))])
    assert [found.problem is None for found in verdict.checkpoints] == [True, False]
    assert not verdict.ok
