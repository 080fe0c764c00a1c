"""Three brokers: what is acknowledged outlives any one of them, and topics stand on all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import pytest
from kafka import KafkaAdminClient

from tests.contract.log_backends import read_all
from watchbound.adapters.kafka_log import KafkaRecordProducer, KafkaTopicReader
from watchbound.adapters.kafka_topics import check_topics, ensure_topics
from watchbound.pipeline.topics import Cleanup, Topic
from watchbound.settings import KafkaSettings, load
from watchbound.stack.apache_kafka import ApacheKafka

TOPIC = Topic("kept", "any", 1, Cleanup.DELETE, timedelta(hours=1))

pytestmark = [
    pytest.mark.long,
    pytest.mark.real,
    # kafka-python 3.0 leaves the sockets of refused connections to the garbage collector.
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture
def cluster(tmp_path_factory: pytest.TempPathFactory, real_kafka_needed: None) -> Iterator[ApacheKafka]:
    with ApacheKafka(tmp_path_factory.mktemp("three"), 3) as cluster:
        yield cluster


def leader(kafka: KafkaSettings) -> int:
    with closing(KafkaAdminClient(bootstrap_servers=kafka.bootstrap.split(","))) as administrator:
        (found,) = administrator.describe_topics([TOPIC.name])
        return int(found["partitions"][0]["leader_id"])


def test_what_was_acknowledged_outlives_the_leader(
    cluster: ApacheKafka,
) -> None:
    kafka = load(KafkaSettings, bootstrap=cluster.bootstrap, replication_factor=3)
    assert kafka.acknowledging() == 2
    ensure_topics(kafka, [TOPIC])
    assert check_topics(kafka, [TOPIC]) == []
    with closing(KafkaRecordProducer(kafka, "test")) as producer:
        acknowledged = []
        for number in range(60):
            if number == 20:
                cluster.brokers[leader(kafka) - 1].kill()
            producer.send(TOPIC.name, "k", str(number).encode()).wait(30)
            acknowledged.append(str(number).encode())
        with closing(KafkaTopicReader(kafka, [TOPIC.name], "test")) as reader:
            assert [record.value for record in read_all(reader)] == acknowledged
