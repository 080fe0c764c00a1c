"""How a topic stands on the broker, held against how it must stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from watchbound.pipeline.topics import Topic

PARTITIONS = "partitions"
REPLICATION_FACTOR = "replication.factor"
MIN_INSYNC = "min.insync.replicas"
EXISTS = "exists"


@dataclass(frozen=True, slots=True)
class Replication:
    """How many brokers hold a record, and how many must before it is acknowledged."""

    factor: int
    acknowledging: int


@dataclass(frozen=True, slots=True)
class StandingTopic:
    """A topic as the broker describes it.

    Attributes:
        replicas: of the partition that has the fewest.
        config: the broker's settings for it, its defaults included.
    """

    partitions: int
    replicas: int
    config: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it must be.

    Attributes:
        config: the name of the broker's setting, or `exists`, `partitions`, `replication.factor`.
        by_hand: whether it takes a person, since mending it moves records between brokers or keys between partitions.
    """

    topic: str
    config: str
    expected: str
    found: str
    by_hand: bool = False

    def facts(self) -> dict[str, str]:
        """As JSON tells it."""
        return {"topic": self.topic, "config": self.config, "expected": self.expected, "found": self.found}


def wanted_config(topic: Topic, replication: Replication) -> dict[str, str]:
    """All settings that the topic must have; the others are the broker's own affair."""
    return {**topic.config(), MIN_INSYNC: str(replication.acknowledging), "unclean.leader.election.enable": "false"}


def differences(topic: Topic, standing: StandingTopic | None, replication: Replication) -> list[Difference]:
    """What is not as it must be, in a fixed order; nothing where all is well."""
    if standing is None:
        return [Difference(topic.name, EXISTS, "yes", "no")]
    found = []
    grown = topic.may_grow and standing.partitions > topic.partitions
    if standing.partitions != topic.partitions and not grown:
        least = "at least " if topic.may_grow else ""
        expected = f"{least}{topic.partitions}"
        found.append(Difference(topic.name, PARTITIONS, expected, str(standing.partitions), by_hand=True))
    if standing.replicas != replication.factor:
        expected, stands = str(replication.factor), str(standing.replicas)
        found.append(Difference(topic.name, REPLICATION_FACTOR, expected, stands, by_hand=True))
    for name, value in sorted(wanted_config(topic, replication).items()):
        stands = standing.config.get(name, "unset")
        if stands != value:
            found.append(Difference(topic.name, name, value, stands))
    return found
