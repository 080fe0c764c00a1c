"""Holds a partition whose records are poison again and again, instead of turning all of it into dead letters.

One broken encoder makes a few dead letters; a new version that cannot read what the old one wrote would make one of
every record, and a frame's dead letter holds no pixels. So a partition with too many of them in a row, or too large a
share, is held where it stands: nothing more of it is read, its lag rises, `/readyz` says so. Every now and then one
record of it is tried; the first that can be handled ends the hold.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from watchbound.pipeline.metric_names import PARTITIONS_HELD
from watchbound.ports import Metrics, Record, TopicPartition


@dataclass(frozen=True, slots=True)
class PoisonPolicy:
    """How much poison is a fault of ours rather than of a record.

    Attributes:
        consecutive: poisoned records of one partition in a row that hold it.
        ratio: share of poison among the last `window` records of a partition, once there are so many, that holds it.
        retry_s: how long a held partition rests before one record of it is tried.
    """

    consecutive: int = 50
    ratio: float = 0.5
    window: int = 200
    retry_s: float = 30.0


class PoisonCap:
    """Counts one partition's records against a policy."""

    def __init__(self, policy: PoisonPolicy) -> None:
        self._policy = policy
        self._run = 0
        self._recent: deque[bool] = deque(maxlen=policy.window)

    def take(self, *, poison: bool) -> str | None:
        """Count one record; says why the partition should be held, or None."""
        policy, recent = self._policy, self._recent
        self._run = self._run + 1 if poison else 0
        recent.append(poison)
        share = sum(recent) / len(recent)
        if self._run >= policy.consecutive:
            return f"{self._run} poisoned records in a row"
        if len(recent) == policy.window and share >= policy.ratio:
            return f"{share:.0%} of the last {policy.window} records are poison"
        return None


@dataclass(slots=True)
class _Partition:
    cap: PoisonCap
    held_until: float | None = None
    why: str = ""


class PoisonGuard:
    """Judges one topic's partitions by batches; belongs to the thread that reads them, but for `complaint`.

    Within the batch that breaks a limit, the other records are dead-lettered too: at most a batch more than allowed.

    Args:
        topic: whose partitions; poison of others is not its affair.
        policy: the limits.
        metrics: shows what is held.
        now_s: a monotonic clock.

    Attributes:
        trying: whether a held partition is being tried, so that the next batch should be one record.
        complaint: what is held and why, for `/readyz`; None when nothing is.
    """

    def __init__(
        self, topic: str, policy: PoisonPolicy, metrics: Metrics, now_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._topic = topic
        self._policy = policy
        self._metrics = metrics
        self._now_s = now_s
        self._poisoned: set[tuple[TopicPartition, int]] = set()
        self._partitions: dict[TopicPartition, _Partition] = {}
        self._tried: set[TopicPartition] = set()
        self.complaint: str | None = None

    def poisoned(self, record: Record) -> None:
        """Note a record that became a dead letter."""
        if record.source.topic == self._topic:
            self._poisoned.add((record.source, record.offset))

    def judge(self, records: Sequence[Record]) -> frozenset[TopicPartition]:
        """Take note of a batch that was handled, in its order; the partitions to hold from now on."""
        broken: set[TopicPartition] = set()
        for record in records:
            poison = (record.source, record.offset) in self._poisoned
            if self._breaks(record.source, poison):
                broken.add(record.source)
        self._poisoned.clear()
        until = self._now_s() + self._policy.retry_s
        for source in broken:
            self._partitions[source].held_until = until
            self._show(source, held=True)
        self._tell()
        return frozenset(broken)

    def due(self) -> frozenset[TopicPartition]:
        """Held partitions of which a record should be tried now; each is told once a rest."""
        now = self._now_s()
        due = {
            source
            for source, state in self._partitions.items()
            if state.held_until is not None and state.held_until <= now and source not in self._tried
        }
        self._tried |= due
        return frozenset(due)

    @property
    def trying(self) -> bool:
        """Whether the next batch should be one record."""
        return bool(self._tried)

    def forget(self, partitions: frozenset[TopicPartition]) -> None:
        """Partitions that go to another member, who judges for itself."""
        for source in partitions:
            if self._partitions.pop(source, None) is not None:
                self._show(source, held=False)
        self._tried -= partitions
        self._tell()

    def _breaks(self, source: TopicPartition, poison: bool) -> bool:
        state = self._partitions.setdefault(source, _Partition(PoisonCap(self._policy)))
        if source in self._tried:
            self._tried.discard(source)
            if not poison:
                # What comes next is judged afresh.
                self._partitions[source] = _Partition(PoisonCap(self._policy))
                self._show(source, held=False)
            return poison
        why = state.cap.take(poison=poison)
        state.why = why or state.why
        return why is not None

    def _show(self, source: TopicPartition, *, held: bool) -> None:
        self._metrics.set(PARTITIONS_HELD, int(held), topic=source.topic, partition=str(source.partition))

    def _tell(self) -> None:
        held = {source: state for source, state in self._partitions.items() if state.held_until is not None}
        self.complaint = (
            "; ".join(
                f"partition {source.partition} of {source.topic} is held: {state.why};"
                " `watchbound replay list` says what is wrong with them"
                for source, state in sorted(held.items())
            )
            or None
        )
