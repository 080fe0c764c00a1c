"""Topics read whole and once: from where a reader is to what stands in them now."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from watchbound.domain.errors import Unavailable
from watchbound.ports import Record, TopicReader

_POLL_S = 0.2


def read_to_end(
    reader: TopicReader, within_s: float, monotonic: Callable[[], float] = time.monotonic
) -> Iterator[Record]:
    """Every record up to the topics' ends; the reader stays open.

    Args:
        reader: of the topics.
        within_s: longest time to read for: a topic may grow faster than it is read.
        monotonic: counts the seconds.

    Raises:
        Unavailable: the broker does not answer, or the ends were not reached in time.
    """
    deadline = monotonic() + within_s
    while not reader.caught_up():
        if monotonic() >= deadline:
            msg = f"the topics were not read to their ends within {within_s:g} s; try again"
            raise Unavailable(msg)
        yield from reader.poll(_POLL_S)
