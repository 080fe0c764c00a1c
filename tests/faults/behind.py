"""How old the oldest frame is that no worker has handled and committed: asked of the broker, whoever owns what."""

from __future__ import annotations

import time

import kafka
from kafka import KafkaConsumer
from kafka.errors import KafkaError

from watchbound.adapters.kafka_connect import connect, partitions_of, reader_options
from watchbound.pipeline.topics import FRAMES
from watchbound.ports import TopicPartition
from watchbound.settings import KafkaSettings, MatchingSettings, load

_ANSWER_MS = 2_000


class Backlog:
    """Frames as they arrive, and what the group has committed of them; the methods are called from one thread each."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._consumer = connect(
            settings,
            lambda network: KafkaConsumer(
                kafka_client=network,
                **reader_options(settings, "fault-backlog"),
                group_id=load(MatchingSettings).group,
            ),
        )
        self._partitions = [
            kafka.TopicPartition(each.topic, each.partition)
            for each in partitions_of(self._consumer, settings, FRAMES.name)
        ]
        self._arrived: list[tuple[float, TopicPartition, int]] = []

    def arrived(self, source: TopicPartition, offset: int) -> None:
        """A frame is on the broker; told by the follower."""
        self._arrived.append((time.monotonic(), source, offset))

    def begin(self) -> None:
        """Forget what arrived so far."""
        self._arrived = []

    def oldest_s(self) -> float | None:
        """Seconds since the oldest uncommitted frame arrived, 0 where there is none; None while nobody can tell."""
        now = time.monotonic()
        try:
            committed = {
                TopicPartition(each.topic, each.partition): self._consumer.committed(each, timeout_ms=_ANSWER_MS) or 0
                for each in self._partitions
            }
        except KafkaError:
            return None
        waiting = [at for at, source, offset in list(self._arrived) if offset >= committed[source]]
        return now - min(waiting) if waiting else 0.0

    def close(self) -> None:
        """Let go."""
        self._consumer.close()
