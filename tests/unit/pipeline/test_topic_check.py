from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from watchbound.pipeline.topic_check import Replication, StandingTopic, differences, wanted_config
from watchbound.pipeline.topics import ALL_TOPICS, AUTHORISATIONS, FRAMES, MATCHES, Cleanup, Topic

THREE = Replication(3, 2)


def standing(topic: Topic) -> StandingTopic:
    """As it must be, with the broker's own settings beside ours."""
    return StandingTopic(topic.partitions, 3, {**wanted_config(topic, THREE), "index.interval.bytes": "4096"})


@pytest.mark.parametrize("topic", ALL_TOPICS, ids=lambda topic: topic.name)
def test_a_topic_that_stands_as_it_must_differs_in_nothing(topic: Topic) -> None:
    assert differences(topic, standing(topic), THREE) == []


def test_a_missing_topic_is_one_difference() -> None:
    (found,) = differences(FRAMES, None, THREE)
    assert found.facts() == {"topic": FRAMES.name, "config": "exists", "expected": "yes", "found": "no"}


@pytest.mark.parametrize("name", ["retention.ms", "segment.ms", "cleanup.policy", "min.insync.replicas"])
def test_each_setting_is_told_with_what_was_expected_and_found(name: str) -> None:
    config = {**standing(FRAMES).config, name: "7"}
    (found,) = differences(FRAMES, replace(standing(FRAMES), config=config), THREE)
    assert (found.config, found.expected, found.found) == (name, wanted_config(FRAMES, THREE)[name], "7")
    assert not found.by_hand


def test_partitions_and_replicas_take_a_person() -> None:
    found = differences(MATCHES, replace(standing(MATCHES), partitions=9, replicas=1), THREE)
    assert [(each.config, each.expected, each.found, each.by_hand) for each in found] == [
        ("partitions", "8", "9", True),
        ("replication.factor", "3", "1", True),
    ]


@pytest.mark.parametrize(("partitions", "differs"), [(8, True), (16, False), (64, False)])
def test_frames_may_be_spread_wider(partitions: int, differs: bool) -> None:
    assert bool(differences(FRAMES, replace(standing(FRAMES), partitions=partitions), THREE)) is differs


def test_a_topic_that_forgets_within_minutes_closes_its_segments_within_minutes() -> None:
    assert int(FRAMES.config()["segment.ms"]) <= int(FRAMES.config()["retention.ms"]) / 5
    assert int(AUTHORISATIONS.config()["max.compaction.lag.ms"]) <= 3_600_000
    year = Topic("t", "any", 1, Cleanup.DELETE, timedelta(days=365))
    assert int(year.config()["segment.ms"]) == 86_400_000
