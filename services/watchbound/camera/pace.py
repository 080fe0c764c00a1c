"""The passing of time as a capture thread feels it, apart from the trusted clock that dates its pictures."""

from __future__ import annotations

import threading
import time
from typing import Protocol


class Pace(Protocol):
    """A steady time, and waiting in it."""

    def now_s(self) -> float:
        """Seconds since any origin; never falls."""

    def wait(self, seconds: float) -> bool:
        """Let time pass; True when the wait was ended because the camera is to stop."""

    def stopped(self) -> bool:
        """Whether the camera is to stop."""


class MonotonicPace:
    """The machine's monotonic time, until an event stops it."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop

    def now_s(self) -> float:
        """Seconds of `time.monotonic`."""
        return time.monotonic()

    def wait(self, seconds: float) -> bool:
        """Wait, or return True at once when stopped."""
        return self._stop.wait(max(seconds, 0.0))

    def stopped(self) -> bool:
        """Whether the event is set."""
        return self._stop.is_set()
