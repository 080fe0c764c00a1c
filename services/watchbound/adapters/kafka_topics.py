"""Makes the topics as `pipeline.topics` describes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kafka import KafkaAdminClient
from kafka.errors import KafkaError, NoError, RetriableError, TopicAlreadyExistsError, for_code

from watchbound.adapters.kafka_connect import connect, options, unavailable
from watchbound.adapters.logs import get_logger
from watchbound.domain.errors import ConfigurationError
from watchbound.pipeline.topics import Topic
from watchbound.settings import KafkaSettings

log = get_logger(__name__)

_TIMEOUT_MS = 10_000


def ensure_topics(
    settings: KafkaSettings, topics: Sequence[Topic], partitions: Mapping[str, int] | None = None
) -> None:
    """Make the topics that are missing, and wait until each partition has a leader; those that exist are left alone.

    Safe to call from several processes at once: whoever comes second finds the topic there. The embedded broker
    records these settings, but enforces neither the size limit nor the replication factor.

    Args:
        settings: where the broker is, and the replication factor.
        topics: what should be there.
        partitions: by topic name, where the number should differ from the topic's own.

    Raises:
        Unavailable: no broker answers.
        ConfigurationError: the broker refuses a topic as described, such as more replicas than there are brokers.
    """
    administrator = connect(
        settings, lambda network: KafkaAdminClient(kafka_client=network, **options(settings, "watchbound-topics"))
    )
    try:
        existing = set(administrator.list_topics())
        missing = [topic for topic in topics if topic.name not in existing]
        if missing:
            _create(administrator, settings, missing, partitions or {})
    except KafkaError as error:
        raise unavailable(settings, "making topics", error) from error
    finally:
        administrator.close()


def existing_topics(settings: KafkaSettings) -> frozenset[str]:
    """The names of the topics that the broker has.

    Raises:
        Unavailable: no broker answers.
    """
    administrator = connect(
        settings, lambda network: KafkaAdminClient(kafka_client=network, **options(settings, "watchbound-topics"))
    )
    try:
        return frozenset(administrator.list_topics())
    except KafkaError as error:
        raise unavailable(settings, "listing topics", error) from error
    finally:
        administrator.close()


def _create(
    administrator: Any, settings: KafkaSettings, missing: Sequence[Topic], partitions: Mapping[str, int]
) -> None:
    wanted = {
        topic.name: {
            "num_partitions": partitions.get(topic.name, topic.partitions),
            "replication_factor": settings.replication_factor,
            "configs": topic.config(),
        }
        for topic in missing
    }
    answer = administrator.create_topics(wanted, timeout_ms=_TIMEOUT_MS, raise_errors=False)
    for topic in answer["topics"]:
        kind = for_code(topic["error_code"])
        if kind is NoError:
            log.info("topic made", topic=topic["name"], partitions=topic["num_partitions"])
        elif issubclass(kind, RetriableError):
            raise kind(topic["error_message"])
        elif kind is not TopicAlreadyExistsError:
            msg = (
                f"Kafka at {settings.bootstrap} refuses the topic {topic['name']} with {wanted[topic['name']]}:"
                f" {kind.__name__}: {topic['error_message']};"
                " mend WATCHBOUND_KAFKA_REPLICATION_FACTOR, or make the topic yourself"
            )
            raise ConfigurationError(msg)
    administrator.wait_for_topics(list(wanted), timeout_ms=_TIMEOUT_MS)
