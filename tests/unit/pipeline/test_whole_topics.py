from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from tests.unit.endless import EndlessReader
from watchbound.domain.errors import Unavailable
from watchbound.pipeline.whole_topics import read_to_end
from watchbound.testing.log import InMemoryBroker


@pytest.fixture
def broker() -> InMemoryBroker:
    broker = InMemoryBroker()
    for name in ("full", "empty"):
        broker.add_topic(name, 2, 1000)
    return broker


def test_all_that_stands_there_is_read_once(broker: InMemoryBroker) -> None:
    for number in range(50):
        broker.producer().send("full", f"key-{number}", bytes([number]))
    reader = broker.reader(["full", "empty"])
    assert sorted(record.value or b"" for record in read_to_end(reader, 5)) == [bytes([n]) for n in range(50)]
    broker.producer().send("empty", "late", b"late")
    assert list(read_to_end(reader, 5)) == []


def test_nothing_is_read_to_its_end_too(broker: InMemoryBroker) -> None:
    assert list(read_to_end(broker.reader(["empty"]), 5)) == []


def test_what_cannot_be_read_in_time_is_said() -> None:
    seconds: Iterator[int] = count()
    with pytest.raises(Unavailable, match="not read to their ends within 5 s"):
        list(read_to_end(EndlessReader(), 5, lambda: next(seconds)))
