"""Metrics that a test can ask what was recorded."""

from __future__ import annotations

import threading
from collections import defaultdict

from watchbound.domain.errors import InvalidValue
from watchbound.ports import Metric, MetricKind

Labels = tuple[tuple[str, str], ...]
_Series = tuple[str, Labels]


class RecordedMetrics:
    """`Metrics` in memory, as strict as the exposition: undefined labels and wrong kinds are refused."""

    def __init__(self) -> None:
        self._samples: defaultdict[_Series, list[float]] = defaultdict(list)
        self._lock = threading.Lock()

    def count(self, metric: Metric, amount: float = 1, **labels: str) -> None:
        """Add to a counter."""
        if amount < 0:
            msg = f"the counter {metric.name} only grows, got {amount}"
            raise InvalidValue(msg)
        self._append(metric, MetricKind.COUNTER, amount, labels)

    def set(self, metric: Metric, value: float, **labels: str) -> None:
        """Put a gauge."""
        self._append(metric, MetricKind.GAUGE, value, labels)

    def observe(self, metric: Metric, value: float, **labels: str) -> None:
        """Add one sample to a histogram."""
        self._append(metric, MetricKind.HISTOGRAM, value, labels)

    def total(self, metric: Metric, **labels: str) -> float:
        """Over all series that carry these labels: a counter's sum, a gauge's sum of last values, a histogram's count.

        Raises:
            InvalidValue: the metric has no such label.
        """
        unknown = labels.keys() - set(metric.labels)
        if unknown:
            msg = f"{metric.name} has the labels {metric.labels}, not {sorted(unknown)}"
            raise InvalidValue(msg)
        with self._lock:
            found = [samples for _, samples in self._matching(metric, labels)]
        if metric.kind is MetricKind.COUNTER:
            return sum(sum(samples) for samples in found)
        if metric.kind is MetricKind.GAUGE:
            return sum(samples[-1] for samples in found)
        return float(sum(len(samples) for samples in found))

    def samples(self, metric: Metric, **labels: str) -> list[float]:
        """Every value given to the metric, in order within a series."""
        with self._lock:
            return [value for _, samples in self._matching(metric, labels) for value in samples]

    def series(self, metric: Metric) -> dict[Labels, list[float]]:
        """Every value given to the metric, by its labels in the order of their definition."""
        with self._lock:
            return {labels: list(samples) for labels, samples in self._matching(metric, {})}

    def _matching(self, metric: Metric, wanted: dict[str, str]) -> list[tuple[Labels, list[float]]]:
        return [
            (labels, samples)
            for (name, labels), samples in self._samples.items()
            if name == metric.name and wanted.items() <= set(labels)
        ]

    def _append(self, metric: Metric, kind: MetricKind, value: float, labels: dict[str, str]) -> None:
        if metric.kind is not kind:
            msg = f"{metric.name} is a {metric.kind.value}, recorded as a {kind.value}"
            raise InvalidValue(msg)
        if labels.keys() != set(metric.labels):
            msg = f"{metric.name} takes exactly the labels {metric.labels}, got {tuple(labels)}"
            raise InvalidValue(msg)
        ordered = tuple((name, labels[name]) for name in metric.labels)
        with self._lock:
            self._samples[metric.name, ordered].append(value)
