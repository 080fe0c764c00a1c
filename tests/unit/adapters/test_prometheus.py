from __future__ import annotations

import pytest
from prometheus_client.parser import text_string_to_metric_families

from watchbound.adapters.prometheus import PrometheusMetrics
from watchbound.pipeline import metric_names as names
from watchbound.pipeline.metric_names import ALL_METRICS, PREFIX
from watchbound.ports import MetricKind


def samples(metrics: PrometheusMetrics) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """What a scrape reads."""
    families = text_string_to_metric_families(metrics.exposition().decode())
    return {(s.name, frozenset(s.labels.items())): s.value for family in families for s in family.samples}


def test_every_metric_is_exposed_under_its_name_with_its_meaning() -> None:
    metrics = PrometheusMetrics()
    for metric in ALL_METRICS:
        labels = dict.fromkeys(metric.labels, "x")
        match metric.kind:
            case MetricKind.COUNTER:
                metrics.count(metric, 1, **labels)
            case MetricKind.GAUGE:
                metrics.set(metric, 1, **labels)
            case MetricKind.HISTOGRAM:
                metrics.observe(metric, 1, **labels)
    families = {f.name: f for f in text_string_to_metric_families(metrics.exposition().decode())}
    for metric in ALL_METRICS:
        family = families[PREFIX + metric.name]
        assert family.type == metric.kind.value
        assert family.documentation == metric.meaning


def test_counters_add_up_by_label() -> None:
    metrics = PrometheusMetrics()
    metrics.count(names.FRAMES_PUBLISHED, camera="gate-1")
    metrics.count(names.FRAMES_PUBLISHED, 2, camera="gate-1")
    metrics.count(names.FRAMES_PUBLISHED, camera="gate-2")
    read = samples(metrics)
    assert read["watchbound_frames_published_total", frozenset({("camera", "gate-1")})] == 3
    assert read["watchbound_frames_published_total", frozenset({("camera", "gate-2")})] == 1


def test_gauges_are_put_and_histograms_filled() -> None:
    metrics = PrometheusMetrics()
    metrics.set(names.AUTHORISATIONS_IN_FORCE, 2)
    metrics.set(names.AUTHORISATIONS_IN_FORCE, 1)
    metrics.observe(names.SEARCH_SECONDS, 0.003)
    read = samples(metrics)
    assert read["watchbound_authorisations_in_force", frozenset()] == 1
    assert read["watchbound_search_seconds_bucket", frozenset({("le", "0.005")})] == 1
    assert read["watchbound_search_seconds_bucket", frozenset({("le", "0.002")})] == 0


def test_a_label_that_is_not_the_metric_s_own_is_an_error() -> None:
    with pytest.raises(ValueError, match="label"):
        PrometheusMetrics().count(names.FRAMES_PUBLISHED, person="nobody")


def test_two_services_in_one_process_do_not_mix() -> None:
    one, other = PrometheusMetrics(), PrometheusMetrics()
    one.count(names.FRAMES_RECEIVED)
    assert samples(one)["watchbound_frames_received_total", frozenset()] == 1
    assert ("watchbound_frames_received_total", frozenset()) not in samples(other)


def test_a_scrape_tells_what_the_process_uses() -> None:
    read = samples(PrometheusMetrics())
    assert any("cpu_seconds" in name and value > 0 for (name, _), value in read.items())
    assert any("memory_bytes" in name and value > 0 for (name, _), value in read.items())


@pytest.mark.parametrize("kind", list(MetricKind))
def test_every_kind_is_in_use(kind: MetricKind) -> None:
    assert any(metric.kind is kind for metric in ALL_METRICS)
