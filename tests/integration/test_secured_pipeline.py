"""The whole flow on a broker that believes nobody: each program under its own name, with its own list and no more."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from tests.fixtures.kafka_secured import PASSWORD, SecuredKafka
from watchbound.adapters.kafka_acls import AccessLists
from watchbound.adapters.kafka_topics import ensure_topics
from watchbound.client import AlertConsumer
from watchbound.domain.alert import Alert
from watchbound.domain.errors import Unavailable
from watchbound.extraction.model_pack import ModelPack
from watchbound.pipeline.access import Service as Program
from watchbound.pipeline.access import grant
from watchbound.pipeline.topics import ALL_TOPICS, CLOCK
from watchbound.settings import KafkaSettings
from watchbound.stack.demo import authorise_and_enrol
from watchbound.stack.demo_plan import synthetic_plan
from watchbound.stack.demo_screen import DemoScreen
from watchbound.stack.embedded import EmbeddedStack, Service

# Seven commands and three services, each a process that imports all it needs: slow on a machine with other work.
pytestmark = [pytest.mark.real, pytest.mark.long, pytest.mark.timeout(900)]

READY_S = 240.0
ALERT_S = 120.0
CONSUMER = "control-room"
WHO = {
    "camera": Program.CAMERA,
    "match": Program.MATCHING,
    "alerting": Program.ALERTING,
    "governance": Program.GOVERNANCE,
    "purge": Program.GOVERNANCE,
    "authorise": Program.OFFICER,
    "watchlist": Program.OFFICER,
    "decide": Program.REVIEWER,
    "record": Program.RECORDER,
}


class SecuredStack(EmbeddedStack):
    """The stack whose programs speak to Apache Kafka, each with the password of its own principal."""

    def __init__(self, folder: Path, kafka: SecuredKafka) -> None:
        super().__init__(folder)
        self._kafka = kafka

    def start(
        self,
        name: str,
        arguments: Sequence[str],
        grace_s: float = 20.0,
        environment: Mapping[str, str] | None = None,
    ) -> Service:
        self._become(arguments)
        return super().start(name, arguments, grace_s, environment)

    def _done(self, arguments: Sequence[str], accept: Sequence[int]) -> subprocess.CompletedProcess[str]:
        self._become(arguments)
        return super()._done(arguments, accept)

    def _become(self, arguments: Sequence[str]) -> None:
        program = WHO[arguments[0]]
        self.environment |= self._kafka.environment(self._kafka.by_password(f"watchbound-{program.value}"))


@pytest.fixture
def stack(secured_kafka: SecuredKafka, model_pack: ModelPack, tmp_path: Path) -> Iterator[SecuredStack]:
    names = {program: f"watchbound-{program.value}" for program in Program} | {Program.ALERT_CONSUMER: CONSUMER}
    secured_kafka.enlist(*names.values())
    ensure_topics(secured_kafka.administrator(), (*ALL_TOPICS, CLOCK))
    lists = AccessLists(secured_kafka.administrator())
    grants = [
        grant(program, name, "User:{name}", "watchbound-matching", "watchbound-alerting")
        for program, name in names.items()
    ]
    lists.add(lists.missing(grants))
    lists.close()
    stack = SecuredStack(tmp_path, secured_kafka)
    with stack:
        stack.environment["WATCHBOUND_MODELS_CACHE"] = str(model_pack.root.parent)
        stack.environment["WATCHBOUND_ADJUDICATION_TWO_PERSON"] = "none"
        yield stack


def first_alert(kafka: KafkaSettings, monkeypatch: pytest.MonkeyPatch, secured: SecuredKafka) -> Alert:
    """As a third party receives it: with the helper, and nothing but the environment."""
    for key, value in secured.environment(kafka).items():
        monkeypatch.setenv(key, value)
    with AlertConsumer(None, CONSUMER, timeout_s=ALERT_S) as consumer:
        return next(iter(consumer))


def test_every_program_does_its_part_under_its_own_name(
    stack: SecuredStack, secured_kafka: SecuredKafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = synthetic_plan(1, 30.0, 5, tmp_path / "sites", tmp_path, lambda _done, _of: None)
    authorisation = authorise_and_enrol(stack, plan, DemoScreen())
    matching = stack.start("matching", ["match", "run"], grace_s=30.0)
    alerting = stack.start("alerting", ["alerting", "run"])
    for service in (matching, alerting):
        service.process.wait_until(service.ready, READY_S)
    site = tmp_path / "site.yaml"
    plan.write_site(site)
    stack.start("cameras", ["camera", "run", str(site)])

    alert = first_alert(secured_kafka.by_password(CONSUMER), monkeypatch, secured_kafka)
    assert alert.entry.authorisation_id == authorisation

    stack.call(["decide", alert.id, "reject", "--reason", "seen", *stack.key("reviewer-1")])
    record = stack.call(["record", authorisation, "--by", "auditor"], accept=(0, 1))
    assert record["authorisation"]["id"] == authorisation
    assert PASSWORD not in "".join(path.read_text(errors="replace") for path in tmp_path.glob("*.log"))


def test_a_program_under_another_name_is_told_what_it_lacks(stack: SecuredStack, secured_kafka: SecuredKafka) -> None:
    stack.environment |= secured_kafka.environment(secured_kafka.by_password(CONSUMER))
    alerting = EmbeddedStack.start(stack, "usurper", ["alerting", "run"])
    with pytest.raises(Unavailable, match=f"User:{CONSUMER}: it lacks DESCRIBE on topic watchbound"):
        alerting.process.wait_until(alerting.ready, READY_S)
