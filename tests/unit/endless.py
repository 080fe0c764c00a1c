"""A topic that is never read to its end."""

from __future__ import annotations

from watchbound.ports import Record


class EndlessReader:
    """A topic that grows faster than it is read."""

    def poll(self, timeout_s: float) -> list[Record]:
        return []

    def caught_up(self) -> bool:
        return False

    def close(self) -> None:
        pass
