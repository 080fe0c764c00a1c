"""Who may do what on the broker: a closed list, derived from what each of our programs really does.

A broker that enforces it holds a stolen identity to its own part: a camera's password writes frames and nothing else.
READ and WRITE imply DESCRIBE, as Apache Kafka has it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from watchbound.domain.errors import InvalidValue
from watchbound.domain.frame import require_name
from watchbound.pipeline.topics import (
    ALERTS,
    AUDIT,
    AUTHORISATIONS,
    CLOCK,
    DEAD_LETTERS,
    DECISIONS,
    FRAMES,
    MATCHES,
    TALLIES,
    WATCHLIST_CHANGES,
    WATCHLIST_PROPOSALS,
    Topic,
)

LONE_READER = "watchbound-alone-"
"""How the groups begin that read alerts and remember nothing."""


class Operation(Enum):
    """What is done, as `kafka-acls` spells it."""

    READ = "Read"
    WRITE = "Write"
    CREATE = "Create"
    DESCRIBE = "Describe"
    DESCRIBE_CONFIGS = "DescribeConfigs"
    ALTER = "Alter"
    ALTER_CONFIGS = "AlterConfigs"


class Kind(Enum):
    """What it is done to."""

    TOPIC = "topic"
    GROUP = "group"
    CLUSTER = "cluster"


@dataclass(frozen=True, slots=True)
class Permission:
    """One thing that may be done.

    Attributes:
        prefixed: whether `name` stands for all that begin with it.
    """

    operation: Operation
    kind: Kind
    name: str
    prefixed: bool = False

    def __str__(self) -> str:
        begins = " names that begin with" if self.prefixed else ""
        return f"{self.operation.name} on {self.kind.value}{begins} {self.name}"


class Service(Enum):
    """The programs of ours that the broker tells apart; the value is the end of its principal's name."""

    CAMERA = "camera"
    MATCHING = "matching"
    ALERTING = "alerting"
    GOVERNANCE = "governance"
    OFFICER = "officer"
    REVIEWER = "reviewer"
    RECORDER = "recorder"
    OPERATOR = "operator"
    ALERT_CONSUMER = "alert-consumer"


@dataclass(frozen=True, slots=True)
class GroupNames:
    """The consumer groups, which settings may rename.

    Attributes:
        matching, alerting: of these services.
        consumers: how the groups of an alert consumer begin; the name of its principal.
    """

    matching: str
    alerting: str
    consumers: str = Service.ALERT_CONSUMER.value

    @property
    def changelog(self) -> str:
        """The topic that alerting's windows are restored from."""
        return f"{self.alerting}-windows-changelog"


def reading(name: str) -> Permission:
    """Reading a topic."""
    return Permission(Operation.READ, Kind.TOPIC, name)


def writing(name: str) -> Permission:
    """Writing to a topic."""
    return Permission(Operation.WRITE, Kind.TOPIC, name)


def joining(group: str, prefixed: bool = False) -> Permission:
    """Reading as a member of a group, and committing as one."""
    return Permission(Operation.READ, Kind.GROUP, group, prefixed)


@dataclass(frozen=True, slots=True)
class Access:
    """What one service does.

    Attributes:
        does: in words, and which commands it stands for.
        reads, writes: topics.
        sees: topics whose ends it asks for.
        more: what depends on the names of groups.
    """

    does: str
    reads: tuple[Topic, ...] = ()
    writes: tuple[Topic, ...] = ()
    sees: tuple[Topic, ...] = ()
    more: Callable[[GroupNames], tuple[Permission, ...]] = lambda _names: ()

    @property
    def topics(self) -> tuple[Topic, ...]:
        """Every topic that it needs to be there."""
        return tuple(dict.fromkeys((*self.reads, *self.writes, *self.sees)))

    def permissions(self, names: GroupNames) -> tuple[Permission, ...]:
        """Everything that it may do; nothing else."""
        return (
            *(reading(topic.name) for topic in self.reads),
            *(writing(topic.name) for topic in self.writes),
            *(Permission(Operation.DESCRIBE, Kind.TOPIC, topic.name) for topic in self.sees),
            *self.more(names),
        )


def _alerting_more(names: GroupNames) -> tuple[Permission, ...]:
    changelog = (reading(names.changelog), writing(names.changelog))
    # Faust makes its changelog itself.
    made = Permission(Operation.CREATE, Kind.TOPIC, names.changelog)
    return (joining(names.alerting), *changelog, made)


