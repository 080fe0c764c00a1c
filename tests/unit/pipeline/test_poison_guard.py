from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import pytest

from watchbound.adapters import codecs
from watchbound.domain.errors import Poison, PoisonReason
from watchbound.pipeline.dead_letter import DeadLetters
from watchbound.pipeline.metric_names import PARTITIONS_HELD
from watchbound.pipeline.poison_guard import PoisonGuard, PoisonPolicy
from watchbound.pipeline.runner import Runner, RunnerPolicy
from watchbound.pipeline.topics import DEAD_LETTERS
from watchbound.ports import Record, TopicPartition
from watchbound.testing.clock import ManualClock
from watchbound.testing.log import InMemoryBroker
from watchbound.testing.metrics import RecordedMetrics

TOPIC = "watchbound.frames.v1"
POLICY = PoisonPolicy(consecutive=5, ratio=0.5, window=10, retry_s=30.0)
BATCH = 2
GOOD, BAD = b"good", b"bad"


class Picky:
    """A stage that dead-letters what is bad."""

    def __init__(self, letters: DeadLetters) -> None:
        self.handled: list[bytes] = []
        self.readable: set[bytes] = {GOOD}
        self._letters = letters
        self._next: dict[TopicPartition, int] = {}

    def handle(self, records: Sequence[Record]) -> None:
        for record in records:
            if record.value not in self.readable:
                self._letters.send(record, Poison(PoisonReason.BAD_VALUE, "bad")).wait(1)
            else:
                self.handled.append(record.value or b"")
            self._next[record.source] = record.offset + 1

    def watermarks(self) -> Mapping[TopicPartition, int]:
        return dict(self._next)

    def release(self, partitions: frozenset[TopicPartition]) -> None:
        for source in partitions:
            self._next.pop(source, None)


class Bench:
    def __init__(self, partitions: int = 1) -> None:
        self.clock = ManualClock(datetime(2026, 11, 1, tzinfo=UTC))
        self.broker = InMemoryBroker(self.clock, {TOPIC: partitions})
        self.metrics = RecordedMetrics()
        self.now_s = 0.0
        self.guard = PoisonGuard(TOPIC, POLICY, self.metrics, lambda: self.now_s)
        letters = DeadLetters(self.broker.producer(), codecs.DEAD_LETTER, self.clock, self.metrics, self.guard)
        self.stage = Picky(letters)
        self.consumer = self.broker.consumer("g", [TOPIC])
        policy = RunnerPolicy(poll_timeout_s=0.0, max_records=BATCH, commit_interval_s=0.0)
        self.runner = Runner(self.consumer, self.stage, self.metrics, policy, self.guard)

    def send(self, *values: bytes, key: str = "gate") -> None:
        for value in values:
            self.broker.producer().send(TOPIC, key, value).wait(1)

    def run(self) -> None:
        while self.runner.step():
            pass

    def letters(self) -> int:
        return len(self.broker.records(DEAD_LETTERS.name))

    def committed(self) -> int:
        self.runner.commit()
        return sum(self.broker.committed("g").values())


def test_poison_in_a_row_holds_the_partition_where_it_stands() -> None:
    bench = Bench()
    bench.send(*[BAD] * 100, GOOD)
    bench.run()
    assert POLICY.consecutive <= bench.letters() < POLICY.consecutive + BATCH
    assert bench.committed() == bench.letters(), "nothing is passed over"
    assert bench.metrics.total(PARTITIONS_HELD, topic=TOPIC, partition="0") == 1
    assert "6 poisoned records in a row" in (bench.guard.complaint or "")


def test_a_share_of_poison_holds_too_and_less_does_not() -> None:
    bench = Bench()
    bench.send(*[BAD, GOOD, GOOD] * 20)
    bench.run()
    assert (bench.letters(), bench.guard.complaint) == (20, None)
    bench.send(*[BAD, GOOD] * 20)
    bench.run()
    assert "50% of the last 10" in (bench.guard.complaint or "")
    assert bench.letters() < 40


def test_its_neighbours_go_on() -> None:
    bench = Bench(partitions=2)
    bench.send(*[BAD] * 50, key="gate")
    bench.send(*[GOOD] * 50, key="door-2")
    partitions = {record.source for record in bench.broker.records(TOPIC)}
    assert len(partitions) == 2
    bench.run()
    assert len(bench.stage.handled) == 50


def test_one_record_is_tried_at_a_time_and_the_first_good_one_ends_the_hold() -> None:
    bench = Bench()
    bench.send(*[BAD] * 100)
    bench.run()
    letters = bench.letters()
    for round_ in range(1, 4):
        bench.now_s += POLICY.retry_s
        bench.run()
        assert bench.letters() == letters + round_
        assert bench.guard.complaint is not None
    bench.stage.readable.add(BAD)
    bench.run()
    assert bench.stage.handled == [], "it rests until its time"
    bench.now_s += POLICY.retry_s
    bench.run()
    assert len(bench.stage.handled) == 100 - bench.letters()
    assert bench.guard.complaint is None
    assert bench.metrics.total(PARTITIONS_HELD, topic=TOPIC, partition="0") == 0


def test_the_next_owner_judges_for_itself() -> None:
    bench = Bench()
    bench.send(*[BAD] * 100)
    bench.run()
    bench.runner.revoke(frozenset({TopicPartition(TOPIC, 0)}))
    assert bench.guard.complaint is None
    assert bench.metrics.total(PARTITIONS_HELD) == 0


@pytest.mark.parametrize("topic", ["watchbound.authorisations.v1", TOPIC])
def test_poison_of_other_topics_is_not_its_affair(topic: str) -> None:
    bench = Bench()
    record = Record(TopicPartition(topic, 0), 0, "k", BAD, (), bench.clock.now())
    for _ in range(100):
        bench.guard.poisoned(record)
    assert bench.guard.judge([]) == frozenset()
