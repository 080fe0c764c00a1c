"""The logs that the suite runs on, behind one face."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import Any, Literal, Protocol

from watchbound.adapters.kafka_log import KafkaRecordConsumer, KafkaRecordProducer, KafkaTopicReader
from watchbound.adapters.kafka_topics import ensure_topics
from watchbound.pipeline.topics import Cleanup, Topic
from watchbound.ports import OnRevoked, Record, RecordConsumer, RecordProducer, TopicReader
from watchbound.settings import KafkaSettings, load
from watchbound.testing.log import InMemoryBroker

SESSION_TIMEOUT_MS = 2000
"""Short, because tansu lets a group wait for half of it; the broker of the tests permits it."""

_PATIENCE_S = 20.0
LARGEST_BYTES = 2_097_152


class LogBackend(Protocol):
    """What a test may ask of any log; what it hands out is closed after the test."""

    def topic(self, partitions: int = 1) -> str: ...

    def producer(self) -> RecordProducer: ...

    def consumer(
        self,
        group: str,
        topic: str,
        on_revoked: OnRevoked | None = None,
        start: Literal["earliest", "latest"] = "earliest",
    ) -> RecordConsumer: ...

    def reader(self, topic: str) -> TopicReader: ...


class MemoryLog:
    """The shipped fake."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self.broker = InMemoryBroker()

    def topic(self, partitions: int = 1) -> str:
        name = f"t.{uuid.uuid4().hex}"
        self.broker.add_topic(name, partitions, LARGEST_BYTES)
        return name

    def producer(self) -> RecordProducer:
        return self._stack.enter_context(closing(self.broker.producer()))

    def consumer(
        self,
        group: str,
        topic: str,
        on_revoked: OnRevoked | None = None,
        start: Literal["earliest", "latest"] = "earliest",
    ) -> RecordConsumer:
        return self._stack.enter_context(closing(self.broker.consumer(group, [topic], on_revoked, start)))

    def reader(self, topic: str) -> TopicReader:
        return self._stack.enter_context(closing(self.broker.reader([topic])))


class KafkaLog:
    """Anything that speaks Kafka's protocol at an address."""

    def __init__(self, bootstrap: str, stack: ExitStack) -> None:
        self._stack = stack
        self.settings = load(KafkaSettings, bootstrap=bootstrap, session_timeout_ms=SESSION_TIMEOUT_MS)

    def topic(self, partitions: int = 1) -> str:
        topic = Topic(f"t.{uuid.uuid4().hex}", "any", partitions, Cleanup.DELETE, None, LARGEST_BYTES)
        ensure_topics(self.settings, [topic])
        return topic.name

    def producer(self) -> RecordProducer:
        return self._stack.enter_context(closing(KafkaRecordProducer(self.settings, "test")))

    def consumer(
        self,
        group: str,
        topic: str,
        on_revoked: OnRevoked | None = None,
        start: Literal["earliest", "latest"] = "earliest",
    ) -> RecordConsumer:
        consumer = KafkaRecordConsumer(self.settings, group, [topic], f"test-{uuid.uuid4().hex[:6]}", on_revoked, start)
        return self._stack.enter_context(closing(consumer))

    def reader(self, topic: str) -> TopicReader:
        return self._stack.enter_context(closing(KafkaTopicReader(self.settings, [topic], "test")))


def until(condition: Callable[[], Any], *steps: Callable[[], Any]) -> None:
    """Take the steps, round by round, until the condition holds; fail when it never does."""
    deadline = time.monotonic() + _PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"still not so after {_PATIENCE_S:g} s"
        for step in steps:
            step()


@contextmanager
def polling(consumer: RecordConsumer) -> Iterator[list[Record]]:
    """The consumer at work in a thread of its own, as in a process of its own; yields what it has read so far."""
    records: list[Record] = []
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            records.extend(consumer.poll(0.1, 10))

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield records
    finally:
        stop.set()
        thread.join()


def read(consumer: RecordConsumer, count: int) -> list[Record]:
    """The next `count` records."""
    records: list[Record] = []
    until(lambda: len(records) >= count, lambda: records.extend(consumer.poll(0.2, count - len(records))))
    return records


def read_all(reader: TopicReader) -> list[Record]:
    """Everything in the topic."""
    records = reader.poll(0.2)
    until(reader.caught_up, lambda: records.extend(reader.poll(0.2)))
    return records
