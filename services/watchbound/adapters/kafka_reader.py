"""`TopicReader` on kafka-python: whole topics from their beginning, with proof that the broker still answers."""

from __future__ import annotations

import time
from collections.abc import Sequence

import kafka
from kafka import KafkaConsumer
from kafka.errors import KafkaError

from watchbound.adapters.kafka_connect import (
    FETCH_WAIT_MS,
    connect,
    partitions_of,
    reader_options,
    to_record,
    unavailable,
)
from watchbound.domain.errors import Unavailable
from watchbound.pipeline.access import reading
from watchbound.ports import Record
from watchbound.settings import KafkaSettings

_CHECK_EVERY_S = 1.0
_CHECK_MS = 2_000


class KafkaTopicReader:
    """Reads every partition of the topics from the beginning, in no group; not to be shared between threads.

    Partitions added later are not noticed: the topics read this way have one.

    Args:
        settings: where the broker is.
        topics: what to read.
        client_id: names the reader to the broker.
        fetch_wait_ms: how long the broker may hold an empty answer back. Each answer costs about a millisecond of CPU
            here, so whoever follows something that seldom changes gives it more.

    Raises:
        ConfigurationError: the package `crc32c` is missing.
        Unavailable: no broker answers, or a topic is not there.
    """

    def __init__(
        self, settings: KafkaSettings, topics: Sequence[str], client_id: str, fetch_wait_ms: int = FETCH_WAIT_MS
    ) -> None:
        self._settings = settings
        options = {**reader_options(settings, client_id), "fetch_max_wait_ms": fetch_wait_ms}
        self._consumer = connect(
            settings,
            lambda network: KafkaConsumer(kafka_client=network, **options, auto_offset_reset="earliest"),
        )
        self._ends: dict[kafka.TopicPartition, int] | None = None
        self._checked_at = -_CHECK_EVERY_S
        try:
            self._partitions = [
                kafka.TopicPartition(partition.topic, partition.partition)
                for topic in topics
                for partition in partitions_of(self._consumer, settings, topic)
            ]
            self._consumer.assign(self._partitions)
        except (KafkaError, Unavailable):
            self._consumer.close()
            raise

    def poll(self, timeout_s: float) -> list[Record]:
        """What came since the last call.

        Raises:
            Unavailable: the broker cannot be asked; what was read before may be out of date.
        """
        try:
            self._check()
            batches = self._consumer.poll(timeout_ms=int(timeout_s * 1000))
        except KafkaError as error:
            needed = [reading(topic) for topic in self._topics()]
            raise unavailable(self._settings, f"reading {', '.join(self._topics())}", error, *needed) from error
        return [to_record(record) for batch in batches.values() for record in batch]

    def caught_up(self) -> bool:
        """Whether everything that stood in the topics at the last successful check has been returned by `poll`."""
        if self._ends is None:
            return False
        try:
            positions = {partition: self._consumer.position(partition, timeout_ms=0) for partition in self._partitions}
        except KafkaError:
            # Where it stands cannot be told now; not knowing is not being caught up.
            return False
        return all((positions[partition] or 0) >= end for partition, end in self._ends.items())

    def close(self) -> None:
        """Let go."""
        self._consumer.close()

    def _check(self) -> None:
        """Ask for the ends of the topics, at most once a second: a poll alone stays silent when the broker is gone."""
        now = time.monotonic()
        if now - self._checked_at < _CHECK_EVERY_S:
            return
        self._ends = self._consumer.end_offsets(self._partitions, timeout_ms=_CHECK_MS)
        self._checked_at = now

    def _topics(self) -> list[str]:
        return sorted({partition.topic for partition in self._partitions})
