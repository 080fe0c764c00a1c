from __future__ import annotations

import re

import pytest

from watchbound.pipeline.metric_names import ALL_METRICS, PREFIX
from watchbound.ports import Metric, MetricKind

PER_METRIC = pytest.mark.parametrize("metric", ALL_METRICS, ids=lambda metric: metric.name)


def test_names_are_unique() -> None:
    names = [metric.name for metric in ALL_METRICS]
    assert len(names) == len(set(names))


@PER_METRIC
def test_prometheus_accepts_the_name_and_its_labels(metric: Metric) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*", PREFIX + metric.name)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", label) for label in metric.labels)
    assert not {"le", "quantile"} & set(metric.labels)
    reserved = ("_total", "_count", "_sum", "_bucket", "_created")
    assert not metric.name.endswith(reserved)


@PER_METRIC
def test_a_unit_other_than_one_is_the_end_of_the_name(metric: Metric) -> None:
    if metric.unit != "1":
        assert metric.name.endswith(f"_{metric.unit}")
    else:
        assert not metric.name.endswith("_seconds")


@PER_METRIC
def test_buckets_belong_to_histograms_and_rise(metric: Metric) -> None:
    assert bool(metric.buckets) == (metric.kind is MetricKind.HISTOGRAM)
    assert list(metric.buckets) == sorted(set(metric.buckets))


@PER_METRIC
def test_a_meaning_is_a_sentence(metric: Metric) -> None:
    assert metric.meaning.endswith(".")


@PER_METRIC
def test_no_label_can_name_a_person(metric: Metric) -> None:
    """A label is kept for as long as the metrics are: references, alerts and tracks must never be one."""
    assert not {"reference", "entry", "alert", "track", "match", "reviewer", "person"} & set(metric.labels)
