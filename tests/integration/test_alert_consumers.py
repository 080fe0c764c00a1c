"""What third parties run: the helper, the examples of the docs, the terminal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixtures.alerting import PROGRAM
from tests.fixtures.officers import active, officers, publish
from tests.unit.alerting.factory import POLICY, at, match
from watchbound.adapters import codecs
from watchbound.adapters.audit_log import open_audit_log
from watchbound.adapters.kafka_log import KafkaRecordProducer
from watchbound.adapters.kafka_topics import ensure_topics
from watchbound.adapters.keyring import open_key_ring
from watchbound.alerting.raise_alert import expire, raise_alert
from watchbound.client import AlertConsumer
from watchbound.domain.alert import Alert
from watchbound.pipeline.sealing import seal_crop
from watchbound.pipeline.topics import ALERTS, DECISIONS
from watchbound.settings import AuditSettings, KafkaSettings, KeySettings, load
from watchbound.stack.tansu import Tansu

ROOT = Path(__file__).parents[2]
TIMEOUT_S = 2.0


def passage(reference: str, start: float = 0) -> list[Alert]:
    """Opened, updated, expired."""
    first = raise_alert(None, match(start, 0.6, reference=reference), POLICY, at(start))
    second = raise_alert(first.window, match(start + 1, 0.7, reference=reference), POLICY, at(start + 1))
    assert second.window is not None
    return [*first.alerts, *second.alerts, *expire(second.window, POLICY, at(start + 100), at(0)).alerts]


@pytest.fixture(scope="module")
def bootstrap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A broker with two passages on it, one event of which stands there twice, beside one that cannot be read."""
    with Tansu(tmp_path_factory.mktemp("consumers")) as broker:
        settings = load(KafkaSettings, bootstrap=broker.bootstrap)
        ensure_topics(settings, [ALERTS])
        producer = KafkaRecordProducer(settings, "test")
        producer.send(ALERTS.name, "station/P001", b"\xff\xff").wait(10)
        first = passage("P001")
        for alert in (*first[:2], *first[:2], first[2], *passage("P002")):
            producer.send(ALERTS.name, alert.subject, codecs.ALERT.encode(alert)).wait(10)
        producer.close()
        yield broker.bootstrap


def revisions(alerts: list[Alert], reference: str) -> list[int]:
    return [alert.revision for alert in alerts if alert.entry.reference == reference]


def test_each_event_comes_once_and_a_group_resumes(bootstrap: str) -> None:
    received: list[Alert] = []
    with AlertConsumer(bootstrap, "resuming", timeout_s=TIMEOUT_S) as consumer:
        for alert in consumer:
            received.append(alert)
            if len(received) == 4:
                consumer.ack(alert)
                break
    with AlertConsumer(bootstrap, "resuming", timeout_s=TIMEOUT_S) as consumer:
        received += list(consumer)
    assert len(received) == 6
    assert revisions(received, "P001") == revisions(received, "P002") == [0, 1, 2]


def test_what_was_not_handled_comes_again(bootstrap: str) -> None:
    with AlertConsumer(bootstrap, "failing", timeout_s=TIMEOUT_S) as consumer:
        # As if the body of the loop had raised.
        next(iter(consumer))
        with pytest.raises(ValueError, match="handed out last"):
            consumer.ack(passage("P003")[0])
    with AlertConsumer(bootstrap, "failing", timeout_s=TIMEOUT_S) as consumer:
        assert len(list(consumer)) == 6


def test_another_authorisations_alerts_are_passed_over(bootstrap: str) -> None:
    with AlertConsumer(bootstrap, None, authorisation="stadium", timeout_s=5) as consumer:
        assert consumer.join()
        assert list(consumer) == []


def test_the_examples_of_the_docs_run(bootstrap: str, tmp_path: Path) -> None:
    generated = tmp_path / "generated"
    generated.mkdir()
    protos = [f"watchbound/v1/{name}.proto" for name in ("common", "decision", "match", "alert")]
    subprocess.run(
        [sys.executable, "-m", "grpc_tools.protoc", "-I", "proto", f"--python_out={generated}", *protos],
        check=True,
        cwd=ROOT,
    )
    for package in ("watchbound", "watchbound/v1"):
        (generated / package / "__init__.py").touch()
    helper = _example("alert_consumer.py", bootstrap, {})
    plain = _example("plain_kafka.py", bootstrap, {"PYTHONPATH": str(generated)})
    assert sorted(helper) == sorted(plain)
    assert len(helper) == 6
    assert helper[0].startswith("opened ")


def _example(name: str, bootstrap: str, environment: dict[str, str]) -> list[str]:
    done = subprocess.run(
        [sys.executable, str(ROOT / "docs/examples" / name), bootstrap, f"example-{name}"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_tail_prints_lines_or_json(bootstrap: str) -> None:
    command = [*PROGRAM, "alerts", "tail", "--bootstrap", bootstrap, "--from-beginning", "--limit", "6"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.splitlines()
    assert sum("OPENED      amber P00" in line and "+0.05 over 0.55" in line for line in lines) == 2
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, check=True, timeout=60)
    documents = [json.loads(line) for line in done.stdout.splitlines()]
    assert {document["event"] for document in documents} == {"opened", "updated", "expired"}


def test_a_crop_is_opened_for_a_named_person_and_reason_and_put_down(
    tmp_path: Path, keys: KeySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHBOUND_KEYS_FOLDER", str(keys.folder))
    monkeypatch.setenv("WATCHBOUND_KEYS_MASTER_KEY", str(keys.master_key))
    monkeypatch.setenv("WATCHBOUND_AUDIT_URL", f"sqlite:///{tmp_path}/audit.db")
    officers()
    ring = open_key_ring(keys)
    ring.create("station")
    (alert,) = raise_alert(None, seal_crop(ring, match(0, 0.6, reference="P001"), b"jpeg"), POLICY, at(0)).alerts
    out = tmp_path / "crop.jpg"
    with Tansu(tmp_path) as broker:
        settings = load(KafkaSettings, bootstrap=broker.bootstrap)
        ensure_topics(settings, [ALERTS, DECISIONS])
        producer = KafkaRecordProducer(settings, "test")
        producer.send(ALERTS.name, alert.subject, codecs.ALERT.encode(alert)).wait(10)
        producer.close()
        command = [*PROGRAM, "alerts", "crop", alert.id[:8], "--bootstrap", broker.bootstrap, "--out", str(out)]
        command += ["--actor", "officer-12", "--reason", "to decide"]
        refused = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
        assert (refused.returncode, out.exists()) == (1, False)
        assert "(no_authorisation)" in refused.stderr
        publish(settings, active(officers(), id="station"))
        subprocess.run(command, check=True, timeout=60)
        with AlertConsumer(broker.bootstrap, None, timeout_s=TIMEOUT_S) as consumer:
            received = next(iter(consumer))
            assert received.best.crop != b"jpeg"
            assert consumer.open_crop(received, "officer-13", "second look") == b"jpeg"
    assert out.read_bytes() == b"jpeg"
    assert out.stat().st_mode & 0o777 == 0o600
    views = [record.event for record in open_audit_log(load(AuditSettings)).records(0, 10)]
    assert [(view.act, view.actor, view.reason) for view in views] == [
        ("crop.viewed", "officer-12", "to decide"),
        ("crop.viewed", "officer-13", "second look"),
    ]
