"""Whether anything has moved between two glances at a scene."""

from __future__ import annotations

import numpy as np

from watchbound.extraction.decode import Grey

_LEVELS = 10.0
"""By how much a block must have changed. It is the mean of 64 pixels: of sensor noise less than one level is left."""
_BLOCKS = 4
"""How many must have. The smallest face that is ever embedded (14 pixels between the eyes) covers about twelve."""


def has_moved(before: Grey, now: Grey) -> bool:
    """Whether something other than the light as a whole has changed; pictures of two sizes always differ.

    Args:
        before: a glance (`decode.glance_jpeg`), one value for each 8×8 pixels.
        now: a later one.
    """
    if before.shape != now.shape:
        return True
    # Lamps flicker and cameras set their exposure anew: that scales everything.
    gain = float(now.mean()) / max(float(before.mean()), 1.0)
    change = np.abs(now - before * np.float32(gain))
    return int(np.count_nonzero(change > _LEVELS)) >= _BLOCKS
