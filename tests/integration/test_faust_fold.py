"""The Faust runner with logic of a few lines: what it acknowledges, and what it does not."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from watchbound.adapters.kafka_log import KafkaRecordProducer, KafkaTopicReader
from watchbound.adapters.kafka_topics import ensure_topics
from watchbound.pipeline.topics import ALERTS, DECISIONS, MATCHES
from watchbound.settings import KafkaSettings, load
from watchbound.stack.tansu import Tansu

# A process of its own, as Faust expects: it counts matches, and stops, waits, or has a bug, when it reads the word.
PROGRAM = """
import pathlib, sys, threading
from watchbound.adapters.clock import SystemClock
from watchbound.adapters.faust_alerts import FaustFoldRunner
from watchbound.domain.errors import Unavailable
from watchbound.pipeline.keyed_fold import FoldStep, Output
from watchbound.pipeline.metric_names import CONSUMER_LAG
from watchbound.pipeline.topics import ALERTS, DECISIONS, MATCHES
from watchbound.settings import KafkaSettings, load
from watchbound.testing.metrics import RecordedMetrics

bootstrap, folder, bug = sys.argv[1:]
stop = threading.Event()
metrics = RecordedMetrics()

class Counting:
    def handle(self, key, record, state, listening_since):
        if record.value == b"bug" and bug == "with-bug":
            raise RuntimeError("a bug in the fold")
        if record.value == b"held" and metrics.total(CONSUMER_LAG, topic=MATCHES.name) < 3:
            raise Unavailable("until the lag is seen")
        count = int(state or b"0") + 1
        done = stop.set if record.value == b"stop" else (lambda: None)
        output = Output(ALERTS.name, key, record.value + b" %d" % count)
        return FoldStep(b"%d" % count, record=self.record, outputs=(output,), done=done)
    refusals = 3
    def record(self):
        self.refusals -= 1
        if self.refusals >= 0:
            raise Unavailable("the record cannot be made")
        print("recorded", flush=True)
    def tick(self, key, state, listening_since):
        raise NotImplementedError

runner = FaustFoldRunner(load(KafkaSettings, bootstrap=bootstrap), "counting", pathlib.Path(folder),
                         [MATCHES, DECISIONS], Counting(), lambda record, poison: None, SystemClock(), metrics)
runner.run(stop)
"""


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[KafkaSettings]:
    with Tansu(tmp_path) as broker:
        settings = load(KafkaSettings, bootstrap=broker.bootstrap)
        ensure_topics(settings, [MATCHES, DECISIONS, ALERTS])
        yield settings


def run(settings: KafkaSettings, folder: Path, bug: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", PROGRAM, settings.bootstrap, str(folder), bug]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def outputs(settings: KafkaSettings) -> list[bytes]:
    reader = KafkaTopicReader(settings, [ALERTS.name], "outputs")
    values: list[bytes] = []
    while not reader.caught_up():
        values += [record.value or b"" for record in reader.poll(0.2)]
    reader.close()
    return values


def test_a_bug_ends_the_process_and_its_record_waits_for_the_mended_one(
    settings: KafkaSettings, tmp_path: Path
) -> None:
    producer = KafkaRecordProducer(settings, "test")
    for value in (b"one", b"bug", b"stop"):
        producer.send(MATCHES.name, "a/b", value).wait(10)
    producer.close()

    broken = run(settings, tmp_path, "with-bug")
    assert broken.returncode == 1
    assert "a bug in the fold" in broken.stderr
    assert outputs(settings) == [b"one 1"]

    mended = run(settings, tmp_path, "mended")
    assert mended.returncode == 0, mended.stderr
    # The state was restored from the changelog, and nothing was skipped.
    # What could not be recorded at first was neither published nor passed over, and each step is recorded once.
    assert (broken.stdout.count("recorded"), mended.stdout.count("recorded")) == (1, 2)
    assert outputs(settings)[-2:] == [b"bug 2", b"stop 3"]
    assert len(outputs(settings)) == 3


def test_the_lag_is_seen_while_a_record_is_held(settings: KafkaSettings, tmp_path: Path) -> None:
    producer = KafkaRecordProducer(settings, "test")
    for value in (b"held", b"behind it", b"stop"):
        producer.send(MATCHES.name, "a/b", value).wait(10)
    producer.close()

    seen = run(settings, tmp_path, "no-bug")
    assert seen.returncode == 0, seen.stderr
    assert outputs(settings) == [b"held 1", b"behind it 2", b"stop 3"]
