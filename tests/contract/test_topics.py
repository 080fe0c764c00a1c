"""Topics are made as described, on the embedded broker and on Apache Kafka."""

from __future__ import annotations

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from typer.testing import CliRunner

from watchbound.adapters.kafka_topics import apply_topics, check_topics, ensure_topics
from watchbound.cli.topics import app
from watchbound.domain.errors import ConfigurationError
from watchbound.pipeline.topics import Cleanup, Topic
from watchbound.settings import KafkaSettings, load
from watchbound.stack.apache_kafka import ApacheKafka


@pytest.fixture(params=["tansu", pytest.param("apache_kafka", marks=pytest.mark.real)])
def settings(request: pytest.FixtureRequest) -> KafkaSettings:
    return load(KafkaSettings, bootstrap=request.getfixturevalue(request.param).bootstrap)


def topic(cleanup: Cleanup = Cleanup.DELETE, retention: timedelta | None = timedelta(minutes=10)) -> Topic:
    return Topic(f"t.{uuid.uuid4().hex}", "any", 3, cleanup, retention, 2_097_152)


def described(settings: KafkaSettings, name: str) -> tuple[int, dict[str, str]]:
    """A topic's number of partitions and its configuration, as the broker tells them."""
    administrator = KafkaAdminClient(bootstrap_servers=settings.bootstrap)
    try:
        (found,) = administrator.describe_topics([name])
        asked = administrator.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)], config_filter="all")
    finally:
        administrator.close()
        configs = asked["topic"][name]
    return len(found["partitions"]), {key: str(value["value"]) for key, value in configs.items()}


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (topic(), {"retention.ms": "600000", "cleanup.policy": "delete", "max.message.bytes": "2097152"}),
        (topic(Cleanup.COMPACT, None), {"cleanup.policy": "compact", "max.message.bytes": "2097152"}),
    ],
    ids=["deleted", "compacted"],
)
def test_a_missing_topic_is_made_as_described(settings: KafkaSettings, wanted: Topic, expected: dict[str, str]) -> None:
    ensure_topics(settings, [wanted])
    partitions, config = described(settings, wanted.name)
    assert partitions == 3
    assert expected.items() <= config.items()


def test_the_number_of_partitions_can_be_another(settings: KafkaSettings) -> None:
    wanted = topic()
    ensure_topics(settings, [wanted], {wanted.name: 5})
    assert described(settings, wanted.name)[0] == 5


def test_a_topic_that_is_there_is_left_alone(settings: KafkaSettings) -> None:
    wanted = topic()
    ensure_topics(settings, [wanted], {wanted.name: 2})
    ensure_topics(settings, [wanted])
    assert described(settings, wanted.name)[0] == 2


def test_several_processes_may_make_them_at_once(settings: KafkaSettings) -> None:
    wanted = [topic() for _ in range(3)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: ensure_topics(settings, wanted), range(4)))
    assert [described(settings, each.name)[0] for each in wanted] == [3, 3, 3]


def test_more_replicas_than_brokers_are_refused(settings: KafkaSettings, request: pytest.FixtureRequest) -> None:
    if "tansu" in request.node.name:
        request.applymarker(pytest.mark.xfail(reason="tansu takes any replication factor", strict=True))
    with pytest.raises(ConfigurationError, match="REPLICATION_FACTOR"):
        ensure_topics(settings.model_copy(update={"replication_factor": 3}), [topic()])


@pytest.fixture
def real(apache_kafka: ApacheKafka) -> KafkaSettings:
    return load(KafkaSettings, bootstrap=apache_kafka.bootstrap)


@pytest.mark.real
def test_what_differs_is_told_then_mended_once(real: KafkaSettings) -> None:
    wanted = topic()
    ensure_topics(real, [replace(wanted, retention=timedelta(hours=1), max_message_bytes=1_048_576)])
    found = check_topics(real, [wanted])
    assert {(each.config, each.expected, each.found) for each in found} == {
        ("max.message.bytes", "2097152", "1048576"),
        ("retention.ms", "600000", "3600000"),
        ("segment.ms", "60000", "360000"),
    }
    assert apply_topics(real, [wanted]) == (found, [])
    assert check_topics(real, [wanted]) == []
    assert apply_topics(real, [wanted]) == ([], []), "again, it changes nothing"


@pytest.mark.real
def test_what_takes_a_person_is_told_and_left(real: KafkaSettings) -> None:
    wanted = topic()
    ensure_topics(real, [wanted], {wanted.name: 2})
    mended, left = apply_topics(real, [wanted])
    assert mended == []
    assert [(each.config, each.expected, each.found) for each in left] == [("partitions", "3", "2")]
    assert described(real, wanted.name)[0] == 2


@pytest.mark.real
def test_the_command_makes_all_topics_and_its_exit_code_says_whether_they_stand(real: KafkaSettings) -> None:
    # The broker is shared: whatever other tests have made of these topics is theirs to know.
    where = ["--bootstrap", real.bootstrap, "--json"]
    applied = CliRunner().invoke(app, ["apply", *where])
    assert (applied.exit_code, json.loads(applied.output)["by_hand"]) == (0, [])
    checked = CliRunner().invoke(app, ["check", *where])
    assert (checked.exit_code, json.loads(checked.output)) == (0, {"ok": True, "differences": []})
    two = CliRunner().invoke(app, ["check", *where, "--replication-factor", "2"])
    assert two.exit_code == 1
    assert {each["config"] for each in json.loads(two.output)["differences"]} == {"replication.factor"}
