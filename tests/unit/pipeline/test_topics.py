from __future__ import annotations

import re
from datetime import timedelta

import pytest

from watchbound.pipeline import topics
from watchbound.pipeline.topics import ALL_TOPICS, Cleanup, Topic

PER_TOPIC = pytest.mark.parametrize("topic", ALL_TOPICS, ids=lambda topic: topic.name)


def test_names_are_unique() -> None:
    assert len({topic.name for topic in ALL_TOPICS}) == len(ALL_TOPICS)


@PER_TOPIC
def test_a_name_says_whose_and_which_version(topic: Topic) -> None:
    assert re.fullmatch(r"watchbound\.[a-z]+(-[a-z]+)*\.v[0-9]+", topic.name)


@PER_TOPIC
def test_a_topic_forgets_by_time_or_by_key_and_never_not_at_all(topic: Topic) -> None:
    config = topic.config()
    if topic.cleanup is Cleanup.COMPACT:
        assert "retention.ms" not in config
        assert config["cleanup.policy"] == "compact"
    else:
        assert int(config["retention.ms"]) > 0


def test_what_holds_faces_is_kept_no_longer_than_the_field_permits() -> None:
    assert topics.FRAMES.retention is not None
    assert topics.FRAMES.retention <= timedelta(minutes=10)
    for topic in (topics.MATCHES, topics.ALERTS):
        assert topic.retention is not None
        assert topic.retention <= timedelta(days=31)


def test_what_is_said_of_one_subject_lies_in_partitions_of_one_number() -> None:
    """Alerting joins them by key: equally many partitions put equal keys side by side."""
    subjects = (topics.MATCHES, topics.ALERTS, topics.DECISIONS)
    assert len({topic.partitions for topic in subjects}) == 1
    assert len({topic.key for topic in subjects}) == 1


def test_a_frame_of_two_megabytes_fits() -> None:
    assert int(topics.FRAMES.config()["max.message.bytes"]) > 2_000_000
