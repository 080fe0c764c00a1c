"""Poll, handle, commit: the loop that every stage over the log runs in."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from watchbound.domain.errors import Unavailable
from watchbound.pipeline.metric_names import CONSUMER_LAG
from watchbound.pipeline.poison_guard import PoisonGuard
from watchbound.ports import Metrics, Record, RecordConsumer, TopicPartition


class Stage(Protocol):
    """What a service does with records.

    A stage owns its outputs: when `watermarks` names an offset, everything below it has been handled, dead-lettered
    or counted, and what came of it has been acknowledged.
    """

    def handle(self, records: Sequence[Record]) -> None:
        """Work through a batch, in order within each partition; called with nothing when nothing came."""

    def watermarks(self) -> Mapping[TopicPartition, int]:
        """Per partition, the offset from which a successor would have to read."""

    def release(self, partitions: frozenset[TopicPartition]) -> None:
        """Forget all state of partitions that another member takes over."""


@dataclass(frozen=True, slots=True)
class RunnerPolicy:
    """How the loop breathes.

    Attributes:
        max_records: the largest batch; bounds memory and the time between two heartbeats of work.
    """

    poll_timeout_s: float = 0.1
    max_records: int = 16
    commit_interval_s: float = 0.25
    lag_interval_s: float = 1.0


_LOOK_AGAIN_S = 0.05


def _known() -> bool:
    """Nothing has to be known, and nothing has ended."""
    return False


class Runner:
    """Runs one stage on one consumer until told to stop. Belongs to one thread.

    Args:
        consumer: where records come from.
        stage: what is done with them.
        metrics: shows the lag.
        policy: how the loop breathes.
        guard: with one, a partition of which too much is poison is paused, where it stands, until a record of it can
            be handled.
        unknown: whether it is not known now what may be done with a record. Records wait for as long: to treat them as
            forbidden would be as safe, and would lose those that were permitted.
    """

    def __init__(
        self,
        consumer: RecordConsumer,
        stage: Stage,
        metrics: Metrics,
        policy: RunnerPolicy | None = None,
        guard: PoisonGuard | None = None,
        unknown: Callable[[], bool] = _known,
    ) -> None:
        self._consumer = consumer
        self._stage = stage
        self._metrics = metrics
        self._policy = policy or RunnerPolicy()
        self._guard = guard
        self._unknown = unknown
        self._ended: Callable[[], bool] = _known
        self._committed: dict[TopicPartition, int] = {}
        self._next_commit = 0.0
        self._next_lag = 0.0

    def run(self, ended: Callable[[], bool]) -> None:
        """Loop until `ended()` holds; what is handled by then is committed on the way out."""
        self._ended = ended
        while not ended():
            self.step()
        self.commit()

    def step(self) -> int:
        """One turn; returns how many records were handled."""
        records = self._consumer.poll(self._policy.poll_timeout_s, self._batch())
        while records and self._unknown():
            if self._ended():
                return 0
            self.show_lag()
            time.sleep(_LOOK_AGAIN_S)
        self._stage.handle(records)
        if self._guard is not None:
            self._consumer.pause(self._guard.judge(records))
        now = time.monotonic()
        if now >= self._next_commit:
            self._next_commit = now + self._policy.commit_interval_s
            self.commit()
        self.show_lag()
        return len(records)

    def show_lag(self) -> None:
        """Set the lag, unless it was set a moment ago.

        A stage that holds records calls it while it waits: what piles up behind them is seen when it matters most.
        """
        now = time.monotonic()
        if now < self._next_lag:
            return
        self._next_lag = now + self._policy.lag_interval_s
        for source, lag in self._consumer.lag().items():
            self._metrics.set(CONSUMER_LAG, lag, topic=source.topic, partition=str(source.partition))

    def _batch(self) -> int:
        """How many records to take: one, while a held partition is tried."""
        if self._guard is None:
            return self._policy.max_records
        self._consumer.resume(self._guard.due())
        return 1 if self._guard.trying else self._policy.max_records

    def commit(self) -> None:
        """Commit what moved. A broker that does not take it now is asked again at the next turn."""
        moved = {
            source: offset
            for source, offset in self._stage.watermarks().items()
            if self._committed.get(source) != offset
        }
        if not moved:
            return
        try:
            self._consumer.commit(moved)
        except Unavailable:
            return
        self._committed.update(moved)

    def revoke(self, partitions: frozenset[TopicPartition]) -> None:
        """Hand partitions over: commit what is done, then forget them. The consumer's `on_revoked`."""
        self.commit()
        self._stage.release(partitions)
        if self._guard is not None:
            self._guard.forget(partitions)
        for source in partitions:
            self._committed.pop(source, None)
            self._metrics.set(CONSUMER_LAG, 0, topic=source.topic, partition=str(source.partition))
