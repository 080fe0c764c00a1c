"""Receive alerts with Watchbound's own helper: `python alert_consumer.py BOOTSTRAP GROUP`."""

from __future__ import annotations

import sys

from watchbound.client import AlertConsumer


def main(bootstrap: str, group: str) -> None:
    """Print every event once; start it again under the same group, and it goes on where it stopped."""
    with AlertConsumer(bootstrap, group, timeout_s=5) as consumer:
        for alert in consumer:
            print(
                f"{alert.event.value} {alert.id} revision {alert.revision}: {alert.entry.reference}"
                f" at {alert.best.camera_id}, {alert.margin:+.2f} over {alert.best.threshold:.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main(*sys.argv[1:])
