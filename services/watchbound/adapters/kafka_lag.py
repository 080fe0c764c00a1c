"""How far a consumer group is behind, asked of the broker by somebody who is no member of it."""

from __future__ import annotations

import kafka
from kafka import KafkaConsumer
from kafka.errors import KafkaError

from watchbound.adapters.kafka_connect import REQUEST_MS, connect, partitions_of, reader_options, unavailable
from watchbound.pipeline.access import Kind, Operation, Permission
from watchbound.settings import KafkaSettings


def records_behind(settings: KafkaSettings, group: str, topic: str) -> int:
    """Records of the topic that stand behind what the group has committed; never fewer than are really unread.

    Raises:
        Unavailable: the broker does not answer, or there is no such topic.
    """
    consumer = connect(
        settings,
        lambda network: KafkaConsumer(kafka_client=network, **reader_options(settings, f"{group}-lag"), group_id=group),
    )
    try:
        partitions = [
            kafka.TopicPartition(partition.topic, partition.partition)
            for partition in partitions_of(consumer, settings, topic)
        ]
        ends = consumer.end_offsets(partitions, timeout_ms=REQUEST_MS)
        begins = consumer.beginning_offsets(partitions, timeout_ms=REQUEST_MS)
        committed = {one: consumer.committed(one, timeout_ms=REQUEST_MS) for one in partitions}
        # What retention has removed is behind nobody any more: it will never be read.
        return sum(max(ends[one] - max(committed[one] or 0, begins[one]), 0) for one in partitions)
    except KafkaError as error:
        needed = (Permission(Operation.DESCRIBE, Kind.TOPIC, topic), Permission(Operation.DESCRIBE, Kind.GROUP, group))
        raise unavailable(settings, f"asking how far {group} is behind", error, *needed) from error
    finally:
        consumer.close()
