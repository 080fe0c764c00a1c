"""Reads one record at its place, for whoever was told where it stands."""

from __future__ import annotations

import time
from contextlib import closing

import kafka
from kafka import KafkaConsumer
from kafka.errors import KafkaError

from watchbound.adapters.kafka_connect import REQUEST_MS, connect, reader_options, to_record, unavailable
from watchbound.ports import Record, TopicPartition
from watchbound.settings import KafkaSettings

_POLL_MS = 500


def record_at(settings: KafkaSettings, source: TopicPartition, offset: int) -> Record | None:
    """The record at this place; None where retention has removed it, or none was ever written there.

    Raises:
        Unavailable: the broker does not answer.
    """
    place = kafka.TopicPartition(source.topic, source.partition)
    consumer = connect(
        settings,
        lambda network: KafkaConsumer(
            kafka_client=network, **reader_options(settings, "watchbound-record"), auto_offset_reset="latest"
        ),
    )
    with closing(consumer):
        try:
            consumer.assign([place])
            first = consumer.beginning_offsets([place], timeout_ms=REQUEST_MS)[place]
            end = consumer.end_offsets([place], timeout_ms=REQUEST_MS)[place]
            if not first <= offset < end:
                return None
            consumer.seek(place, offset)
            deadline = time.monotonic() + REQUEST_MS / 1000
            while time.monotonic() < deadline:
                for record in consumer.poll(timeout_ms=_POLL_MS, max_records=1).get(place, ()):
                    # A later one, where retention has just removed this one.
                    return to_record(record) if record.offset == offset else None
        except KafkaError as error:
            raise unavailable(settings, f"reading {source.topic}/{source.partition}/{offset}", error) from error
    missing = TimeoutError(f"nothing came from {source.topic}/{source.partition}/{offset}")
    raise unavailable(settings, "reading a record", missing)
