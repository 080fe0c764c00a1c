"""How long acknowledgements stand still when the leader of a partition dies, with Kafka's settings and with ours.

    python -m loadtest.failover [--rounds 3] [--out FILE]

Three brokers, one partition, our own producer (acks=all, idempotent), one record after the other. The leader is killed
with SIGKILL; everything that was acknowledged must be read back, once. Writes loadtest/results/failover.json.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import threading
import time
from collections import Counter
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any

from kafka import KafkaAdminClient

from watchbound.adapters.kafka_log import KafkaRecordProducer, KafkaTopicReader
from watchbound.adapters.kafka_topics import ensure_topics
from watchbound.domain.errors import Unavailable
from watchbound.pipeline.topics import Cleanup, Topic
from watchbound.pipeline.whole_topics import read_to_end
from watchbound.settings import KafkaSettings, load
from watchbound.stack.apache_kafka import FAST_FAILOVER, ApacheKafka

_OUT = Path(__file__).with_name("results") / "failover.json"
_DEFAULTS = {
    "broker.session.timeout.ms": "9000",
    "broker.heartbeat.interval.ms": "2000",
    "controller.quorum.fetch.timeout.ms": "2000",
    "controller.quorum.election.timeout.ms": "1000",
}
_BEFORE_S = 3.0
_AFTER_S = 3.0
_READ_WITHIN_S = 60.0
_TOPIC = Topic("failover", "any", 1, Cleanup.DELETE, None)


class Writer:
    """Sends numbered records, each after the last was acknowledged, and notes when that was."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self.acknowledged: list[tuple[float, int]] = []
        self.errors = 0
        self._producer = KafkaRecordProducer(kafka, "failover")
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        number = 0
        while not self._stop.is_set():
            try:
                self._producer.send(_TOPIC.name, "k", str(number).encode()).wait(60.0)
                self.acknowledged.append((time.monotonic(), number))
            except Unavailable:
                self.errors += 1
            number += 1
            time.sleep(0.005)

    def close(self) -> None:
        """Send no more."""
        self._stop.set()
        self._thread.join()
        self._producer.close()

    def longest_pause_s(self, since: float) -> float:
        """Between two acknowledgements, of those that ended after `since`."""
        moments = [moment for moment, _ in self.acknowledged]
        return max(b - a for a, b in pairwise(moments) if b >= since)


def leader(kafka: KafkaSettings, topic: str) -> int:
    """The node that leads the topic's first partition."""
    with closing(KafkaAdminClient(bootstrap_servers=kafka.bootstrap.split(","))) as administrator:
        (found,) = administrator.describe_topics([topic])
        return int(found["partitions"][0]["leader_id"])


def read_back(kafka: KafkaSettings) -> Counter[int]:
    """How often each number stands in the topic."""
    with closing(KafkaTopicReader(kafka, [_TOPIC.name], "failover")) as reader:
        return Counter(int(record.value or b"") for record in read_to_end(reader, _READ_WITHIN_S))


def measure(properties: dict[str, str]) -> dict[str, Any]:
    """One failover."""
    with tempfile.TemporaryDirectory() as folder, ApacheKafka(Path(folder), 3, properties) as cluster:
        kafka = load(KafkaSettings, bootstrap=cluster.bootstrap, replication_factor=3)
        ensure_topics(kafka, [_TOPIC])
        with closing(Writer(kafka)) as writer:
            time.sleep(_BEFORE_S)
            victim = leader(kafka, _TOPIC.name)
            killed = time.monotonic()
            cluster.brokers[victim - 1].kill()
            while not writer.acknowledged or writer.acknowledged[-1][0] < killed + 0.5:
                time.sleep(0.05)
            time.sleep(_AFTER_S)
        found = read_back(kafka)
        numbers = {number for _, number in writer.acknowledged}
        return {
            "pause_s": round(writer.longest_pause_s(killed), 2),
            "acknowledged": len(numbers),
            "lost": len(numbers - found.keys()),
            "repeated": sum(1 for count in found.values() if count > 1),
            "errors": writer.errors,
        }


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Measure the pause of a fail-over.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=_OUT)
    asked = parser.parse_args()
    rows = []
    for name, properties in (("ours", FAST_FAILOVER), ("defaults", _DEFAULTS)):
        for _ in range(asked.rounds):
            rows.append({"settings": name, **properties, **measure(properties)})
            print(json.dumps(rows[-1]), flush=True)
    asked.out.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
