"""Offsets that Faust would commit past records that it has dropped."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from faust.transport.consumer import IntervalTree

from watchbound.adapters.faust_app import CarefulConsumer

TP = ("watchbound.matches.v1", 1)


class SourcePartition(NamedTuple):
    """As Faust's own, with names."""

    topic: str
    partition: int


def consumer(committed: int | None, acked: list[int]) -> Any:
    """One that has no broker: only what decides the next offset."""
    made: Any = CarefulConsumer.__new__(CarefulConsumer)
    made._acked = defaultdict(list, {TP: list(acked)})
    made._acked_index = defaultdict(set, {TP: set(acked)})
    made._gap = defaultdict(IntervalTree)
    made._committed_offset = defaultdict(lambda: None, {TP: committed})
    sought: list[bool] = []

    async def perform_seek() -> None:
        sought.append(True)

    made.perform_seek = perform_seek
    made.sought = sought
    return made


def test_what_was_handled_in_order_is_committed() -> None:
    assert consumer(38, [38, 39, 40])._new_offset(TP) == 41
    assert consumer(None, [0, 1])._new_offset(TP) == 2
    assert consumer(38, [])._new_offset(TP) is None


def test_a_single_dropped_record_holds_the_offsets() -> None:
    assert consumer(38, [39, 40])._new_offset(TP) is None


def test_a_jump_is_not_taken_for_compaction() -> None:
    made = consumer(38, [45])
    asyncio.run(made._add_gap(TP, 38, 45))
    assert made._new_offset(TP) is None


def test_what_was_dropped_is_read_again_and_committed_with_what_followed() -> None:
    made = consumer(38, [45])
    asyncio.run(made.read_again([TP]))
    assert made.sought == [True]
    made._acked[TP] += range(38, 45)
    made._acked_index[TP] |= set(range(38, 45))
    assert made._new_offset(TP) == 46


def test_what_is_missing_the_second_time_has_been_removed() -> None:
    made = consumer(38, [45])
    asyncio.run(made.read_again([TP]))
    asyncio.run(made._add_gap(TP, 38, 45))
    assert made._new_offset(TP) == 46


def test_another_jump_later_is_read_again_too() -> None:
    made = consumer(38, [38])
    asyncio.run(made.read_again([TP]))
    made._committed_offset[TP] = made._new_offset(TP)
    made._acked[TP] = [50]
    asyncio.run(made._add_gap(TP, 40, 50))
    assert made._new_offset(TP) is None


class Fetched:
    """A consumer among scripted fetches: what each of them brings, by offset, and where it was told to go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, committed: int | None, *batches: list[int]) -> None:
        self.consumer = consumer(committed, [])
        self.consumer.app = SimpleNamespace(tables=SimpleNamespace(changelog_topics={"windows-changelog"}))
        self.sought: list[int] = []
        self.consumer.seek_wait = self._seek
        self._batches = list(batches)

        async def getmany(_self: Any, timeout: float) -> AsyncIterator[tuple[Any, Any]]:
            for offset in self._batches.pop(0) if self._batches else []:
                yield self.source, SimpleNamespace(offset=offset)

        monkeypatch.setattr(CarefulConsumer.__mro__[1], "getmany", getmany)
        self.source = SourcePartition("watchbound.matches.v1", 1)

    async def _seek(self, partitions: dict[Any, int]) -> None:
        self.sought += partitions.values()

    def handed_over(self) -> list[int]:
        async def drain() -> list[int]:
            return [m.offset for _ in range(len(self._batches)) async for _, m in self.consumer.getmany(1.0)]

        return asyncio.run(drain())


def test_what_lies_in_front_is_handed_over_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was fetched while a table's recovery ended is dropped; the next record waits until it was read again."""
    fetched = Fetched(monkeypatch, 38, [41, 42], [38, 39, 40, 41, 42, 43])
    assert fetched.handed_over() == [38, 39, 40, 41, 42, 43]
    assert fetched.sought == [38]


def test_before_the_first_commit_the_first_record_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    fetched = Fetched(monkeypatch, None, [3], [0, 1, 2, 3])
    assert fetched.handed_over() == [0, 1, 2, 3]
    assert fetched.sought == [0]


def test_a_jump_in_the_middle_is_gone_back_for(monkeypatch: pytest.MonkeyPatch) -> None:
    fetched = Fetched(monkeypatch, 5, [5, 6], [9], [7, 8, 9, 10])
    assert fetched.handed_over() == [5, 6, 7, 8, 9, 10]
    assert fetched.sought == [7]


def test_what_retention_has_removed_is_gone_back_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    fetched = Fetched(monkeypatch, 5, [100, 101], [100, 101, 102], [103])
    assert fetched.handed_over() == [100, 101, 102, 103]
    assert fetched.sought == [5]


def test_a_changelog_is_compacted_and_may_jump(monkeypatch: pytest.MonkeyPatch) -> None:
    fetched = Fetched(monkeypatch, 5, [100, 200])
    fetched.source = SourcePartition("windows-changelog", 1)
    assert fetched.handed_over() == [100, 200]
    assert fetched.sought == []
