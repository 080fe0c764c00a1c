"""A broker's clock that a test sets."""

from __future__ import annotations

from datetime import datetime

from watchbound.domain.errors import Unavailable
from watchbound.ports import Clock


class FakeBrokerTime:
    """Tells the time of a clock of its own, or nothing.

    Attributes:
        away: while True, it does not answer.
        closed: whether somebody let go of it.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.away = False
        self.closed = False

    def ask(self) -> datetime:
        """See `BrokerTime.ask`."""
        if self.away:
            msg = "the broker does not answer"
            raise Unavailable(msg)
        return self._clock.now()

    def close(self) -> None:
        """See `BrokerTime.close`."""
        self.closed = True
