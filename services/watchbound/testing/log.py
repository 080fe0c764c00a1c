"""A broker in memory: producers, consumer groups and readers as the log's ports describe them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from watchbound.domain.errors import InvalidValue, Unavailable
from watchbound.ports import Clock, OnRevoked, Record, TopicPartition
from watchbound.testing.group import ConsumerGroup, InMemoryConsumer
from watchbound.testing.log_store import LogStore


class InMemoryBroker:
    """One broker for all services of a test; safe to use from several threads.

    Args:
        clock: stamps the records; the machine's clock by default.
        partitions: how many a topic has, where it should differ from `pipeline.topics`.

    Attributes:
        acknowledging: while False, records sent are lost and their deliveries never acknowledged, as when the
            leader dies between receiving and replicating.
    """

    def __init__(self, clock: Clock | None = None, partitions: Mapping[str, int] | None = None) -> None:
        self._store = LogStore(clock, partitions)
        self._groups: dict[str, ConsumerGroup] = {}
        self.acknowledging = True

    @property
    def down(self) -> bool:
        """While set, sending, committing and a reader's poll raise Unavailable, and a consumer's poll is empty."""
        return self._store.down

    @down.setter
    def down(self, down: bool) -> None:
        with self._store.changed:
            self._store.down = down
            self._store.changed.notify_all()

    def add_topic(self, name: str, partitions: int = 1, max_message_bytes: int | None = None) -> None:
        """Describe a topic that is not in `pipeline.topics`."""
        self._store.describe(name, partitions, max_message_bytes)

    def producer(self) -> InMemoryProducer:
        """A `RecordProducer`."""
        return InMemoryProducer(self, self._store)

    def consumer(
        self,
        group: str,
        topics: Sequence[str],
        on_revoked: OnRevoked | None = None,
        start: Literal["earliest", "latest"] = "earliest",
    ) -> InMemoryConsumer:
        """A `RecordConsumer`: a new member of the group."""
        members = self._groups.setdefault(group, ConsumerGroup(self._store))
        return InMemoryConsumer(self._store, members, topics, on_revoked, start)

    def reader(self, topics: Sequence[str]) -> InMemoryReader:
        """A `TopicReader`."""
        return InMemoryReader(self._store, topics)

    def records(self, topic: str) -> list[Record]:
        """All records of a topic, partition by partition: what a test looks at."""
        return [record for source in self._store.partitions([topic]) for record in self._store.read(source, 0)]

    def committed(self, group: str) -> dict[TopicPartition, int]:
        """The offsets that the group has committed."""
        return dict(self._groups[group].committed) if group in self._groups else {}


class InMemoryDelivery:
    """A `Delivery` that is decided at once."""

    def __init__(self, problem: Exception | None) -> None:
        self._problem = problem

    def wait(self, timeout_s: float) -> None:
        """Return, or raise what became of the record, without waiting."""
        if self._problem is not None:
            raise self._problem


class InMemoryProducer:
    """A `RecordProducer` of the in-memory broker."""

    def __init__(self, broker: InMemoryBroker, store: LogStore) -> None:
        self._broker = broker
        self._store = store

    def send(
        self, topic: str, key: str, value: bytes | None, headers: Mapping[str, bytes] | None = None
    ) -> InMemoryDelivery:
        """Append now."""
        self._store.require_up()
        limit = self._store.limit(topic)
        if value is not None and limit is not None and len(value) > limit:
            return InMemoryDelivery(InvalidValue(f"{topic} takes records up to {limit} bytes, got {len(value)}"))
        if not self._broker.acknowledging:
            return InMemoryDelivery(Unavailable("the in-memory broker does not acknowledge: a test said so"))
        self._store.append(topic, key, value, headers or {})
        return InMemoryDelivery(None)

    def close(self) -> None:
        """Nothing is buffered."""


class InMemoryReader:
    """A `TopicReader` of the in-memory broker."""

    def __init__(self, store: LogStore, topics: Sequence[str]) -> None:
        self._store = store
        self._positions = dict.fromkeys(store.partitions(topics), 0)
        self._target: dict[TopicPartition, int] | None = None

    def poll(self, timeout_s: float) -> list[Record]:
        """What came since the last call."""
        self._store.wait_for(lambda: self._store.down or self._unread(), timeout_s)
        self._store.require_up()
        self._target = {source: self._store.end(source) for source in self._positions}
        records: list[Record] = []
        for source, position in self._positions.items():
            records += self._store.read(source, position)
        for record in records:
            self._positions[record.source] = record.offset + 1
        return records

    def caught_up(self) -> bool:
        """Whether all that stood there at the last successful poll has been returned."""
        return self._target is not None and all(self._positions[source] >= end for source, end in self._target.items())

    def close(self) -> None:
        """Nothing to let go of."""

    def _unread(self) -> bool:
        return any(self._store.end(source) > position for source, position in self._positions.items())
