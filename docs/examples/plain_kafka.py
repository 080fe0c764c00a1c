"""Receive alerts with a Kafka client and generated code alone: `python plain_kafka.py BOOTSTRAP GROUP`.

Needs `kafka-python` and `crc32c`, and the code that protoc makes of proto/ (docs/alert-consumers.md says how).
"""

from __future__ import annotations

import sys

from google.protobuf.message import DecodeError
from kafka import KafkaConsumer
from watchbound.v1 import alert_pb2


def main(bootstrap: str, group: str) -> None:
    """Print every event once, and commit only what was printed."""
    consumer = KafkaConsumer(
        "watchbound.alerts.v1",
        bootstrap_servers=bootstrap,
        group_id=group,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        session_timeout_ms=6000,
        heartbeat_interval_ms=1000,
        consumer_timeout_ms=10_000,
    )
    highest: dict[str, int] = {}
    for record in consumer:
        try:
            alert = alert_pb2.Alert.FromString(record.value)
        except DecodeError:
            print(f"unreadable record at {record.partition}/{record.offset}", file=sys.stderr)
            continue
        if alert.revision > highest.get(alert.alert_id, -1):
            highest[alert.alert_id] = alert.revision
            event = alert_pb2.AlertEvent.Name(alert.event).removeprefix("ALERT_EVENT_").lower()
            print(
                f"{event} {alert.alert_id} revision {alert.revision}: {alert.best.entry.reference}"
                f" at {alert.best.camera_id}, {alert.best.score - alert.best.threshold:+.2f}"
                f" over {alert.best.threshold:.2f}",
                flush=True,
            )
        consumer.commit()
    consumer.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
