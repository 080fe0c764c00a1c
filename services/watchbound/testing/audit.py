"""An audit log in memory."""

from __future__ import annotations

from watchbound.domain.audit import AuditEvent
from watchbound.domain.errors import Unavailable


class FakeAuditLog:
    """Keeps events in a list; refuses when told to.

    Attributes:
        events: what was appended, in order.
        broken: while True, nothing can be written.
    """

    def __init__(self) -> None:
        self.events: list[AuditEvent] = []
        self.broken = False

    def append(self, event: AuditEvent) -> int:
        """See `AuditLog.append`."""
        if self.broken:
            msg = "the audit log cannot be written"
            raise Unavailable(msg)
        self.events.append(event)
        return len(self.events) - 1
