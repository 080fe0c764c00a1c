"""The broker's access-control lists: granting what `pipeline.access` lists, and finding what is granted beyond it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kafka import KafkaAdminClient
from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
)
from kafka.errors import KafkaError

from watchbound.adapters.kafka_connect import connect, options, unavailable
from watchbound.domain.errors import ConfigurationError
from watchbound.pipeline.access import Grant, Kind, Operation, Permission
from watchbound.settings import KafkaSettings

_ANY_HOST = "*"
_CLUSTER = "kafka-cluster"
_OPERATIONS = {operation: ACLOperation[operation.name] for operation in Operation}
_KINDS = {Kind.TOPIC: ResourceType.TOPIC, Kind.GROUP: ResourceType.GROUP, Kind.CLUSTER: ResourceType.CLUSTER}
_MANAGING = Permission(Operation.ALTER, Kind.CLUSTER, _CLUSTER)


class AccessLists:
    """The lists of one broker's cluster; takes a principal that may alter them.

    Raises:
        Unavailable: no broker answers, or it refuses us.
    """

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._administrator = connect(
            settings, lambda network: KafkaAdminClient(kafka_client=network, **options(settings, "watchbound-acls"))
        )

    def close(self) -> None:
        """Let go."""
        self._administrator.close()

    def missing(self, grants: Iterable[Grant]) -> list[Any]:
        """What is not granted yet."""
        return [acl for each in grants for acl in _wanted(each) if acl not in self._granted(each.principal)]

    def surplus(self, grants: Iterable[Grant]) -> list[Any]:
        """What these principals are granted beyond their lists."""
        return [acl for each in grants for acl in self._granted(each.principal) if acl not in _wanted(each)]

    def add(self, acls: list[Any]) -> None:
        """Grant.

        Raises:
            ConfigurationError: the broker keeps no lists.
            Unavailable: it does not answer, or we may not change them.
        """
        if not acls:
            return
        act = "granting"
        failed = self._call(act, lambda: self._administrator.create_acls(acls))["failed"]
        if failed:
            raise self._meaning(act, failed[0]())

    def remove(self, acls: list[Any]) -> None:
        """Take back.

        Raises:
            Unavailable: the broker does not answer, or we may not change its lists.
        """
        if acls:
            self._call("taking back", lambda: self._administrator.delete_acls([_exactly(acl) for acl in acls]))

    def _granted(self, principal: str) -> list[Any]:
        everything = ACLFilter(
            principal,
            None,
            ACLOperation.ANY,
            ACLPermissionType.ANY,
            ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY),
        )
        found: list[Any] = self._call("reading access lists", lambda: self._administrator.describe_acls(everything))[0]
        return found

    def _call(self, act: str, work: Any) -> Any:
        try:
            return work()
        except KafkaError as error:
            raise self._meaning(act, error) from error

    def _meaning(self, act: str, error: KafkaError) -> Exception:
        if type(error).__name__ == "SecurityDisabledError":
            msg = (
                f"Kafka at {self._settings.bootstrap} keeps no access lists ({error}); configure its authorizer,"
                " such as authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer"
            )
            return ConfigurationError(msg)
        return unavailable(self._settings, act, error, _MANAGING)


def in_words(acl: Any) -> str:
    """One entry for people."""
    pattern = acl.resource_pattern
    begins = " names that begin with" if pattern.pattern_type is ACLResourcePatternType.PREFIXED else ""
    return (
        f"{acl.principal}: {acl.permission_type.name} {acl.operation.name} on"
        f" {pattern.resource_type.name.lower()}{begins} {pattern.resource_name}"
    )


def _wanted(grant: Grant) -> list[Any]:
    return [
        ACL(
            grant.principal,
            _ANY_HOST,
            _OPERATIONS[permission.operation],
            ACLPermissionType.ALLOW,
            ResourcePattern(
                _KINDS[permission.kind],
                permission.name,
                ACLResourcePatternType.PREFIXED if permission.prefixed else ACLResourcePatternType.LITERAL,
            ),
        )
        for permission in grant.permissions
    ]


def _exactly(acl: Any) -> Any:
    pattern = acl.resource_pattern
    return ACLFilter(
        acl.principal,
        acl.host,
        acl.operation,
        acl.permission_type,
        ResourcePatternFilter(pattern.resource_type, pattern.resource_name, pattern.pattern_type),
    )
