from __future__ import annotations

import pytest

from watchbound.domain.errors import InvalidValue
from watchbound.pipeline.metric_names import CONSUMER_LAG, FRAMES_PUBLISHED, FRAMES_SHED, SEARCH_SECONDS
from watchbound.testing.metrics import RecordedMetrics


def test_counters_add_up_over_matching_labels() -> None:
    metrics = RecordedMetrics()
    metrics.count(FRAMES_SHED, 2, camera="a", reason="old")
    metrics.count(FRAMES_SHED, camera="a", reason="full")
    metrics.count(FRAMES_SHED, camera="b", reason="old")
    assert metrics.total(FRAMES_SHED) == 4
    assert metrics.total(FRAMES_SHED, camera="a") == 3
    assert metrics.total(FRAMES_SHED, camera="a", reason="old") == 2
    assert metrics.total(FRAMES_SHED, camera="c") == 0


def test_gauges_count_with_their_last_value_and_histograms_with_their_samples() -> None:
    metrics = RecordedMetrics()
    for value in (5, 3):
        metrics.set(CONSUMER_LAG, value, topic="t", partition="0")
    metrics.set(CONSUMER_LAG, 4, topic="t", partition="1")
    metrics.observe(SEARCH_SECONDS, 0.1)
    metrics.observe(SEARCH_SECONDS, 0.3)
    assert metrics.total(CONSUMER_LAG, topic="t") == 7
    assert metrics.total(SEARCH_SECONDS) == 2
    assert metrics.samples(SEARCH_SECONDS) == [0.1, 0.3]
    assert metrics.series(CONSUMER_LAG)[("topic", "t"), ("partition", "0")] == [5, 3]


def test_labels_and_kinds_are_those_of_the_definition() -> None:
    metrics = RecordedMetrics()
    with pytest.raises(InvalidValue, match="labels"):
        metrics.count(FRAMES_PUBLISHED)
    with pytest.raises(InvalidValue, match="labels"):
        metrics.count(FRAMES_PUBLISHED, camera="a", person="b")
    with pytest.raises(InvalidValue, match="counter"):
        metrics.set(FRAMES_PUBLISHED, 1, camera="a")
    with pytest.raises(InvalidValue, match="grows"):
        metrics.count(FRAMES_PUBLISHED, -1, camera="a")
    with pytest.raises(InvalidValue, match="labels"):
        metrics.total(FRAMES_PUBLISHED, person="b")
