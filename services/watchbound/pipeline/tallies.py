"""What a process counted, cut into tallies: increments that a deployment's record is added up from."""

from __future__ import annotations

import threading
from collections import defaultdict
from datetime import datetime, timedelta

from watchbound.domain.errors import InvalidValue, Unavailable
from watchbound.domain.frame import require_name
from watchbound.domain.moment import Window
from watchbound.domain.tally import COUNTED, Tally
from watchbound.pipeline.topics import TALLIES
from watchbound.ports import Clock, Codec, RecordProducer

_SHORTEST = timedelta(microseconds=1)


class TallyBook:
    """Adds increments up until they are drained. Safe to share between threads.

    Args:
        source: names this run of this process; a restarted process must take another name, since its indexes start
            again at 0 and a repeated (source, camera, index) is taken for a duplicate.
        clock: the trusted clock; spans of successive drains meet without a gap.
    """

    def __init__(self, source: str, clock: Clock) -> None:
        require_name(source, "a tally's source")
        self._source = source
        self._clock = clock
        self._lock = threading.Lock()
        self._since = clock.now()
        self._index = 0
        self._counts: defaultdict[tuple[str, str], defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))

    def add(self, camera_id: str, authorisation_id: str, **increments: int) -> None:
        """Count for a camera under an authorisation; its id is empty only where none applied.

        Raises:
            InvalidValue: a tally knows no such count, or the increment is negative.
        """
        unknown = increments.keys() - set(COUNTED)
        if unknown or any(amount < 0 for amount in increments.values()):
            msg = f"a tally adds whole numbers from 0 to some of {sorted(COUNTED)}, got {increments}"
            raise InvalidValue(msg)
        with self._lock:
            counts = self._counts[camera_id, authorisation_id]
            for name, amount in increments.items():
                counts[name] += amount

    def drain(self) -> list[Tally]:
        """What was added since the last drain, ordered by camera and authorisation; nothing where nothing was."""
        with self._lock:
            span = self._span_until(self._clock.now())
            counted = sorted((key, dict(counts)) for key, counts in self._counts.items() if any(counts.values()))
            first = self._index
            self._index += len(counted)
            self._counts.clear()
            self._since = span.end
        return [
            Tally(self._source, first + n, camera_id, authorisation_id, span, **counts)
            for n, ((camera_id, authorisation_id), counts) in enumerate(counted)
        ]

    def _span_until(self, now: datetime) -> Window:
        """From the last drain to now, never empty: a clock may stand still or be set back between two drains."""
        return Window(self._since, max(now, self._since + _SHORTEST))


class FirstDeliveries:
    """Says whether a tally is news: delivered for the first time. Belongs to one thread.

    A process drains one tally at a time for a camera and an authorisation, in a camera's partition order, and drains
    none before the last is acknowledged: so of these an index that is not above the highest one is a repetition.
    """

    def __init__(self) -> None:
        self._highest: dict[tuple[str, str, str], int] = {}

    def is_news(self, tally: Tally) -> bool:
        """Whether to count it; the same tally is news once."""
        name = (tally.source, tally.camera_id, tally.authorisation_id)
        if self._highest.get(name, -1) >= tally.index:
            return False
        self._highest[name] = tally.index
        return True


class TallyPublisher:
    """Publishes what a book holds, and holds what was not acknowledged for the next attempt.

    Nothing new is drained while something is held, so a broker that is away costs no memory: increments add up in
    the book. A tally sent twice has the same source, camera and index both times. Belongs to one thread.
    """

    def __init__(self, book: TallyBook, producer: RecordProducer, codec: Codec[Tally]) -> None:
        self._book = book
        self._producer = producer
        self._codec = codec
        self._held: list[Tally] = []

    def publish(self, timeout_s: float) -> bool:
        """Send and wait for the acknowledgements; False when some are still held, to be tried again later."""
        if not self._held:
            self._held = self._book.drain()
        try:
            deliveries = [
                self._producer.send(TALLIES.name, tally.camera_id, self._codec.encode(tally)) for tally in self._held
            ]
            for delivery in deliveries:
                delivery.wait(timeout_s)
        except Unavailable:
            return False
        self._held = []
        return True
