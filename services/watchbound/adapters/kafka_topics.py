"""Makes the topics as `pipeline.topics` describes them, and says how they stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import AuthorizationError, KafkaError, NoError, RetriableError, TopicAlreadyExistsError, for_code

from watchbound.adapters.kafka_connect import connect, options, unavailable
from watchbound.adapters.logs import get_logger
from watchbound.domain.errors import ConfigurationError, Unavailable
from watchbound.pipeline.access import Kind, Operation, Permission
from watchbound.pipeline.topic_check import Difference, Replication, StandingTopic, differences, wanted_config
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
        AccessRefused: we can see no such topic, and may make none.
        Unavailable: no broker answers.
        ConfigurationError: the broker refuses a topic as described, such as more replicas than there are brokers.
    """
    with _administrator(settings, "making topics") as administrator:
        existing = set(administrator.list_topics())
        missing = [topic for topic in topics if topic.name not in existing]
        if missing:
            _create(administrator, settings, missing, partitions or {})


def existing_topics(settings: KafkaSettings) -> frozenset[str]:
    """The names of the topics that the broker has.

    Raises:
        Unavailable: no broker answers.
    """
    with _administrator(settings, "listing topics") as administrator:
        return frozenset(administrator.list_topics())


def check_topics(settings: KafkaSettings, topics: Sequence[Topic]) -> list[Difference]:
    """How the topics on the broker differ from how they must stand; nothing is changed.

    Raises:
        Unavailable: no broker answers.
    """
    with _administrator(settings, "describing topics") as administrator:
        return _differences(administrator, settings, topics)


def apply_topics(settings: KafkaSettings, topics: Sequence[Topic]) -> tuple[list[Difference], list[Difference]]:
    """Make what is missing and put the settings that differ; returns what was mended, and what takes a person.

    The number of partitions and of replicas of a topic that exists is not touched: the first would send keys to other
    partitions, the second would move records between brokers while they serve.

    Raises:
        Unavailable: no broker answers.
        ConfigurationError: the broker refuses a topic or a setting.
    """
    with _administrator(settings, "applying topics") as administrator:
        found = _differences(administrator, settings, topics)
        ensure_topics(settings, topics)
        _alter(administrator, settings, [each for each in found if not each.by_hand and each.config != "exists"])
        left = _differences(administrator, settings, topics)
    return [each for each in found if each not in left], left


@contextmanager
def _administrator(settings: KafkaSettings, act: str) -> Iterator[Any]:
    administrator = connect(
        settings, lambda network: KafkaAdminClient(kafka_client=network, **options(settings, "watchbound-topics"))
    )
    try:
        yield administrator
    except KafkaError as error:
        raise unavailable(settings, act, error) from error
    finally:
        administrator.close()


def _replication(settings: KafkaSettings) -> Replication:
    return Replication(settings.replication_factor, settings.acknowledging())


def _differences(administrator: Any, settings: KafkaSettings, topics: Sequence[Topic]) -> list[Difference]:
    standing = _standing(administrator, topics)
    replication = _replication(settings)
    return [each for topic in topics for each in differences(topic, standing.get(topic.name), replication)]


def _standing(administrator: Any, topics: Sequence[Topic]) -> dict[str, StandingTopic]:
    """The topics that exist, as the broker describes them."""
    existing = set(administrator.list_topics())
    names = [topic.name for topic in topics if topic.name in existing]
    if not names:
        return {}
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    configs = administrator.describe_configs(resources, config_filter="all")["topic"]
    return {
        described["name"]: StandingTopic(
            partitions=len(described["partitions"]),
            replicas=min(len(partition["replica_nodes"]) for partition in described["partitions"]),
            config={key: str(value["value"]) for key, value in configs[described["name"]].items()},
        )
        for described in administrator.describe_topics(names)
    }


def _alter(administrator: Any, settings: KafkaSettings, wrong: Sequence[Difference]) -> None:
    by_topic: dict[str, dict[str, str]] = {}
    for each in wrong:
        by_topic.setdefault(each.topic, {})[each.config] = each.expected
        log.info("topic changed", topic=each.topic, config=each.config, found=each.found, put=each.expected)
    resources = [ConfigResource(ConfigResourceType.TOPIC, name, configs) for name, configs in by_topic.items()]
    if not resources:
        return
    try:
        administrator.alter_configs(resources)
    except ValueError as error:
        msg = f"Kafka at {settings.bootstrap} refuses settings of {', '.join(by_topic)}: {error}"
        raise ConfigurationError(msg) from error


def _create(
    administrator: Any, settings: KafkaSettings, missing: Sequence[Topic], partitions: Mapping[str, int]
) -> None:
    wanted = {
        topic.name: {
            "num_partitions": partitions.get(topic.name, topic.partitions),
            "replication_factor": settings.replication_factor,
            "configs": wanted_config(topic, _replication(settings)),
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
        elif issubclass(kind, AuthorizationError):
            raise _hidden_or_missing(settings, topic["name"], kind(topic["error_message"]))
        elif kind is not TopicAlreadyExistsError:
            msg = (
                f"Kafka at {settings.bootstrap} refuses the topic {topic['name']} with {wanted[topic['name']]}:"
                f" {kind.__name__}: {topic['error_message']};"
                " mend WATCHBOUND_KAFKA_REPLICATION_FACTOR, or make the topic yourself"
            )
            raise ConfigurationError(msg)
    administrator.wait_for_topics(list(wanted), timeout_ms=_TIMEOUT_MS)


def _hidden_or_missing(settings: KafkaSettings, name: str, error: AuthorizationError) -> Unavailable:
    """A broker does not say which: to whom nothing of a topic is permitted it is as if there were none."""
    needed = (Permission(Operation.DESCRIBE, Kind.TOPIC, name), Permission(Operation.CREATE, Kind.TOPIC, name))
    return unavailable(settings, f"using {name}, which is not there or is hidden,", error, *needed)
