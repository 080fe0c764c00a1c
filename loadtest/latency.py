"""Capture → alert, as a consumer of alerts has it, while cameras in real time load a worker to 70 %.

The real services run: a matching worker on Ray, alerting on Faust, an embedded broker and vector store, all on this
machine beside the cameras, which are this process. Each camera publishes 5 frames a second, one after the other, and
an observer reads the alerts and matches topics as any consumer would. Alerts are counted when they are opened; the
passage gap is short, so that the few people of the footage open enough of them.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from prometheus_client.parser import text_string_to_metric_families

from loadtest.cost import cameras_per_core
from loadtest.footage import FPS, Loop, loops
from loadtest.portraits import templates
from loadtest.setting import Setting
from loadtest.stand import Stand
from watchbound.adapters import codecs
from watchbound.domain.alert import AlertEvent
from watchbound.pipeline import metric_names as names
from watchbound.pipeline.topics import ALERTS, MATCHES
from watchbound.ports import Record
from watchbound.stack.demo_plan import LISTED
from watchbound.stack.embedded import EmbeddedStack, Service
from watchbound.stack.topic_watch import TopicWatch

LOAD = 0.7
PASSAGE_GAP_S = 0.5
"""Of the alerts: what is seen again after so long opens another one."""

_AUTHORISATION = "latency"
_MAX_AGE_S = 5.0
_WARM_UP = timedelta(seconds=5)
_READY_S = 180.0
_DRAIN_S = 3.0
_POLL_S = 0.005


@dataclass(slots=True)
class Observed:
    """When a consumer had what for the first time, in seconds after the capture; nothing of before `since`."""

    since: datetime
    alerts: list[float] = field(default_factory=list)
    matches: list[float] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)

    def take(self, record: Record, now: datetime) -> None:
        """Note one record of either topic."""
        if record.value is None:
            return
        if record.source.topic == MATCHES.name:
            match = codecs.MATCH.decode(record.value)
            self._note(self.matches, match.id, match.captured_at, now)
            return
        alert = codecs.ALERT.decode(record.value)
        if alert.event is AlertEvent.OPENED:
            self._note(self.alerts, alert.id, alert.opened_by, now)

    def _note(self, latencies: list[float], name: str, captured_at: datetime, now: datetime) -> None:
        if captured_at >= self.since and name not in self._seen:
            self._seen.add(name)
            latencies.append((now - captured_at).total_seconds())


def measure(setting: Setting) -> dict[str, Any]:
    """Start the product, load it, and collect."""
    if setting.cpu_ms_per_frame is None:
        msg = "latency needs to know what a worker spends on a frame: measure the cost first (--only cost)"
        raise ValueError(msg)
    count = max(1, round(LOAD * cameras_per_core(setting.cpu_ms_per_frame)))
    cameras = loops(setting.footage, [f"live-{number}" for number in range(count)])
    with tempfile.TemporaryDirectory(prefix="wb-bench-") as scratch, EmbeddedStack(Path(scratch)) as stack:
        stack.environment["WATCHBOUND_ALERTING_PASSAGE_GAP_S"] = str(PASSAGE_GAP_S)
        stand = Stand(stack, setting.pack, _MAX_AGE_S)
        stand.authorise(_AUTHORISATION, [camera.camera_id for camera in cameras])
        stand.enrol(_AUTHORISATION, templates(setting.pack, LISTED), setting.size.watchlist)
        matching = stack.start("matching", ["match", "run", "--workers", "1"], grace_s=30.0)
        alerting = stack.start("alerting", ["alerting", "run"])
        for service in (matching, alerting):
            service.process.wait_until(service.ready, _READY_S)
        setting.say(f"latency: {count} cameras for {setting.size.latency_s:.0f} s")
        observed = Observed(datetime.now(UTC) + _WARM_UP)
        topics = [ALERTS.name, MATCHES.name]
        with TopicWatch(stand.configuration.kafka, topics, "bench-observer", observed.take, _POLL_S) as watch:
            before, started = _Meters(matching), time.monotonic()
            play(cameras, stand, setting.size.latency_s + _WARM_UP.total_seconds())
            time.sleep(_DRAIN_S)
            after, seconds = _Meters(matching), time.monotonic() - started - _DRAIN_S
            watch.check()
        stand.close()
    return report(observed, count, after.since(before), seconds)


def play(cameras: Sequence[Loop], stand: Stand, seconds: float) -> int:
    """Publish in real time, the cameras evenly spread over the time between two frames; returns how many frames."""
    step = 1 / (FPS * len(cameras))
    total = int(seconds / step)
    started = time.monotonic()
    for number in range(total):
        time.sleep(max(0.0, started + number * step - time.monotonic()))
        camera = cameras[number % len(cameras)]
        stand.publish([camera.frame(number // len(cameras), datetime.now(UTC), _AUTHORISATION)])
    return total


class _Meters:
    """The worker's counters."""

    def __init__(self, matching: Service) -> None:
        self.counts = {"processed": 0.0, "shed": 0.0, "cpu_s": 0.0}
        wanted = {
            f"{names.PREFIX}{names.FRAMES_PROCESSED.name}_total": "processed",
            f"{names.PREFIX}{names.FRAMES_SHED.name}_total": "shed",
            f"{names.PREFIX}{names.CPU_SECONDS.name}": "cpu_s",
        }
        for family in text_string_to_metric_families(matching.metrics()):
            for sample in family.samples:
                if sample.name in wanted and "worker" in sample.labels:
                    self.counts[wanted[sample.name]] += sample.value

    def since(self, before: _Meters) -> dict[str, float]:
        return {name: value - before.counts[name] for name, value in self.counts.items()}


def report(observed: Observed, cameras: int, spent: dict[str, float], seconds: float) -> dict[str, Any]:
    """Quantiles in milliseconds, and how busy the worker was in fact."""
    return {
        "latency_ms": quantiles(observed.alerts)
        | {
            "load": {
                "cameras": cameras,
                "wanted": LOAD,
                "worker_share_of_a_core": round(spent["cpu_s"] / seconds, 3),
                "frames_processed": int(spent["processed"]),
                "frames_shed": int(spent["shed"]),
                "seconds": round(seconds, 1),
            },
            "matches": quantiles(observed.matches),
        }
    }


def quantiles(latencies_s: Sequence[float]) -> dict[str, Any]:
    """Of how many, the median, the 99th percentile and the longest, in milliseconds; None of nothing."""
    if not latencies_s:
        return {"n": 0, "p50": None, "p99": None, "max": None}
    p50, p99, longest = np.quantile(np.asarray(latencies_s) * 1000, [0.5, 0.99, 1.0])
    return {
        "n": len(latencies_s),
        "p50": round(float(p50), 1),
        "p99": round(float(p99), 1),
        "max": round(float(longest), 1),
    }
