"""`Metrics` on prometheus-client, in a registry of its own so that two services in one process do not mix."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from watchbound.pipeline.metric_names import ALL_METRICS, PREFIX
from watchbound.ports import Metric, MetricKind

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class PrometheusMetrics:
    """Records into a registry and renders it."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._counters: dict[str, Counter] = {}
        self._gauges: dict[str, Gauge] = {}
        self._histograms: dict[str, Histogram] = {}
        for metric in ALL_METRICS:
            name, meaning, labels = PREFIX + metric.name, metric.meaning, metric.labels
            if metric.kind is MetricKind.COUNTER:
                self._counters[metric.name] = Counter(name, meaning, labels, registry=self.registry)
            elif metric.kind is MetricKind.GAUGE:
                self._gauges[metric.name] = Gauge(name, meaning, labels, registry=self.registry)
            else:
                self._histograms[metric.name] = Histogram(
                    name, meaning, labels, registry=self.registry, buckets=metric.buckets
                )

    def count(self, metric: Metric, amount: float = 1, **labels: str) -> None:
        """Add to a counter."""
        counter = self._counters[metric.name]
        (counter.labels(**labels) if labels else counter).inc(amount)

    def set(self, metric: Metric, value: float, **labels: str) -> None:
        """Put a gauge."""
        gauge = self._gauges[metric.name]
        (gauge.labels(**labels) if labels else gauge).set(value)

    def observe(self, metric: Metric, value: float, **labels: str) -> None:
        """Add one sample to a histogram."""
        histogram = self._histograms[metric.name]
        (histogram.labels(**labels) if labels else histogram).observe(value)

    def exposition(self) -> bytes:
        """The registry in Prometheus's text format."""
        return generate_latest(self.registry)
