"""Notices records that Faust fetched and never handed over.

Seen on a loaded machine in about one start of thirty: a fetch that is under way while a table's recovery ends is left
half read. The client's position has moved past its records, so they would wait for the next rebalance while everything
else looks well. `CarefulConsumer` commits nothing behind them. Whoever notices seeks back to what is committed; what
was handled already is recognised by its id.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping

PATIENCE_TICKS = 3


class StallWatch:
    """Looks once a tick; a partition that stays behind without anything in hand has stalled."""

    def __init__(self, patience_ticks: int = PATIENCE_TICKS) -> None:
        self._patience = patience_ticks
        self._seen: dict[Hashable, tuple[int, int]] = {}
        self._revived: dict[Hashable, int] = {}

    def stalled(self, behind: Mapping[Hashable, tuple[int, int]], in_hand: int) -> list[Hashable]:
        """Partitions to be read again from what is committed.

        Args:
            behind: by partition, the next offset to commit and the end of the log.
            in_hand: records that were handed over and are not acknowledged yet; while there are any, nothing stalls.

        Returns:
            Those that have been behind at the same offset for so many ticks; each offset only once, since records
            that retention has removed cannot be read again either.
        """
        found = []
        for partition, (following, end) in behind.items():
            at, ticks = self._seen.get(partition, (following, 0))
            waiting = in_hand == 0 and end > following
            ticks = ticks + 1 if waiting and at == following else 0
            self._seen[partition] = (following, ticks)
            if ticks >= self._patience and self._revived.get(partition) != following:
                self._revived[partition] = following
                found.append(partition)
        return found

    def forget(self) -> None:
        """Begin anew, after partitions were assigned."""
        self._seen.clear()
        self._revived.clear()
