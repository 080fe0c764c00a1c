from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from watchbound.pipeline import metric_names as names
from watchbound.pipeline.runner import Runner, RunnerPolicy
from watchbound.ports import Record, TopicPartition
from watchbound.testing.clock import ManualClock
from watchbound.testing.log import InMemoryBroker
from watchbound.testing.metrics import RecordedMetrics

TOPIC = "watchbound.frames.v1"
EAGER = RunnerPolicy(poll_timeout_s=0.01, max_records=4, commit_interval_s=0.0, lag_interval_s=0.0)


class HoldingStage:
    """Handles everything, but holds its watermark at `hold`."""

    def __init__(self, hold: int | None = None) -> None:
        self.hold = hold
        self.handled: list[int] = []
        self.released: list[frozenset[TopicPartition]] = []
        self._next: dict[TopicPartition, int] = {}

    def handle(self, records: Sequence[Record]) -> None:
        for record in records:
            self.handled.append(record.offset)
            self._next[record.source] = record.offset + 1

    def watermarks(self) -> Mapping[TopicPartition, int]:
        return {source: min(offset, self.hold or offset) for source, offset in self._next.items()}

    def release(self, partitions: frozenset[TopicPartition]) -> None:
        self.released.append(partitions)
        for source in partitions:
            self._next.pop(source, None)


def broker(records: int) -> InMemoryBroker:
    made = InMemoryBroker(ManualClock(datetime(2026, 11, 1, tzinfo=UTC)), {TOPIC: 1})
    for number in range(records):
        made.producer().send(TOPIC, "gate", bytes([number])).wait(1)
    return made


def test_what_is_handled_is_committed_and_never_more_than_the_stage_allows() -> None:
    log = broker(6)
    runner = Runner(log.consumer("g", [TOPIC]), HoldingStage(hold=3), RecordedMetrics(), EAGER)
    while runner.step():
        pass
    assert log.committed("g") == {TopicPartition(TOPIC, 0): 3}


def test_batches_are_bounded() -> None:
    log = broker(10)
    runner = Runner(log.consumer("g", [TOPIC]), HoldingStage(), RecordedMetrics(), EAGER)
    assert [runner.step() for _ in range(3)] == [4, 4, 2]


def test_a_broker_that_takes_no_commit_is_asked_again() -> None:
    log = broker(2)
    runner = Runner(log.consumer("g", [TOPIC]), HoldingStage(), RecordedMetrics(), EAGER)
    runner.step()
    stage_only = Runner(log.consumer("h", [TOPIC]), stage := HoldingStage(), RecordedMetrics(), EAGER)
    stage.handle(log.records(TOPIC))
    log.down = True
    stage_only.commit()
    assert log.committed("h") == {}
    log.down = False
    stage_only.step()
    assert log.committed("h") == {TopicPartition(TOPIC, 0): 2}


def test_revoked_partitions_are_committed_then_forgotten() -> None:
    log = broker(3)
    metrics = RecordedMetrics()
    stage = HoldingStage()
    runner = Runner(log.consumer("g", [TOPIC]), stage, metrics, RunnerPolicy(commit_interval_s=1e9))
    runner.step()
    source = TopicPartition(TOPIC, 0)
    runner.revoke(frozenset({source}))
    assert log.committed("g") == {source: 3}
    assert stage.released == [frozenset({source})]
    assert metrics.total(names.CONSUMER_LAG, topic=TOPIC) == 0


def test_lag_is_measured_and_the_loop_ends_when_told() -> None:
    log = broker(9)
    metrics = RecordedMetrics()
    runner = Runner(log.consumer("g", [TOPIC]), HoldingStage(), metrics, EAGER)
    runner.step()
    assert metrics.total(names.CONSUMER_LAG, topic=TOPIC, partition="0") == 5
    handled = iter([False, True])
    runner.run(lambda: next(handled))
    assert log.committed("g") == {TopicPartition(TOPIC, 0): 8}


def test_records_wait_while_it_is_not_known_what_may_be_done_with_them() -> None:
    log = broker(3)
    stage = HoldingStage()
    answers = iter([True, True, False])
    runner = Runner(log.consumer("g", [TOPIC]), stage, RecordedMetrics(), EAGER, unknown=lambda: next(answers, False))
    assert runner.step() == 3
    assert stage.handled == [0, 1, 2]


def test_what_piles_up_behind_records_that_wait_is_seen() -> None:
    log = broker(1)
    metrics = RecordedMetrics()
    seen: list[float] = []

    def unknown() -> bool:
        seen.append(metrics.total(names.CONSUMER_LAG, topic=TOPIC))
        log.producer().send(TOPIC, "gate", b"more").wait(1)
        return len(seen) < 3

    Runner(log.consumer("g", [TOPIC]), HoldingStage(), metrics, EAGER, unknown=unknown).step()
    assert seen == [0, 1, 2]


def test_whoever_is_stopped_while_records_wait_commits_none_of_them() -> None:
    log = broker(3)
    stage = HoldingStage()
    runner = Runner(log.consumer("g", [TOPIC]), stage, RecordedMetrics(), EAGER, unknown=lambda: True)
    turns = iter([False, False, True])
    runner.run(lambda: next(turns, True))
    assert stage.handled == []
    assert log.committed("g") == {}
