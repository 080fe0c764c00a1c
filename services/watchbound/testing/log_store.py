"""The records of the in-memory broker: append-only partitions behind one lock."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime

from watchbound.domain.errors import Unavailable
from watchbound.pipeline.topics import ALL_TOPICS
from watchbound.ports import Clock, Record, TopicPartition

_MASK = 0xFFFFFFFF


def murmur2(data: bytes) -> int:
    """Austin Appleby's 32-bit MurmurHash2 with Kafka's seed: a key lands where every Kafka client puts it."""
    multiplier, length = 0x5BD1E995, len(data)
    state = (0x9747B28C ^ length) & _MASK
    whole = length - length % 4
    for start in range(0, whole, 4):
        word = int.from_bytes(data[start : start + 4], "little") * multiplier & _MASK
        word = (word ^ word >> 24) * multiplier & _MASK
        state = (state * multiplier & _MASK) ^ word
    if whole < length:
        state = (state ^ int.from_bytes(data[whole:], "little")) * multiplier & _MASK
    state = (state ^ state >> 13) * multiplier & _MASK
    return state ^ state >> 15


class LogStore:
    """Partitions of records; every method is atomic, and `changed` wakes whoever waits for records.

    Attributes:
        down: nothing can be written, committed or asked while set.
    """

    def __init__(self, clock: Clock | None, partitions: Mapping[str, int] | None) -> None:
        self._clock = clock
        self._counts = {topic.name: topic.partitions for topic in ALL_TOPICS} | dict(partitions or {})
        self._limits = {topic.name: topic.max_message_bytes for topic in ALL_TOPICS}
        self._records: dict[TopicPartition, list[Record]] = {}
        self.down = False
        self.changed = threading.Condition(threading.RLock())

    def describe(self, topic: str, partitions: int, max_message_bytes: int | None) -> None:
        """Say how many partitions a topic has, and how large its records may be."""
        with self.changed:
            self._counts[topic] = partitions
            if max_message_bytes is not None:
                self._limits[topic] = max_message_bytes

    def limit(self, topic: str) -> int | None:
        """The largest value that the topic takes, in bytes."""
        return self._limits.get(topic)

    def partitions(self, topics: Iterable[str]) -> list[TopicPartition]:
        """Every partition of the topics, ordered; a topic nobody has described has one."""
        return [TopicPartition(topic, n) for topic in sorted(topics) for n in range(self._counts.get(topic, 1))]

    def append(self, topic: str, key: str, value: bytes | None, headers: Mapping[str, bytes]) -> Record:
        """Add a record where its key belongs."""
        with self.changed:
            self.require_up()
            number = (murmur2(key.encode()) & 0x7FFFFFFF) % self._counts.get(topic, 1)
            source = TopicPartition(topic, number)
            kept = self._records.setdefault(source, [])
            now = self._clock.now() if self._clock else datetime.now(UTC)
            record = Record(source, len(kept), key, value, tuple(headers.items()), now)
            kept.append(record)
            self.changed.notify_all()
            return record

    def read(self, source: TopicPartition, offset: int, most: int | None = None) -> list[Record]:
        """Records from `offset` on; none while the broker is down."""
        with self.changed:
            kept = [] if self.down else self._records.get(source, [])
            return kept[offset : None if most is None else offset + most]

    def end(self, source: TopicPartition) -> int:
        """The offset that the next record will get."""
        with self.changed:
            return len(self._records.get(source, []))

    def wait_for(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        """Wait until the condition holds, looking again whenever something changed."""
        with self.changed:
            return self.changed.wait_for(condition, timeout_s)

    def require_up(self) -> None:
        """Refuse while the broker is down."""
        if self.down:
            msg = "the in-memory broker is down: a test set broker.down; set it to False to go on"
            raise Unavailable(msg)
