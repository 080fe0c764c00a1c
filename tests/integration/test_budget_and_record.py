"""A deployment that breaks its budget while alerting is down is paused when it is back, and its record adds up."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.officers import active
from tests.unit.domain.values import ALERT, ENTRY, MATCH
from watchbound.adapters import codecs
from watchbound.adapters.audit_log import open_audit_log
from watchbound.adapters.clock import SystemClock
from watchbound.adapters.kafka_log import KafkaRecordProducer
from watchbound.adapters.kafka_topics import ensure_topics
from watchbound.adapters.keyring_file import init_ring
from watchbound.adapters.signing import FileSigner
from watchbound.domain.decision import Decision, Verdict
from watchbound.domain.moment import Window
from watchbound.domain.tally import Tally
from watchbound.pipeline.audit import AuditTrail
from watchbound.pipeline.audit_acts import Act as AuditAct
from watchbound.pipeline.topics import ALERTS, ALL_TOPICS, AUTHORISATIONS, DECISIONS, TALLIES
from watchbound.settings import AuditSettings, KafkaSettings, load
from watchbound.stack.officers import Officers
from watchbound.stack.processes import ChildProcess, free_port
from watchbound.stack.tansu import Tansu

pytestmark = pytest.mark.long

READY_S = 90.0
PROGRAM = (sys.executable, "-m", "watchbound")


class Deployment:
    """One in force for some minutes, of which 1,000 faces were compared; it raised five alerts.

    Attributes:
        began: when its cameras began to publish.
    """

    def __init__(self, bootstrap: str, folder: Path) -> None:
        self.folder = folder
        self.officers = Officers(folder / "keys")
        self.port = free_port()
        self.environment = {
            "WATCHBOUND_KAFKA_BOOTSTRAP": bootstrap,
            "WATCHBOUND_AUDIT_URL": f"sqlite:///{folder / 'audit.db'}",
            "WATCHBOUND_ALERTING_DATA": str(folder / "faust"),
            "WATCHBOUND_ADJUDICATION_TWO_PERSON": "none",
            "WATCHBOUND_HTTP_PORT": str(self.port),
            "WATCHBOUND_KEYS_FOLDER": str(folder / "ring"),
            "WATCHBOUND_KEYS_MASTER_KEY": str(folder / "master.key"),
            **self.officers.environment(),
        }
        init_ring(folder / "ring", folder / "master.key")
        settings = load(KafkaSettings, bootstrap=bootstrap)
        ensure_topics(settings, ALL_TOPICS)
        self.began = datetime.now(UTC)
        self._producer = KafkaRecordProducer(settings, "test-budget")
        window = Window(self.began - timedelta(hours=1), self.began + timedelta(hours=1))
        written = active(self.officers, id="op-1", window=window, minimum_threshold=0.5)
        self._send(AUTHORISATIONS.name, "op-1", codecs.AUTHORISATION.encode(written))

    def work(self) -> list[str]:
        """What sites, workers and alerting tell; returns the alerts' ids."""
        opened, span = self.began + timedelta(seconds=2), Window(self.began, self.began + timedelta(seconds=10))
        counted = {"processed": 48, "shed": 1, "refused": 1, "faces": 9000, "tracks": 1200, "compared": 1000}
        for tally in (
            Tally("site-1", 0, "gate-1", "op-1", span, published=50),
            Tally("worker-1", 0, "gate-1", "op-1", span, matches=5, **counted),
        ):
            self._send(TALLIES.name, tally.camera_id, codecs.TALLY.encode(tally))
        ids = [f"{number:032x}" for number in range(1, 6)]
        for number, name in enumerate(ids, start=1):
            best = replace(MATCH, entry=replace(ENTRY, reference=f"REF-{number}"), crop=b"")
            moments: dict[str, Any] = {
                "opened_by": opened,
                "first_seen": opened,
                "last_seen": opened,
                "emitted_at": opened,
            }
            alert = replace(ALERT, id=name, best=best, **moments)
            self._send(ALERTS.name, alert.subject, codecs.ALERT.encode(alert))
        return ids

    def start(self) -> ChildProcess:
        """Alerting, ready."""
        alerting = ChildProcess("alerting", [*PROGRAM, "alerting", "run"], self.folder, self.environment, grace_s=20.0)
        alerting.wait_until(self.ready, READY_S)
        return alerting

    def ready(self) -> bool:
        try:
            return self._get("/readyz") == "ok\n"
        except urllib.error.HTTPError as error:
            error.close()
            return False
        except (urllib.error.URLError, OSError):
            return False

    def metric(self, name: str) -> float:
        for line in self._get("/metrics").splitlines():
            if line.startswith(f'watchbound_{name}{{authorisation="op-1"}} '):
                return float(line.rsplit(" ", 1)[1])
        return -1.0

    def call(self, *arguments: str, code: int = 0) -> str:
        """Run a command; returns its standard output."""
        done = subprocess.run(
            [*PROGRAM, *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=90,
            env={**os.environ, **self.environment},
        )
        assert done.returncode == code, done.stderr
        return done.stdout

    def state(self) -> Any:
        return json.loads(self.call("authorise", "show", "op-1", "--json"))

    def reject(self, alert: str) -> None:
        """What `watchbound decide` does with a reviewer's key."""
        now, reference = datetime.now(UTC), f"REF-{int(alert, 16)}"
        plain = Decision(alert, "op-1", reference, Verdict.REJECT, "reviewer-1", "somebody else", now)
        key = FileSigner.load(self.officers.key("reviewer-1"))
        decision = replace(plain, signature=key.sign(plain.statement()))
        with closing(open_audit_log(load(AuditSettings, url=self.environment["WATCHBOUND_AUDIT_URL"]))) as log:
            AuditTrail(log, SystemClock()).record("reviewer-1", AuditAct.ALERT_DECIDED, "op-1", "somebody else", alert)
        self._send(DECISIONS.name, decision.subject, codecs.DECISION.encode(decision))

    def close(self) -> None:
        self._producer.close()

    def _send(self, topic: str, key: str, value: bytes) -> None:
        self._producer.send(topic, key, value).wait(10)

    def _get(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
            return str(answer.read().decode())


def until(condition: Callable[[], bool], timeout_s: float = 60.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    with Tansu(tmp_path / "broker") as broker, closing(Deployment(broker.bootstrap, tmp_path)) as deployment:
        yield deployment


def test_a_budget_broken_while_alerting_was_down_pauses_and_the_record_adds_up(deployment: Deployment) -> None:
    *first, last = deployment.work()
    with deployment.start():
        for alert in first:
            deployment.reject(alert)
        until(lambda: deployment.metric("budget_false_alerts") == 4)
        assert deployment.state()["state"] == "active"
    deployment.reject(last)
    with deployment.start():
        until(lambda: deployment.state()["state"] == "paused")
        officer = ["--key", str(deployment.officers.key("officer"))]
        deployment.call("authorise", "resume", "op-1", "--reason", "cameras turned", *officer)
        until(lambda: deployment.metric("budget_false_alerts") == 0)
        assert deployment.state()["state"] == "active"
    _the_record_says_so(deployment)


def _the_record_says_so(deployment: Deployment) -> None:
    record = json.loads(deployment.call("record", "op-1", "--by", "auditor"))
    assert record["discrepancies"] == []
    assert record["frames"]["published"] == 50
    assert (record["alerts"]["total"], record["alerts"]["false"]) == (5, 5)
    assert record["false_alert_rates"]["over_faces_seen"]["of"] == 1200
    pause = next(act for act in record["acts"] if act["act"] == "pause")
    assert pause["by"] == "guardian"
    assert "5 false alerts in 1000 faces" in pause["reason"]
    for form, begins in (("csv", b"field,value"), ("html", b"<!DOCTYPE html>"), ("pdf", b"%PDF-")):
        out = deployment.folder / f"record.{form}"
        deployment.call("record", "op-1", "--format", form, "--out", str(out))
        assert out.read_bytes().startswith(begins)
