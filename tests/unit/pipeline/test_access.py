from __future__ import annotations

import pytest

from watchbound.domain.errors import InvalidValue
from watchbound.pipeline.access import (
    ACCESS,
    LONE_READER,
    GroupNames,
    Kind,
    Operation,
    Permission,
    Service,
    grant,
    joining,
    reading,
    writing,
)
from watchbound.pipeline.topics import (
    ALERTS,
    ALL_TOPICS,
    AUTHORISATIONS,
    CLOCK,
    DECISIONS,
    FRAMES,
    MATCHES,
    TALLIES,
    WATCHLIST_CHANGES,
)

NAMES = GroupNames("matching-1", "alerting-1", "control-room")


def permitted(service: Service) -> set[Permission]:
    return set(ACCESS[service].permissions(NAMES))


def who(permission: Permission) -> set[Service]:
    return {service for service in Service if permission in permitted(service)}


def test_a_camera_writes_frames_and_counts_and_reads_what_permits_them() -> None:
    assert permitted(Service.CAMERA) == {
        reading(AUTHORISATIONS.name),
        writing(FRAMES.name),
        writing(TALLIES.name),
        writing(CLOCK.name),
    }


def test_an_alert_consumer_reads_alerts_in_groups_of_its_own_and_writes_nothing() -> None:
    assert permitted(Service.ALERT_CONSUMER) == {
        reading(ALERTS.name),
        joining("control-room", prefixed=True),
        joining(LONE_READER, prefixed=True),
    }


def test_few_may_write_what_others_act_upon() -> None:
    assert who(writing(FRAMES.name)) == {Service.CAMERA}
    assert who(writing(MATCHES.name)) == {Service.MATCHING}
    assert who(writing(ALERTS.name)) == {Service.ALERTING}
    assert who(writing(DECISIONS.name)) == {Service.REVIEWER}
    assert who(writing(WATCHLIST_CHANGES.name)) == {Service.OFFICER, Service.GOVERNANCE}
    # Who may write here may still permit nothing: what permits is a signature.
    assert who(writing(AUTHORISATIONS.name)) == {Service.OFFICER, Service.GOVERNANCE, Service.ALERTING}


def test_pictures_are_read_by_who_matches_and_who_proves_them_gone() -> None:
    assert who(reading(FRAMES.name)) == {Service.MATCHING, Service.GOVERNANCE}


@pytest.mark.parametrize("topic", [*ALL_TOPICS, CLOCK], ids=lambda topic: topic.name)
def test_every_topic_is_written_by_somebody(topic: object) -> None:
    assert any(topic in access.writes for access in ACCESS.values())


def test_nobody_may_delete_anything_or_change_the_cluster() -> None:
    everything = {permission for service in Service for permission in permitted(service)}
    assert all(permission.kind is not Kind.CLUSTER for permission in everything)
    assert {permission.name for permission in everything if permission.operation is Operation.ALTER} == {"watchbound"}


def test_every_service_has_its_list() -> None:
    assert set(ACCESS) == set(Service)


@pytest.mark.parametrize("name", ["watchbound", "w", "watchbound-alone-x"[:11], "*", "", "a b"])
def test_a_consumer_whose_groups_would_include_a_services_is_refused(name: str) -> None:
    with pytest.raises(InvalidValue):
        grant(Service.ALERT_CONSUMER, name, "User:{name}", "watchbound-matching", "watchbound-alerting")


def test_a_principal_is_written_as_the_broker_does() -> None:
    granted = grant(Service.CAMERA, "north", "User:CN={name}", "m", "a")
    assert granted.principal == "User:CN=north"
    assert str(granted.permissions[0]) == f"READ on topic {AUTHORISATIONS.name}"
