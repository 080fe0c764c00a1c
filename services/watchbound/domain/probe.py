"""What a gallery may be asked."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from watchbound.domain.embedding import UNIT_TOLERANCE
from watchbound.domain.errors import InvalidValue


def require_probes(probes: NDArray[np.float32], limit: int) -> None:
    """Refuse probes that are not unit vectors of shape (n, d), and a limit below 1.

    A store answers NaN with anything, and a longer vector with scores above 1.
    """
    if limit < 1:
        msg = f"a search asks for at least 1 candidate, got {limit}"
        raise InvalidValue(msg)
    if probes.ndim != 2 or probes.shape[1] == 0:
        msg = f"probes are an array of shape (n, d), got {probes.shape}"
        raise InvalidValue(msg)
    norms = np.linalg.norm(probes.astype(np.float64), axis=1)
    # Written so that NaN is refused as well.
    if not np.all(np.abs(norms - 1.0) <= UNIT_TOLERANCE):
        worst = int(np.argmax(~(np.abs(norms - 1.0) <= UNIT_TOLERANCE)))
        msg = f"every probe must have norm 1 (±{UNIT_TOLERANCE}), probe {worst} of {len(norms)} has {norms[worst]:.6g}"
        raise InvalidValue(msg)
