"""What the log's ports do while their broker is away, on brokers of their own."""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.contract.log_backends import KafkaLog, LogBackend, MemoryLog, read_all, until
from watchbound.adapters.kafka_log import KafkaRecordConsumer, KafkaRecordProducer, KafkaTopicReader
from watchbound.domain.errors import Unavailable
from watchbound.ports import Record, TopicReader
from watchbound.settings import KafkaSettings, load
from watchbound.stack.apache_kafka import ApacheKafka
from watchbound.stack.processes import free_port
from watchbound.stack.tansu import Tansu

# kafka-python 3.0 leaves the sockets of refused connections to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")


@pytest.fixture(scope="module", autouse=True)
def quiet_client() -> Iterator[None]:
    """A captured log record of a refused connection would keep its socket alive beyond the test."""
    logger = logging.getLogger("kafka")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    yield
    logger.setLevel(level)
    gc.collect()


@pytest.fixture(autouse=True)
def sockets_collected() -> Iterator[None]:
    """While the filter above holds, or they would be another test's failure."""
    yield
    gc.collect()


@dataclass
class Outage:
    """A log with a broker that may be killed and started again."""

    name: str
    log: LogBackend
    kill: Callable[[], None]
    start: Callable[[], None]


def _memory(stack: ExitStack) -> Outage:
    log = MemoryLog(stack)

    def put(down: bool) -> None:
        log.broker.down = down

    return Outage("memory", log, lambda: put(True), lambda: put(False))


def _tansu(stack: ExitStack, folder: Path) -> Outage:
    port = free_port()
    brokers = [stack.enter_context(Tansu(folder, port))]
    return Outage(
        "tansu",
        KafkaLog(brokers[0].bootstrap, stack),
        lambda: brokers[-1].process.kill(),
        lambda: brokers.append(stack.enter_context(Tansu(folder, port))),
    )


@pytest.fixture(scope="module", params=["memory", "tansu", pytest.param("kafka", marks=pytest.mark.real)])
def outage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outage]:
    folder = tmp_path_factory.mktemp(request.param)
    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack:
        # Nobody is there to say goodbye to.
        patch.setattr("watchbound.adapters.kafka_producer._CLOSE_S", 0.2)
        patch.setattr("watchbound.adapters.kafka_consumer._CLOSE_MS", 200)
        if request.param == "memory":
            yield _memory(stack)
        elif request.param == "tansu":
            yield _tansu(stack, folder)
        else:
            request.getfixturevalue("real_kafka_needed")
            broker = stack.enter_context(ApacheKafka(folder))
            yield Outage("kafka", KafkaLog(broker.bootstrap, stack), broker.kill, broker.start)
    gc.collect()


def test_what_was_acknowledged_outlives_the_broker(outage: Outage, request: pytest.FixtureRequest) -> None:
    if outage.name == "tansu":
        request.applymarker(pytest.mark.xfail(reason="tansu keeps records in memory only", strict=True))
    topic = outage.log.topic()
    producer, follower = outage.log.producer(), outage.log.reader(topic)
    producer.send(topic, "k", b"kept").wait(10)
    assert len(read_all(follower)) == 1

    outage.kill()
    outage.start()

    assert [record.value for record in read_all(outage.log.reader(topic))] == [b"kept"]
    # Those who were connected go on by themselves.
    producer.send(topic, "k", b"after").wait(10)
    later: list[Record] = []
    until(lambda: [record.value for record in later] == [b"after"], lambda: later.extend(poll_if_there(follower)))


def poll_if_there(reader: TopicReader) -> list[Record]:
    try:
        return reader.poll(0.2)
    except Unavailable:
        return []


def test_readers_and_producers_say_that_the_broker_is_gone(outage: Outage) -> None:
    topic = outage.log.topic()
    producer, reader = outage.log.producer(), outage.log.reader(topic)
    consumer = outage.log.consumer("g", topic)
    until(consumer.assignment, lambda: consumer.poll(0.2, 10))
    producer.send(topic, "k", b"before").wait(10)
    assert len(read_all(reader)) == 1

    outage.kill()

    began = time.monotonic()
    with pytest.raises(Unavailable, match=r"down|did not answer"):
        until(lambda: False, lambda: reader.poll(0.1))
    assert time.monotonic() - began < 4, "authority that is 5 s old permits nothing: this must be known before"
    with pytest.raises(Unavailable):
        producer.send(topic, "k", b"during").wait(0.5)
    until(lambda: consumer.poll(0.1, 10) == [])


@pytest.mark.parametrize(
    "connect",
    [
        lambda settings: KafkaRecordProducer(settings, "test"),
        lambda settings: KafkaRecordConsumer(settings, "g", ["t"], "test"),
        lambda settings: KafkaTopicReader(settings, ["t"], "test"),
    ],
    ids=["producer", "consumer", "reader"],
)
def test_connecting_to_nobody_says_where_and_what_to_do(
    connect: Callable[[KafkaSettings], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("watchbound.adapters.kafka_connect.CONNECT_MS", 300)
    address = f"127.0.0.1:{free_port()}"
    with pytest.raises(Unavailable, match=rf"{address}.*WATCHBOUND_KAFKA_BOOTSTRAP"):
        connect(load(KafkaSettings, bootstrap=address))
