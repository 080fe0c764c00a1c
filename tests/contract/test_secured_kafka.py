"""Apache Kafka that believes nobody: each service does its part and no more, and a refusal says what is wrong."""

from __future__ import annotations

import gc
import json
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.fixtures.certificates import Authority
from tests.fixtures.kafka_secured import PASSWORD, SecuredKafka
from watchbound.adapters.faust_app import build_app
from watchbound.adapters.kafka_clock import KafkaBrokerTime
from watchbound.adapters.kafka_lag import records_behind
from watchbound.adapters.kafka_log import KafkaRecordConsumer, KafkaRecordProducer, KafkaTopicReader
from watchbound.adapters.kafka_topics import ensure_topics
from watchbound.cli.topics import app as topics_app
from watchbound.domain.errors import AccessRefused, Unavailable
from watchbound.pipeline.access import ACCESS, GroupNames, Operation, Permission, Service, topics_of
from watchbound.pipeline.topics import ALERTS, ALL_TOPICS, CLOCK, FRAMES, Topic
from watchbound.settings import KafkaSettings, load

# kafka-python leaves the socket of a connection that was refused to the garbage collector.
pytestmark = [pytest.mark.real, pytest.mark.long, pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")]

NAMES = GroupNames("watchbound-matching", "watchbound-alerting", "watchbound-alert-consumer")
TOPICS = (*ALL_TOPICS, CLOCK)
PER_SERVICE = pytest.mark.parametrize("service", Service, ids=lambda service: service.value)


@pytest.fixture(scope="module")
def kafka(secured_kafka: SecuredKafka) -> SecuredKafka:
    """With every topic, every principal, and what `watchbound topics acls --apply` grants."""
    ensure_topics(secured_kafka.administrator(), TOPICS)
    secured_kafka.enlist(*(name_of(service) for service in Service), "stranger")
    granted = acls(secured_kafka, "--apply", "--json")
    assert granted["surplus"] == []
    return secured_kafka


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """Sockets that were left open are closed here, and not in somebody else's test."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def acls(kafka: SecuredKafka, *arguments: str, code: int = 0) -> Any:
    environment = kafka.environment(kafka.administrator())
    done = CliRunner().invoke(topics_app, ["acls", *arguments], env=environment, catch_exceptions=False)
    assert done.exit_code == code, done.output
    return json.loads(done.stdout)


def name_of(service: Service) -> str:
    return f"watchbound-{service.value}"


def permissions(service: Service) -> set[Permission]:
    return set(ACCESS[service].permissions(NAMES))


def may(service: Service, operation: Operation, topic: Topic) -> bool:
    return any(
        each.operation is operation
        and (each.name == topic.name or (each.prefixed and topic.name.startswith(each.name)))
        for each in permissions(service)
    )


def write(settings: KafkaSettings, topic: Topic) -> None:
    with closing(KafkaRecordProducer(settings, "test")) as producer:
        producer.send(topic.name, "key", b"value").wait(10)


def refused(act: Callable[[], object], *words: str) -> None:
    with pytest.raises(Unavailable) as caught:
        act()
    assert all(word in str(caught.value) for word in words), caught.value


@PER_SERVICE
def test_a_service_writes_what_it_is_listed_for_and_nothing_else(kafka: SecuredKafka, service: Service) -> None:
    settings = kafka.by_password(name_of(service))
    with closing(KafkaRecordProducer(settings, "test")) as producer:
        for topic in TOPICS:
            send = producer_of(producer, topic)
            if may(service, Operation.WRITE, topic):
                send()
            else:
                refused(send, f"User:{name_of(service)}", f"WRITE on topic {topic.name}")


def producer_of(producer: KafkaRecordProducer, topic: Topic) -> Callable[[], None]:
    return lambda: producer.send(topic.name, "key", b"value").wait(10)


@PER_SERVICE
def test_a_service_reads_what_it_is_listed_for_and_nothing_else(kafka: SecuredKafka, service: Service) -> None:
    settings = kafka.by_password(name_of(service))
    for topic in TOPICS:
        if may(service, Operation.READ, topic):
            read_all(settings, topic)
        elif may(service, Operation.WRITE, topic) or may(service, Operation.DESCRIBE, topic):
            refused(lambda topic=topic: read_all(settings, topic), f"READ on topic {topic.name}")  # type: ignore[misc]


def read_all(settings: KafkaSettings, topic: Topic) -> None:
    with closing(KafkaTopicReader(settings, [topic.name], "test")) as reader:
        while not reader.caught_up():
            reader.poll(0.05)


@PER_SERVICE
def test_a_service_finds_its_topics_and_makes_none(kafka: SecuredKafka, service: Service) -> None:
    settings = kafka.by_password(name_of(service))
    ensure_topics(settings, topics_of(service))
    if service is not Service.OPERATOR:
        other = next(topic for topic in TOPICS if topic not in topics_of(service))
        refused(lambda: ensure_topics(settings, [other]), f"CREATE on topic {other.name}", f"User:{name_of(service)}")


def test_a_permission_that_is_granted_later_needs_no_restart(kafka: SecuredKafka) -> None:
    kafka.enlist("late")
    with closing(KafkaRecordProducer(kafka.by_password("late"), "test")) as producer:
        acls(kafka, "--apply", "--json", "--service", "recorder", "--as", "recorder=late")
        refused(producer_of(producer, FRAMES), f"WRITE on topic {FRAMES.name}")
        acls(kafka, "--apply", "--json", "--service", "camera", "--as", "camera=late", code=1)
        eventually(producer_of(producer, FRAMES))


def eventually(act: Callable[[], None]) -> None:
    """A broker learns its lists a moment after they were changed."""
    deadline = time.monotonic() + 20
    while True:
        try:
            return act()
        except AccessRefused:
            assert time.monotonic() < deadline, "still refused"


def test_what_is_hidden_is_not_there_and_the_message_says_both(kafka: SecuredKafka) -> None:
    camera = kafka.by_password(name_of(Service.CAMERA))
    refused(lambda: KafkaTopicReader(camera, [ALERTS.name], "test"), "hides it from User:watchbound-camera", "DESCRIBE")


def test_a_group_is_joined_by_its_service_alone(kafka: SecuredKafka) -> None:
    def join(settings: KafkaSettings, group: str, topic: Topic) -> None:
        with closing(KafkaRecordConsumer(settings, group, [topic.name], "test")) as consumer:
            while not consumer.assignment():
                consumer.poll(0.1, 10)

    join(kafka.by_password(name_of(Service.MATCHING)), NAMES.matching, FRAMES)
    consumer = kafka.by_password(name_of(Service.ALERT_CONSUMER))
    join(consumer, f"{NAMES.consumers}-1", ALERTS)
    refused(lambda: join(consumer, NAMES.matching, ALERTS), f"READ on group {NAMES.matching}")


def test_the_clock_and_the_lag_are_asked_by_who_may(kafka: SecuredKafka) -> None:
    with closing(KafkaBrokerTime(kafka.by_password(name_of(Service.CAMERA)), "test")) as clock:
        assert clock.ask().year > 2020
    assert records_behind(kafka.by_password(name_of(Service.RECORDER)), NAMES.matching, FRAMES.name) >= 0
    camera = kafka.by_password(name_of(Service.CAMERA))
    refused(lambda: records_behind(camera, NAMES.matching, FRAMES.name), f"DESCRIBE on group {NAMES.matching}")


def test_a_certificate_is_an_identity_too(kafka: SecuredKafka) -> None:
    by_certificate = kafka.by_certificate(*kafka.authority.certificate("site-north"))
    refused(lambda: write(by_certificate, FRAMES), "User:CN=site-north", f"WRITE on topic {FRAMES.name}")
    only = ("--service", "camera", "--as", "camera=site-north", "--form", "User:CN={name}")
    granted = acls(kafka, "--apply", "--json", *only)
    assert len(granted["granted"]) == len(permissions(Service.CAMERA))
    write(by_certificate, FRAMES)


def test_what_is_granted_beyond_the_list_is_told_and_taken_back(kafka: SecuredKafka) -> None:
    as_reviewer = ("--service", "reviewer", "--as", "reviewer=stranger")
    as_camera = ("--service", "camera", "--as", "camera=stranger")
    acls(kafka, "--apply", "--json", *as_reviewer)
    told = acls(kafka, "--apply", "--json", *as_camera, code=1)
    assert f"User:stranger: ALLOW READ on topic {ALERTS.name}" in told["surplus"]
    assert acls(kafka, "--apply", "--prune", "--json", *as_camera)["removed"] == told["surplus"]
    assert acls(kafka, "--apply", "--json", *as_camera) == {"granted": [], "surplus": []}


def test_lists_are_changed_by_the_administrator_alone(kafka: SecuredKafka) -> None:
    environment = kafka.environment(kafka.by_password(name_of(Service.OPERATOR)))
    with pytest.raises(AccessRefused, match="ALTER on cluster"):
        CliRunner().invoke(topics_app, ["acls", "--apply"], env=environment, catch_exceptions=False)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Authority:
    """An authority that the broker has never heard of."""
    return Authority(tmp_path / "elsewhere")


def test_a_wrong_identity_is_refused_by_the_setting_that_is_wrong(kafka: SecuredKafka, elsewhere: Authority) -> None:
    camera = kafka.by_password(name_of(Service.CAMERA))
    tls = {"bootstrap": kafka.mutual, "security_protocol": "SSL", "ca_file": kafka.authority.ca_file}
    wrong = {
        "KAFKA_PASSWORD": kafka.by_password(name_of(Service.CAMERA), "wrong"),
        "KAFKA_USERNAME": kafka.by_password("nobody"),
        "KAFKA_SASL_MECHANISM": camera.model_copy(update={"sasl_mechanism": "SCRAM-SHA-256"}),
        "KAFKA_CA_FILE": camera.model_copy(update={"ca_file": elsewhere.ca_file}),
        "name it in WATCHBOUND_KAFKA_BOOTSTRAP": camera.model_copy(
            update={"bootstrap": kafka.scram.replace("127.0.0.1", "localhost")}
        ),
        "KAFKA_SECURITY_PROTOCOL and the port": camera.model_copy(update={"bootstrap": kafka.open}),
        "set WATCHBOUND_KAFKA_CERT_FILE": load(KafkaSettings, **tls),
        "does not accept our certificate": kafka.by_certificate(*elsewhere.certificate("watchbound-camera")),
        "see WATCHBOUND_KAFKA_CERT_FILE": kafka.by_certificate(*kafka.authority.certificate("late", days=-1)),
    }
    # Each waits for its time to be up: a broker that does not believe us today may be mended while we ask.
    with ThreadPoolExecutor(len(wrong)) as pool:
        answers = list(pool.map(refusal_of, wrong.values()))
    for words, answer in zip(wrong, answers, strict=True):
        assert words in answer
        assert PASSWORD not in answer


def refusal_of(settings: KafkaSettings) -> str:
    with pytest.raises(AccessRefused) as caught:
        KafkaRecordProducer(settings, "test")
    return str(caught.value)


def test_whoever_says_nothing_may_do_nothing(kafka: SecuredKafka) -> None:
    refused(lambda: write(load(KafkaSettings, bootstrap=kafka.open), FRAMES), "User:ANONYMOUS", "WRITE on topic")
    refused(
        lambda: KafkaRecordProducer(load(KafkaSettings, bootstrap=kafka.scram), "test"),
        "expects PLAINTEXT (WATCHBOUND_KAFKA_SECURITY_PROTOCOL)",
    )


def test_faust_shows_the_same_identity(kafka: SecuredKafka, tmp_path: Path) -> None:
    settings = kafka.by_password(name_of(Service.ALERTING))
    credentials = build_app(settings, NAMES.alerting, tmp_path, 1).conf.broker_credentials
    assert credentials.protocol.value == "SASL_SSL"
    assert (credentials.username, credentials.mechanism.value) == (name_of(Service.ALERTING), "SCRAM-SHA-512")
    by_certificate = kafka.by_certificate(*kafka.authority.certificate("alerting"))
    assert build_app(by_certificate, NAMES.alerting, tmp_path, 1).conf.broker_credentials.protocol.value == "SSL"
