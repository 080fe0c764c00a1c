"""Whether this machine's clock may be trusted: compared with the broker's, again and again.

Windows, retention and the age of a frame are judged by the clock of the service that judges. A wrong one would let a
deployment run on after its end, so a service whose clock is off by more than a bound permits nothing.

The estimate is Cristian's (1989): the broker told its time at some moment of a round trip, most likely in the middle,
and at most half a round trip from it. The bound must hold for the worst case, `|offset| + uncertainty`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType

from watchbound.domain.errors import Unavailable
from watchbound.pipeline.metric_names import CLOCK_OFFSET_SECONDS, CLOCK_TRUSTED, CLOCK_UNCERTAINTY_SECONDS
from watchbound.ports import BrokerTime, Clock, Metrics

_RESOLUTION_S = 0.001
"""Brokers tell whole milliseconds."""

_TRIPS = 3
"""Round trips of one check, of which the shortest counts: it leaves the least room for doubt."""


@dataclass(frozen=True, slots=True)
class ClockReading:
    """What one round trip says.

    Attributes:
        offset_s: how far the clock here is ahead of the broker's.
        uncertainty_s: how far the true offset may lie from that.
    """

    offset_s: float
    uncertainty_s: float

    @classmethod
    def of(cls, asked_at: datetime, told: datetime, trip_s: float) -> ClockReading:
        """Compare: asked at `asked_at` by the clock here, told `told`, and the answer was there after `trip_s`."""
        middle = asked_at + timedelta(seconds=trip_s / 2)
        return cls((middle - told).total_seconds(), trip_s / 2 + _RESOLUTION_S)

    @property
    def worst_s(self) -> float:
        """The largest distance that the two clocks may have."""
        return abs(self.offset_s) + self.uncertainty_s


@dataclass(frozen=True, slots=True)
class ClockLimits:
    """When a clock is trusted.

    Attributes:
        max_offset_s: the largest distance from the broker's clock, doubt included.
        max_age_s: a comparison older than this says nothing any more.
    """

    max_offset_s: float
    max_age_s: float


class ClockWatch:
    """Compares, and answers whether the clock may be trusted now. Safe to share between threads.

    Between two comparisons a clock that is set shows itself at once: it runs away from the monotonic one.

    Args:
        broker: tells the broker's time.
        clock: the clock that is judged.
        monotonic: seconds that nobody can set.
        limits: when it is trusted.
    """

    def __init__(self, broker: BrokerTime, clock: Clock, monotonic: Callable[[], float], limits: ClockLimits) -> None:
        self._broker = broker
        self._clock = clock
        self._monotonic = monotonic
        self._limits = limits
        self._lock = threading.Lock()
        self._last: ClockReading | None = None
        self._read_at = clock.now()
        self._read_tick = monotonic()

    def check(self) -> None:
        """Compare with the broker's clock.

        Raises:
            Unavailable: the broker does not tell its time; the last comparison stands until it is too old.
        """
        reading = min((self._trip() for _ in range(_TRIPS)), key=lambda trip: trip.uncertainty_s)
        with self._lock:
            self._last, self._read_at, self._read_tick = reading, self._clock.now(), self._monotonic()

    def reading(self) -> ClockReading | None:
        """How far the clock is off now, as far as is known; None before the first comparison."""
        with self._lock:
            if self._last is None:
                return None
            gone_s = self._monotonic() - self._read_tick
            run_away_s = (self._clock.now() - self._read_at).total_seconds() - gone_s
            return ClockReading(self._last.offset_s + run_away_s, self._last.uncertainty_s)

    def complaint(self) -> str | None:
        """Why the clock is not to be trusted, or None."""
        reading = self.reading()
        if reading is None:
            return "the clock has not been compared with the broker's yet"
        with self._lock:
            age_s = self._monotonic() - self._read_tick
        if age_s > self._limits.max_age_s:
            return f"the clock was last compared with the broker's {age_s:.0f} s ago"
        if reading.worst_s > self._limits.max_offset_s:
            return (
                f"the clock is {reading.offset_s:+.3f} s (±{reading.uncertainty_s:.3f} s) from the broker's, more than"
                f" {self._limits.max_offset_s:g} s; see that both machines follow NTP"
            )
        return None

    def trusted(self) -> bool:
        """Whether the clock may be trusted now."""
        return self.complaint() is None

    def _trip(self) -> ClockReading:
        asked_at, tick = self._clock.now(), self._monotonic()
        told = self._broker.ask()
        return ClockReading.of(asked_at, told, self._monotonic() - tick)


class ClockWatcher:
    """Checks in a thread of its own, as a context manager; the first check is over when the context begins.

    Owns the source of the broker's time and closes it at the end.

    Args:
        watch: what to keep fresh.
        broker: the source that `watch` asks.
        interval_s: between two checks.
        metrics: where offset, doubt and trust are shown.
    """

    def __init__(self, watch: ClockWatch, broker: BrokerTime, interval_s: float, metrics: Metrics) -> None:
        self._watch = watch
        self._broker = broker
        self._interval_s = interval_s
        self._metrics = metrics
        self._stopping = threading.Event()
        self._away: str | None = None
        self._failed: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="clock-watch", daemon=True)

    def __enter__(self) -> ClockWatcher:
        self._check()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join(timeout=5.0)
        self._broker.close()

    def ready(self) -> str | None:
        """For /readyz: why the clock is not trusted, or None."""
        complaint = self._watch.complaint()
        return complaint if complaint is None or self._away is None else f"{complaint}: {self._away}"

    def live(self) -> str | None:
        """For /healthz: the bug that ended the thread, or None."""
        return None if self._failed is None else f"the clock is watched no more: {self._failed!r}"

    def _run(self) -> None:
        try:
            while not self._stopping.wait(self._interval_s):
                self._check()
        except Exception as error:
            self._failed = error

    def _check(self) -> None:
        try:
            self._watch.check()
            self._away = None
        except Unavailable as error:
            self._away = str(error)
        reading = self._watch.reading()
        if reading is not None:
            self._metrics.set(CLOCK_OFFSET_SECONDS, reading.offset_s)
            self._metrics.set(CLOCK_UNCERTAINTY_SECONDS, reading.uncertainty_s)
        self._metrics.set(CLOCK_TRUSTED, float(self._watch.trusted()))
