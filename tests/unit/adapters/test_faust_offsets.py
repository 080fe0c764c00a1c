"""Offsets that Faust would commit past records that it has dropped."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import Any

from faust.transport.consumer import IntervalTree

from watchbound.adapters.faust_app import CarefulConsumer

TP = ("watchbound.matches.v1", 1)


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
