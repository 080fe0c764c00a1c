"""Nothing that was counted is lost or counted twice, whatever threads and brokers do."""

import itertools
import threading
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbound.adapters import codecs
from watchbound.domain.errors import InvalidValue
from watchbound.domain.tally import Tally
from watchbound.pipeline.tallies import TallyBook, TallyPublisher
from watchbound.pipeline.topics import TALLIES
from watchbound.testing.clock import ManualClock
from watchbound.testing.log import InMemoryBroker

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def book() -> tuple[TallyBook, ManualClock]:
    clock = ManualClock(NOON)
    return TallyBook("run-1", clock), clock


def received(broker: InMemoryBroker) -> list[Tally]:
    return [codecs.TALLY.decode(record.value or b"") for record in broker.records(TALLIES.name)]


def test_increments_of_one_camera_and_authorisation_add_up() -> None:
    tallies, clock = book()
    tallies.add("north", "op-1", published=2)
    tallies.add("north", "op-1", published=1, shed=4)
    tallies.add("north", "", refused=1)
    clock.advance(1.0)
    refused, done = tallies.drain()
    assert (refused.authorisation_id, refused.refused) == ("", 1)
    assert (done.published, done.shed, done.source) == (3, 4, "run-1")
    assert (done.span.start, done.span.end) == (NOON, clock.now())


def test_draining_twice_gives_nothing_the_second_time_and_zeros_are_no_news() -> None:
    tallies, _ = book()
    tallies.add("north", "op-1", published=1)
    tallies.add("south", "op-1", published=0)
    assert [tally.camera_id for tally in tallies.drain()] == ["north"]
    assert tallies.drain() == []


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 5), st.booleans()), max_size=40))
def test_indexes_never_repeat_spans_meet_and_nothing_is_lost(steps: list[tuple[str, int, bool]]) -> None:
    tallies, clock = book()
    drained: list[list[Tally]] = []
    for camera, amount, drain in steps:
        tallies.add(camera, "op-1", processed=amount)
        if drain:
            drained.append(tallies.drain())  # the clock may not have moved
            clock.advance(0.5 if amount % 2 else 0.0)
    drained.append(tallies.drain())
    flat = [tally for round_ in drained for tally in round_]
    assert [tally.index for tally in flat] == list(range(len(flat)))
    assert sum(tally.processed for tally in flat) == sum(amount for _, amount, _ in steps)
    ordered = sorted({(tally.span.start, tally.span.end) for tally in flat})
    assert all(one[1] <= two[0] for one, two in itertools.pairwise(ordered))


def test_a_clock_set_back_breaks_no_tally() -> None:
    tallies, clock = book()
    clock.set(NOON.replace(hour=3))
    tallies.add("north", "op-1", published=1)
    assert tallies.drain()[0].span.end > NOON


def test_threads_lose_nothing() -> None:
    tallies, _ = book()

    def count() -> None:
        for _ in range(500):
            tallies.add("north", "op-1", faces=1)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    total = 0
    while any(thread.is_alive() for thread in threads):
        total += sum(tally.faces for tally in tallies.drain())
    total += sum(tally.faces for tally in tallies.drain())
    assert total == 2000


@pytest.mark.parametrize("increments", [{"smiles": 1}, {"published": -1}])
def test_unknown_and_negative_counts_are_refused(increments: dict[str, int]) -> None:
    tallies, _ = book()
    with pytest.raises(InvalidValue, match="a tally adds"):
        tallies.add("north", "op-1", **increments)


def test_a_broker_that_is_away_gets_the_same_tally_later_and_the_rest_after_it() -> None:
    tallies, _ = book()
    broker = InMemoryBroker()
    publisher = TallyPublisher(tallies, broker.producer(), codecs.TALLY)
    broker.down = True
    tallies.add("north", "op-1", published=1)
    assert not publisher.publish(0.1)
    tallies.add("north", "op-1", published=2)
    broker.down = False
    assert publisher.publish(0.1)
    assert publisher.publish(0.1)
    assert [(tally.index, tally.published) for tally in received(broker)] == [(0, 1), (1, 2)]


def test_an_unacknowledged_tally_is_sent_again_under_the_same_name() -> None:
    tallies, _ = book()
    broker = InMemoryBroker()
    publisher = TallyPublisher(tallies, broker.producer(), codecs.TALLY)
    tallies.add("north", "op-1", published=1)
    broker.acknowledging = False
    assert not publisher.publish(0.1)
    broker.acknowledging = True
    assert publisher.publish(0.1)
    assert [(tally.source, tally.camera_id, tally.index) for tally in received(broker)] == [("run-1", "north", 0)]
