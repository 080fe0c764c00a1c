"""An audit log in memory."""

from __future__ import annotations

from watchbound.domain.audit import AuditEvent
from watchbound.domain.errors import Unavailable


class FakeAuditLog:
    """Keeps events in a list; refuses when told to.

    Attributes:
        events: what was appended, in order.
        broken: while True, it does not answer.
    """

    def __init__(self) -> None:
        self.events: list[AuditEvent] = []
        self.broken = False

    def append(self, event: AuditEvent) -> int:
        """See `AuditLog.append`."""
        self._answer()
        self.events.append(event)
        return len(self.events) - 1

    def about(self, act: str, object: str) -> list[AuditEvent]:
        """See `AuditLog.about`."""
        self._answer()
        return [event for event in self.events if (event.act, event.object) == (act, object)]

    def _answer(self) -> None:
        if self.broken:
            msg = "the audit log does not answer"
            raise Unavailable(msg)
