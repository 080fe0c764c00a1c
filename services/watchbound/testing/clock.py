"""A clock that stands still until it is told to move."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

from watchbound.domain.errors import InvalidValue
from watchbound.domain.moment import require_aware


class ManualClock:
    """A `Clock` whose present is set by the test; safe to read from several threads."""

    def __init__(self, now: datetime) -> None:
        require_aware(now, "now")
        self._now = now
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The present, as last set."""
        with self._lock:
            return self._now

    def advance(self, seconds: float) -> datetime:
        """Move on and return the new present.

        Raises:
            InvalidValue: `seconds` is negative; a trusted clock never runs backwards (see `set`).
        """
        if seconds < 0:
            msg = f"a clock advances by 0 seconds or more, got {seconds}; use set() to put it back on purpose"
            raise InvalidValue(msg)
        with self._lock:
            self._now += timedelta(seconds=seconds)
            return self._now

    def set(self, now: datetime) -> None:
        """Put the clock anywhere, the past included: what an operator's wrong hand would do."""
        require_aware(now, "now")
        with self._lock:
            self._now = now
