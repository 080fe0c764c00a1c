"""Memory that pictures are written into, one after the other.

A block for each picture costs twice what it seems: freed memory is overwritten (`adapters.allocator`), new memory is
mapped. What the next picture overwrites needs neither.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from watchbound.extraction.wipe import wipe


class Canvas:
    """One picture's memory, as large as the largest so far; what was drawn before is gone with the next `of`'s filling.

    Whoever draws fills all of what they asked for. One thread at a time.
    """

    def __init__(self) -> None:
        self._memory: NDArray[np.uint8] = np.empty(0, np.uint8)

    def of(self, *shape: int) -> NDArray[np.uint8]:
        """An array of this shape over the same memory; valid until the next call, what it holds of no meaning."""
        size = math.prod(shape)
        if size > self._memory.size:
            wipe(self._memory)
            self._memory = np.empty(size, np.uint8)
        return self._memory[:size].reshape(shape)

    def forget(self) -> None:
        """Overwrite what the last pictures have left, the part of a larger one included."""
        wipe(self._memory)
