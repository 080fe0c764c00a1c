"""`Metrics` on prometheus-client, in a registry of its own so that two services in one process do not mix."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from watchbound.pipeline.metric_names import CPU_SECONDS, MEMORY_BYTES, PREFIX
from watchbound.ports import Metric, MetricKind

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class PrometheusMetrics:
    """Records into a registry and renders it. A service's page shows the metrics that it records, and no others."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._collectors: dict[str, Counter | Gauge | Histogram] = {}
        self._lock = threading.Lock()

    def count(self, metric: Metric, amount: float = 1, **labels: str) -> None:
        """Add to a counter."""
        counter = self._collector(metric)
        (counter.labels(**labels) if labels else counter).inc(amount)

    def set(self, metric: Metric, value: float, **labels: str) -> None:
        """Put a gauge."""
        gauge = self._collector(metric)
        (gauge.labels(**labels) if labels else gauge).set(value)

    def observe(self, metric: Metric, value: float, **labels: str) -> None:
        """Add one sample to a histogram."""
        histogram = self._collector(metric)
        (histogram.labels(**labels) if labels else histogram).observe(value)

    def exposition(self) -> bytes:
        """The registry in Prometheus's text format, with what the process has used until now."""
        self.set(CPU_SECONDS, time.process_time())
        self.set(MEMORY_BYTES, _resident_bytes())
        return generate_latest(self.registry)

    def _collector(self, metric: Metric) -> Any:
        known = self._collectors.get(metric.name)
        if known is not None:
            return known
        with self._lock:
            if metric.name not in self._collectors:
                self._collectors[metric.name] = self._made(metric)
            return self._collectors[metric.name]

    def _made(self, metric: Metric) -> Counter | Gauge | Histogram:
        name, meaning, labels = PREFIX + metric.name, metric.meaning, metric.labels
        match metric.kind:
            case MetricKind.COUNTER:
                return Counter(name, meaning, labels, registry=self.registry)
            case MetricKind.GAUGE:
                return Gauge(name, meaning, labels, registry=self.registry)
            case MetricKind.HISTOGRAM:
                return Histogram(name, meaning, labels, registry=self.registry, buckets=metric.buckets)


def _resident_bytes() -> int:
    """Resident memory now; 0 where the kernel does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
