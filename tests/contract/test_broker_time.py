"""One suite for the broker's time, on the fake, the embedded broker and Apache Kafka; and the watch on each."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from kafka import KafkaAdminClient

from watchbound.adapters.clock import SystemClock
from watchbound.adapters.kafka_clock import KafkaBrokerTime
from watchbound.pipeline.clock_watch import ClockLimits, ClockWatch
from watchbound.pipeline.topics import CLOCK
from watchbound.ports import BrokerTime
from watchbound.settings import KafkaSettings, load
from watchbound.stack.tansu import Tansu
from watchbound.testing.broker_time import FakeBrokerTime

STAMP = timedelta(milliseconds=1)
"""Brokers tell whole milliseconds, cut off."""


class WrongClock:
    """This machine's clock as a wrong hand would have set it."""

    def __init__(self, offset_s: float) -> None:
        self._offset = timedelta(seconds=offset_s)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._offset


@pytest.fixture(params=["fake", "tansu", pytest.param("kafka", marks=pytest.mark.real)])
def broker(request: pytest.FixtureRequest) -> Iterator[BrokerTime]:
    if request.param == "fake":
        yield FakeBrokerTime(SystemClock())
        return
    bootstrap = request.getfixturevalue("tansu" if request.param == "tansu" else "apache_kafka").bootstrap
    with closing(KafkaBrokerTime(load(KafkaSettings, bootstrap=bootstrap), "test-clock")) as source:
        yield source


def watch(broker: BrokerTime, offset_s: float, max_offset_s: float = 2.0) -> ClockWatch:
    clock = WrongClock(offset_s)
    watch = ClockWatch(broker, clock, time.monotonic, ClockLimits(max_offset_s, max_age_s=60))
    watch.check()
    return watch


def test_it_is_told_between_the_question_and_the_answer(broker: BrokerTime) -> None:
    for _ in range(5):
        before = datetime.now(UTC)
        told = broker.ask()
        assert before - STAMP <= told <= datetime.now(UTC)


def test_a_right_clock_is_trusted(broker: BrokerTime) -> None:
    right = watch(broker, 0)
    assert right.complaint() is None
    reading = right.reading()
    assert reading is not None
    assert abs(reading.offset_s) <= reading.uncertainty_s + 0.01


@pytest.mark.parametrize("offset_s", [-90.0, 90.0])
def test_a_wrong_clock_is_measured_and_not_trusted(broker: BrokerTime, offset_s: float) -> None:
    wrong = watch(broker, offset_s)
    assert not wrong.trusted()
    reading = wrong.reading()
    assert reading is not None
    assert abs(reading.offset_s - offset_s) <= reading.uncertainty_s + 0.01


def test_asking_the_embedded_broker_leaves_no_topic_behind(tansu: Tansu) -> None:
    with closing(KafkaBrokerTime(load(KafkaSettings, bootstrap=tansu.bootstrap), "test-clock")) as source:
        source.ask()
    administrator = KafkaAdminClient(bootstrap_servers=tansu.bootstrap)
    names = administrator.list_topics()
    administrator.close()
    assert [name for name in names if name.startswith(CLOCK.name)] == [CLOCK.name]
