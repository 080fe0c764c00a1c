from __future__ import annotations

import ctypes

import numpy as np

from watchbound.extraction.wipe import wipe, wipe_freed


def test_an_array_is_overwritten_and_what_is_not_ours_is_left() -> None:
    ours, theirs = np.ones(8, np.float32), np.ones(8, np.float32)
    theirs.flags.writeable = False
    wipe(ours, None, theirs)
    assert not ours.any()
    assert theirs.all()


def test_blocks_that_numpy_keeps_are_overwritten() -> None:
    size = 512
    freed = [np.full(size, 0x5A, np.uint8) for _ in range(7)]
    places = [array.ctypes.data for array in freed]
    assert all(ctypes.string_at(place, size) == b"\x5a" * size for place in places)
    freed.clear()
    wipe_freed([size, 1 << 20])
    assert not any(b"\x5a" * 64 in ctypes.string_at(place, size) for place in places)
