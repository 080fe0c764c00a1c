"""Pictures as models take them: numbers of single precision that are whole and lie between 0 and 255."""

from __future__ import annotations

import numpy as np

SIZE = 4
"""Bytes of one such number."""


def as_octets(data: bytes) -> bytes:
    """One byte for each aligned number: its value where it could be a pixel's, 0 where it could not."""
    floats = np.frombuffer(data, "<f4", count=len(data) // SIZE)
    with np.errstate(invalid="ignore"):
        octets = np.where((floats >= 0) & (floats <= 255), floats, 0).astype(np.uint8)
        return np.where(octets == floats, octets, 0).tobytes()
