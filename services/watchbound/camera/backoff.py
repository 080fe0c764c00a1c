"""How long to wait before a lost source is tried again."""

from __future__ import annotations

import random

FIRST_S = 0.5
"""A camera that only restarted its encoder is back within a second."""
LONGEST_S = 30.0
"""A camera that comes back is seen again within half a minute, however long it was away."""


class Backoff:
    """Exponential backoff with full jitter: uniform between 0 and a ceiling that doubles up to `longest_s`.

    Full jitter spreads the reconnections of a whole site after a switch restarts; see "Exponential Backoff And
    Jitter", AWS Architecture Blog, 2015. Belongs to one thread.
    """

    def __init__(self, chance: random.Random, first_s: float = FIRST_S, longest_s: float = LONGEST_S) -> None:
        self._chance = chance
        self._first_s = first_s
        self._longest_s = longest_s
        self._ceiling_s = first_s

    def next_s(self) -> float:
        """Seconds to wait now; the ceiling of the next wait is twice as high."""
        wait_s = self._chance.uniform(0.0, self._ceiling_s)
        self._ceiling_s = min(self._ceiling_s * 2, self._longest_s)
        return wait_s

    def reset(self) -> None:
        """Begin again: the source has delivered for a while."""
        self._ceiling_s = self._first_s
