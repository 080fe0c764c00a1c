"""What every Kafka client of ours shares: how it connects, and what its errors mean to us."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable
from typing import Any, TypeVar

from kafka.errors import KafkaError

from watchbound.adapters.kafka_network import Network
from watchbound.adapters.kafka_refusals import refusal
from watchbound.adapters.kafka_security import principal, security_options
from watchbound.domain.errors import AccessRefused, ConfigurationError, Unavailable
from watchbound.domain.moment import from_micros
from watchbound.pipeline.access import Kind, Operation, Permission
from watchbound.ports import Record, TopicPartition
from watchbound.settings import KafkaSettings

C = TypeVar("C")
MakeNetwork = Callable[..., Any]

CONNECT_MS = 5_000
REQUEST_MS = 10_000
LARGEST_RECORD_BYTES = 2_400_000
"""Above the largest `max_message_bytes` of a topic (2 MiB), so that the topic's own limit decides."""

_LOOK_AGAIN_S = 0.05

FETCH_BYTES = 16 * 1024 * 1024
FETCH_WAIT_MS = 50
PARTITION_FETCH_BYTES = 4 * 1024 * 1024


def require_crc32c() -> None:
    """Refuse to go on without the C checksum: kafka-python's own falls from 217 to 11 MB/s, without a word.

    Raises:
        ConfigurationError: the package is not installed.
    """
    if importlib.util.find_spec("crc32c") is None:
        msg = "kafka-python needs the package crc32c, found none, and would be 20 times slower; pip install crc32c"
        raise ConfigurationError(msg)


def options(settings: KafkaSettings, client_id: str) -> dict[str, Any]:
    """What producers, consumers and administrators have in common."""
    return {
        "bootstrap_servers": settings.bootstrap.split(","),
        "client_id": client_id,
        "bootstrap_timeout_ms": CONNECT_MS,
        "request_timeout_ms": REQUEST_MS,
        # The default grows to 30 s: a broker that is back would be left alone for as long.
        "reconnect_backoff_max_ms": 1_000,
        **security_options(settings),
    }


def reader_options(settings: KafkaSettings, client_id: str) -> dict[str, Any]:
    """What both kinds of reading have in common."""
    return {
        **options(settings, client_id),
        "enable_auto_commit": False,
        # A topic made by a reader would have one partition and no retention: `ensure_topics` makes them.
        "allow_auto_create_topics": False,
        "fetch_max_bytes": FETCH_BYTES,
        "max_partition_fetch_bytes": PARTITION_FETCH_BYTES,
        # A broker may answer a fetch at this bound rather than at the first record; the default is half a second.
        "fetch_max_wait_ms": FETCH_WAIT_MS,
        "metrics_enabled": False,
    }


def connect(settings: KafkaSettings, make: Callable[[MakeNetwork], C]) -> C:
    """Make a client around the network layer that `make` is given as its `kafka_client`.

    Raises:
        ConfigurationError: `crc32c` is missing, or a file of the settings cannot be used.
        AccessRefused: a broker answers, and we and it do not trust each other.
        Unavailable: no broker answers at the address.
    """
    require_crc32c()
    networks: list[Network] = []

    def network(**config: Any) -> Any:
        networks.append(Network(**config))
        return networks[-1]

    try:
        return make(network)
    except KafkaError as error:
        # A constructor that fails leaves its thread behind, which would look for a broker for ever.
        for opened in networks:
            opened.close()
        # Its own error says only that time was up. A broker that refuses may say why once, and then just hang up.
        causes = [cause for opened in networks for cause in opened.problems()] or [error]
        meanings = [unavailable(settings, "connecting", cause) for cause in causes]
        raise next((one for one in meanings if isinstance(one, AccessRefused)), meanings[-1]) from error


def partitions_of(consumer: Any, settings: KafkaSettings, topic: str) -> list[TopicPartition]:
    """A topic's partitions, waiting up to 5 s for a topic that has just been made.

    Raises:
        Unavailable: there is no such topic, or it is hidden from us: a broker does not say which.
    """
    deadline = time.monotonic() + CONNECT_MS / 1000
    while not (numbers := consumer.partitions_for_topic(topic)):
        if time.monotonic() > deadline:
            msg = (
                f"Kafka at {settings.bootstrap} has no topic {topic}, or hides it from {principal(settings)}, who then"
                f" lacks {Permission(Operation.DESCRIBE, Kind.TOPIC, topic)}; make it with `watchbound topics apply`,"
                " or grant that, then try again"
            )
            raise Unavailable(msg)
        time.sleep(_LOOK_AGAIN_S)
    return [TopicPartition(topic, number) for number in sorted(numbers)]


def unavailable(settings: KafkaSettings, act: str, error: BaseException, *needed: Permission) -> Unavailable:
    """The error for callers: what was tried, where, what came, what to do.

    Args:
        settings: where the broker is.
        act: what was tried, for people.
        error: what came.
        needed: what the act takes, for where the broker says that it is not permitted.
    """
    refused = refusal(settings, act, error, needed)
    if refused is not None:
        return refused
    return Unavailable(
        f"Kafka at {settings.bootstrap} did not answer while {act}: {type(error).__name__}: {error};"
        f" see that a broker runs there (WATCHBOUND_KAFKA_BOOTSTRAP) and expects {settings.security_protocol}"
        " (WATCHBOUND_KAFKA_SECURITY_PROTOCOL), then try again"
    )


def to_record(record: Any) -> Record:
    """A `kafka.ConsumerRecord` as our own.

    A key that is no UTF-8 keeps its readable part: whoever compares it with the value will refuse the record.
    """
    return Record(
        source=TopicPartition(record.topic, record.partition),
        offset=record.offset,
        key=None if record.key is None else bytes(record.key).decode(errors="replace"),
        value=None if record.value is None else bytes(record.value),
        headers=tuple((name, bytes(value or b"")) for name, value in record.headers),
        timestamp=from_micros(max(record.timestamp or 0, 0) * 1000),
    )