def _operator_more(_names: GroupNames) -> tuple[Permission, ...]:
    operations = (
        Operation.CREATE,
        Operation.DESCRIBE,
        Operation.DESCRIBE_CONFIGS,
        Operation.ALTER,
        Operation.ALTER_CONFIGS,
    )
    return tuple(Permission(operation, Kind.TOPIC, "watchbound", prefixed=True) for operation in operations)


ACCESS: dict[Service, Access] = {
    Service.CAMERA: Access(
        "publishes frames under an authorisation: `camera run`",
        reads=(AUTHORISATIONS,),
        writes=(FRAMES, TALLIES, CLOCK),
    ),
    Service.MATCHING: Access(
        "matches frames: `match run`",
        reads=(FRAMES, AUTHORISATIONS, WATCHLIST_CHANGES),
        writes=(MATCHES, TALLIES, DEAD_LETTERS, CLOCK, AUDIT),
        more=lambda names: (joining(names.matching),),
    ),
    Service.ALERTING: Access(
        "raises alerts, and pauses what breaks its false-alert budget: `alerting run`",
        reads=(MATCHES, DECISIONS, AUTHORISATIONS, WATCHLIST_CHANGES, TALLIES, ALERTS),
        writes=(ALERTS, DEAD_LETTERS, AUTHORISATIONS, CLOCK),
        more=_alerting_more,
    ),
    Service.GOVERNANCE: Access(
        "ends what is over and deletes what is due: `governance run`, `purge`",
        reads=(AUTHORISATIONS, WATCHLIST_CHANGES, FRAMES, MATCHES, ALERTS, WATCHLIST_PROPOSALS),
        writes=(AUTHORISATIONS, WATCHLIST_CHANGES, AUDIT, CLOCK),
        more=lambda names: (reading(names.changelog),),
    ),
    Service.OFFICER: Access(
        "grants, stops and lists: `authorise`, `watchlist`, `notice`",
        reads=(AUTHORISATIONS, WATCHLIST_CHANGES, WATCHLIST_PROPOSALS),
        writes=(AUTHORISATIONS, WATCHLIST_CHANGES, WATCHLIST_PROPOSALS, AUDIT, CLOCK),
    ),
    Service.REVIEWER: Access(
        "looks at alerts and decides about them: `alerts`, `decide`",
        reads=(ALERTS, DECISIONS, AUTHORISATIONS),
        writes=(DECISIONS, CLOCK),
        more=lambda _names: (joining(LONE_READER, prefixed=True),),
    ),
    Service.RECORDER: Access(
        "makes deployment records and signs for the audit log: `record`, `audit checkpoint`",
        reads=(AUTHORISATIONS, WATCHLIST_CHANGES, TALLIES, ALERTS, DECISIONS),
        writes=(AUDIT,),
        sees=(FRAMES,),
        more=lambda names: (Permission(Operation.DESCRIBE, Kind.GROUP, names.matching),),
    ),
    Service.OPERATOR: Access("makes the topics: `topics apply`, `topics check`", more=_operator_more),
    Service.ALERT_CONSUMER: Access(
        "a third party that receives alerts",
        reads=(ALERTS,),
        more=lambda names: (joining(names.consumers, prefixed=True), joining(LONE_READER, prefixed=True)),
    ),
}
"""Nobody else gets in: a program that is not listed has no business with the broker."""


def topics_of(service: Service) -> tuple[Topic, ...]:
    """The topics that a service needs to be there."""
    return ACCESS[service].topics


@dataclass(frozen=True, slots=True)
class Grant:
    """What one principal may do: the list of its service, under its own name."""

    principal: str
    service: Service
    permissions: tuple[Permission, ...]


def grant(service: Service, name: str, form: str, matching_group: str, alerting_group: str) -> Grant:
    """Everything for one principal.

    Args:
        service: which program it runs.
        name: its own name, with which the groups of an alert consumer begin.
        form: how the broker writes a principal, with `{name}` in it.
        matching_group: the workers' consumer group.
        alerting_group: alerting's.

    Raises:
        InvalidValue: groups that begin with the name of an alert consumer would include a service's own.
    """
    require_name(name, "a principal")
    if service is Service.ALERT_CONSUMER:
        for group in (matching_group, alerting_group, LONE_READER):
            if group.startswith(name):
                msg = f"an alert consumer reads in groups that begin with its name, and {group} would be one: {name!r}"
                raise InvalidValue(msg)
    names = GroupNames(matching_group, alerting_group, name)
    return Grant(form.format(name=name), service, ACCESS[service].permissions(names))
