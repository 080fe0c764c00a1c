"""The replay commands on Apache Kafka: what a person sees, does, and finds in the audit log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.unit.alerting.factory import match
from watchbound.adapters import codecs
from watchbound.adapters.clock import SystemClock
from watchbound.adapters.kafka_log import KafkaRecordProducer, KafkaTopicReader
from watchbound.adapters.kafka_topics import ensure_topics
from watchbound.adapters.prometheus import PrometheusMetrics
from watchbound.domain.errors import Poison, PoisonReason
from watchbound.domain.frame import SealedFrame
from watchbound.pipeline.dead_letter import DeadLetters
from watchbound.pipeline.topics import ALL_TOPICS, FRAMES, MATCHES
from watchbound.ports import Record
from watchbound.settings import KafkaSettings, load
from watchbound.stack.apache_kafka import ApacheKafka
from watchbound.stack.embedded import CommandFailed, EmbeddedStack

pytestmark = [pytest.mark.real, pytest.mark.long]

ACT = ["--policy", "all", "--actor", "ops-3", "--reason", "a test"]


@pytest.fixture
def stack(tmp_path: Path, real_kafka_needed: None) -> Iterator[EmbeddedStack]:
    """On a broker of its own: its dead letters are nobody else's."""
    with ApacheKafka(tmp_path / "kafka") as kafka, EmbeddedStack(tmp_path) as stack:
        stack.environment["WATCHBOUND_KAFKA_BOOTSTRAP"] = kafka.bootstrap
        yield stack


def records(kafka: KafkaSettings, topic: str) -> list[Record]:
    with closing(KafkaTopicReader(kafka, [topic], "test")) as reader:
        found = reader.poll(0.5)
        while not reader.caught_up():
            found += reader.poll(0.5)
    return found


def test_letters_are_listed_retried_by_rule_and_kept_in_mind(stack: EmbeddedStack) -> None:
    kafka = load(KafkaSettings, bootstrap=stack.environment["WATCHBOUND_KAFKA_BOOTSTRAP"])
    ensure_topics(kafka, ALL_TOPICS)
    frame = codecs.FRAME.encode(SealedFrame("gate-1", 1, datetime.now(UTC), "nobody", b"sealed"))
    with closing(KafkaRecordProducer(kafka, "test")) as producer:
        producer.send(FRAMES.name, "gate-1", frame).wait(10)
        producer.send(MATCHES.name, "k", codecs.MATCH.encode(match(0))).wait(10)
        producer.send(MATCHES.name, "k", b"rubbish").wait(10)
        letters = DeadLetters(producer, codecs.DEAD_LETTER, SystemClock(), PrometheusMetrics())
        for record in records(kafka, FRAMES.name) + records(kafka, MATCHES.name):
            letters.send(record, Poison(PoisonReason.BAD_VALUE, "a test")).wait(10)

    listed = stack.call(["replay", "list"])["letters"]
    assert [letter["payload_kept"] for letter in listed] == [False, True, True]
    shown = stack.call(["replay", "show", listed[0]["id"]])
    assert (shown["reason"], shown["standing"]) == ("bad_value", "open")

    done = stack.call(["replay", "retry", *ACT], accept=(1,))["done"]
    assert [(each["outcome"], each["why"].split(":")[0]) for each in done] == [
        # Its pixels are in no letter: the record was read again at its place, and nothing authorises it.
        ("dropped", "no_authorisation"),
        ("dropped", "no_authorisation"),
        ("still-poison", "bad_protobuf"),
    ]
    assert stack.call(["replay", "drop", *ACT, "--id", done[2]["id"]])["counts"]["dropped"] == 1
    assert stack.call(["replay", "list"]) == {"letters": []}
    assert {each["standing"] for each in stack.call(["replay", "list", "--all"])["letters"]} == {"dropped"}
    assert len(records(kafka, MATCHES.name)) == 2

    with pytest.raises(CommandFailed, match="expected one of codec-mended"):
        stack.call(["replay", "retry", "--policy", "hope", "--actor", "a", "--reason", "r"])
