"""One suite for the log's ports, on the fake, the embedded broker and Apache Kafka."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest

from tests.contract.log_backends import LARGEST_BYTES, KafkaLog, LogBackend, MemoryLog, polling, read, read_all, until
from watchbound.domain.errors import InvalidValue
from watchbound.ports import RecordConsumer, TopicPartition
from watchbound.testing.log_store import murmur2

WAIT_S = 10.0


@pytest.fixture(params=["memory", "tansu", pytest.param("kafka", marks=pytest.mark.real)])
def log(request: pytest.FixtureRequest) -> Iterator[LogBackend]:
    with ExitStack() as stack:
        if request.param == "memory":
            yield MemoryLog(stack)
        else:
            fixture = "tansu" if request.param == "tansu" else "apache_kafka"
            yield KafkaLog(request.getfixturevalue(fixture).bootstrap, stack)


@pytest.fixture
def group() -> str:
    return f"g.{uuid.uuid4().hex}"


def fill(log: LogBackend, topic: str, count: int, keys: int = 1) -> None:
    producer = log.producer()
    deliveries = [producer.send(topic, f"key-{n % keys}", str(n).encode()) for n in range(count)]
    for delivery in deliveries:
        delivery.wait(WAIT_S)


def test_a_key_keeps_its_partition_and_its_order(log: LogBackend) -> None:
    topic = log.topic(partitions=4)
    fill(log, topic, 60, keys=6)

    records = read_all(log.reader(topic))

    assert len(records) == 60
    for n in range(6):
        own = [record for record in records if record.key == f"key-{n}"]
        assert {record.source.partition for record in own} == {(murmur2(f"key-{n}".encode()) & 0x7FFFFFFF) % 4}
        assert [int(record.value or b"") for record in own] == list(range(n, 60, 6))
        assert [record.offset for record in own] == sorted(record.offset for record in own)


def test_a_record_comes_back_as_it_was_sent(log: LogBackend) -> None:
    topic = log.topic()
    log.producer().send(topic, "camera-1", b"\x00\xff", {"kind": b"x", "empty": b""}).wait(WAIT_S)

    (record,) = read_all(log.reader(topic))

    assert (record.source, record.offset) == (TopicPartition(topic, 0), 0)
    assert (record.key, record.value) == ("camera-1", b"\x00\xff")
    assert record.headers == (("kind", b"x"), ("empty", b""))
    assert abs(record.timestamp - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_tombstone_has_no_value(log: LogBackend, group: str) -> None:
    topic = log.topic()
    producer = log.producer()
    producer.send(topic, "gone", None).wait(WAIT_S)
    producer.send(topic, "empty", b"").wait(WAIT_S)

    assert [record.value for record in read_all(log.reader(topic))] == [None, b""]
    assert [record.value for record in read(log.consumer(group, topic), 2)] == [None, b""]


def test_a_large_record_passes(log: LogBackend, group: str) -> None:
    topic, value = log.topic(), bytes(1_500_000)
    log.producer().send(topic, "k", value).wait(WAIT_S)

    assert read(log.consumer(group, topic), 1)[0].value == value


def test_a_record_larger_than_the_topic_takes_is_refused_for_good(
    log: LogBackend, request: pytest.FixtureRequest
) -> None:
    if isinstance(log, KafkaLog) and "tansu" in request.node.name:
        request.applymarker(pytest.mark.xfail(reason="tansu ignores max.message.bytes", strict=True))
    topic = log.topic()
    delivery = log.producer().send(topic, "k", bytes(LARGEST_BYTES + 1000))
    with pytest.raises(InvalidValue, match="takes"):
        delivery.wait(WAIT_S)


def test_a_group_goes_on_where_it_committed(log: LogBackend, group: str) -> None:
    topic = log.topic()
    fill(log, topic, 10)
    first = log.consumer(group, topic)
    assert len(read(first, 10)) == 10
    first.commit({TopicPartition(topic, 0): 4})
    first.close()

    assert [record.offset for record in read(log.consumer(group, topic), 6)] == [4, 5, 6, 7, 8, 9]


def test_what_was_not_committed_comes_again(log: LogBackend, group: str) -> None:
    topic = log.topic()
    fill(log, topic, 3)
    first = log.consumer(group, topic)
    read(first, 3)
    first.close()

    assert [record.offset for record in read(log.consumer(group, topic), 3)] == [0, 1, 2]


def test_poll_returns_no_more_than_asked_for(log: LogBackend, group: str) -> None:
    topic = log.topic(partitions=2)
    fill(log, topic, 40, keys=7)
    consumer, sizes = log.consumer(group, topic), [0]
    until(lambda: sum(sizes) == 40, lambda: sizes.append(len(consumer.poll(0.2, 7))))
    assert max(sizes) == 7


def test_members_share_the_partitions_and_hand_them_over(log: LogBackend, group: str) -> None:
    topic = log.topic(partitions=4)
    fill(log, topic, 40, keys=20)
    revoked: list[frozenset[TopicPartition]] = []
    everything = frozenset(TopicPartition(topic, n) for n in range(4))

    def hand_over(partitions: frozenset[TopicPartition]) -> None:
        revoked.append(partitions)
        first.commit({source: positions[source] for source in partitions if source in positions})

    first: RecordConsumer = log.consumer(group, topic, hand_over)
    records = read(first, 40)
    positions = {record.source: record.offset + 1 for record in records}
    assert first.assignment() == everything

    second = log.consumer(group, topic)

    def settled() -> bool:
        parts = first.assignment(), second.assignment()
        return all(parts) and not parts[0] & parts[1] and parts[0] | parts[1] == everything

    with polling(first) as by_first, polling(second) as by_second:
        until(settled, lambda: time.sleep(0.01))
        assert revoked[0] == everything
        fill(log, topic, 20, keys=20)
        until(lambda: len(by_first + by_second) >= 20, lambda: time.sleep(0.01))

    # The commit inside the hand-over held: nothing that was read before comes again.
    seen = by_first + by_second
    assert len(seen) == 20
    assert all(record.offset >= positions.get(record.source, 0) for record in seen)
    assert not {record.source for record in by_first} & {record.source for record in by_second}


def test_leaving_hands_over_too(log: LogBackend, group: str) -> None:
    topic = log.topic()
    fill(log, topic, 5)
    consumer = log.consumer(group, topic, lambda partitions: consumer.commit(dict.fromkeys(partitions, 3)))
    read(consumer, 5)
    consumer.close()

    assert read(log.consumer(group, topic), 1)[0].offset == 3


def test_a_bug_in_the_hand_over_is_not_swallowed(log: LogBackend, group: str) -> None:
    def broken(_partitions: frozenset[TopicPartition]) -> None:
        msg = "a bug"
        raise KeyError(msg)

    topic = log.topic()
    fill(log, topic, 1)
    consumer = log.consumer(group, topic, broken)
    read(consumer, 1)
    with pytest.raises(KeyError, match="a bug"):
        consumer.close()


def test_a_commit_for_a_partition_of_others_is_passed_over(log: LogBackend, group: str) -> None:
    topic, other = log.topic(), log.topic()
    fill(log, topic, 2)
    consumer = log.consumer(group, topic)
    read(consumer, 2)
    consumer.commit({TopicPartition(other, 0): 7})
    consumer.close()
    fill(log, other, 1)
    assert read(log.consumer(group, other), 1)[0].offset == 0


def test_lag_is_what_is_left_to_read(log: LogBackend, group: str) -> None:
    topic = log.topic()
    fill(log, topic, 10)
    consumer = log.consumer(group, topic)
    read(consumer, 3)
    assert consumer.lag() == {TopicPartition(topic, 0): 7}
    read(consumer, 7)
    assert consumer.lag() == {TopicPartition(topic, 0): 0}


def test_lag_grows_also_for_a_member_that_is_held_and_polls_nothing(log: LogBackend, group: str) -> None:
    topic = log.topic()
    fill(log, topic, 2)
    consumer = log.consumer(group, topic)
    read(consumer, 2)
    for _ in range(5):
        fill(log, topic, 1)
    assert consumer.lag() == {TopicPartition(topic, 0): 5}


def test_a_group_can_begin_with_what_is_new(log: LogBackend, group: str) -> None:
    topic = log.topic()
    fill(log, topic, 3)
    consumer = log.consumer(group, topic, start="latest")
    until(lambda: consumer.lag() == {TopicPartition(topic, 0): 0}, lambda: consumer.poll(0.1, 10))
    fill(log, topic, 1)
    assert read(consumer, 1)[0].offset == 3


def test_a_reader_begins_at_the_beginning_and_follows(log: LogBackend) -> None:
    topic = log.topic(partitions=2)
    fill(log, topic, 20, keys=9)
    reader = log.reader(topic)
    assert not reader.caught_up()
    assert len(read_all(reader)) == 20

    fill(log, topic, 1)
    fresh = reader.poll(1.0)
    until(lambda: fresh, lambda: fresh.extend(reader.poll(1.0)))
    assert [record.value for record in fresh] == [b"0"]


def test_an_empty_topic_is_caught_up_with_after_one_look(log: LogBackend) -> None:
    assert read_all(log.reader(log.topic())) == []


def test_a_paused_partition_gives_nothing_until_it_goes_on_where_it_stood(log: LogBackend, group: str) -> None:
    topic = log.topic(partitions=2)
    consumer = log.consumer(group, topic)
    until(lambda: len(consumer.assignment()) == 2, lambda: consumer.poll(0.1, 1))
    fill(log, topic, 40, keys=8)
    (first,) = read(consumer, 1)
    held = frozenset({first.source})
    consumer.pause(held | {TopicPartition("nobody's", 0)})
    total = {source: [r for r in read_all(log.reader(topic)) if r.source == source] for source in consumer.assignment()}
    others = [record for source, records in total.items() if source != first.source for record in records]
    assert {record.source for record in read(consumer, len(others))} == {others[0].source}
    assert consumer.poll(0.3, 100) == []
    consumer.resume(held)
    assert read(consumer, len(total[first.source]) - 1) == total[first.source][1:]
