"""Overwrites what is no longer needed, where it lies, before it is let go.

What a process frees it may still hold: numpy keeps small blocks for its next small arrays, and hands their old content
to nobody but whoever dumps the memory. Larger blocks go back to the C library, which overwrites them if it was told to
(`adapters.allocator`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

_KEPT_BLOCKS = 8
"""One more than numpy keeps of each size."""
_LARGEST_KEPT = 1024
"""Bytes: numpy hands larger blocks back at once (numpy/_core/src/multiarray/alloc.c)."""


def wipe(*arrays: NDArray[Any] | None) -> None:
    """Fill arrays with zeros; those that are None or read-only are passed over: a read-only one is not ours."""
    for array in arrays:
        if array is not None and array.flags.writeable:
            array.fill(0)


def wipe_freed(sizes: Iterable[int]) -> None:
    """Overwrite the blocks that numpy keeps of these sizes in bytes, by taking them all and letting them go again."""
    for size in sizes:
        if size < _LARGEST_KEPT:
            wipe(*[np.empty(size, np.uint8) for _ in range(_KEPT_BLOCKS)])
