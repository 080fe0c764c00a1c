"""What only the fake broker has; all that it shares with real ones is in tests/contract/test_log.py."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kafka.partitioner import murmur2 as reference

from watchbound.domain.errors import Unavailable
from watchbound.pipeline.topics import MATCHES
from watchbound.ports import TopicPartition
from watchbound.testing.clock import ManualClock
from watchbound.testing.log import InMemoryBroker
from watchbound.testing.log_store import murmur2


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_keys_land_where_kafka_puts_them(key: bytes) -> None:
    assert murmur2(key) == reference(key) & 0xFFFFFFFF


def test_a_crashed_member_is_not_asked_and_its_records_come_again() -> None:
    broker = InMemoryBroker()
    asked: list[frozenset[TopicPartition]] = []
    broker.producer().send("t", "k", b"1")
    first = broker.consumer("g", ["t"], asked.append)
    assert len(first.poll(0, 10)) == 1
    first.crash()
    assert asked == []
    assert [record.value for record in broker.consumer("g", ["t"]).poll(0, 10)] == [b"1"]


def test_a_broker_that_is_down_takes_and_gives_nothing() -> None:
    broker = InMemoryBroker()
    producer, consumer, reader = broker.producer(), broker.consumer("g", ["t"]), broker.reader(["t"])
    producer.send("t", "k", b"1")
    consumer.poll(0, 10)
    broker.down = True
    with pytest.raises(Unavailable):
        producer.send("t", "k", b"2")
    with pytest.raises(Unavailable):
        consumer.commit({TopicPartition("t", 0): 1})
    with pytest.raises(Unavailable):
        reader.poll(0)
    assert consumer.poll(0, 10) == []
    broker.down = False
    consumer.commit({TopicPartition("t", 0): 1})
    assert broker.committed("g") == {TopicPartition("t", 0): 1}
    assert len(reader.poll(0)) == 1


def test_records_that_are_never_acknowledged_are_lost() -> None:
    broker = InMemoryBroker()
    broker.acknowledging = False
    delivery = broker.producer().send("t", "k", b"1")
    with pytest.raises(Unavailable):
        delivery.wait(0)
    assert broker.records("t") == []


def test_records_carry_the_clock_and_topics_their_partitions() -> None:
    now = datetime(2026, 6, 1, tzinfo=UTC)
    broker = InMemoryBroker(ManualClock(now), partitions={"narrow": 1, MATCHES.name: 3})
    for n in range(50):
        broker.producer().send(MATCHES.name, f"k{n}", b"")
    assert {record.source.partition for record in broker.records(MATCHES.name)} == {0, 1, 2}
    assert {record.timestamp for record in broker.records(MATCHES.name)} == {now}
