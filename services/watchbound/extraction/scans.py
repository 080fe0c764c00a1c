"""Refuses JPEGs that take a decoder long although they are small.

What a sequential Huffman-coded JPEG (SOF0, SOF1) costs is bounded by its bytes: every block of every scan takes some. A
progressive one can pass over all blocks with a few bytes, and nothing limits how often: 882 legal scans of a grey
picture fit into 40 kB. Arithmetic coding is as dense. Such pictures may have the few scans that encoders make.
"""

from __future__ import annotations

from watchbound.domain.errors import Poison, PoisonReason

MOST_SCANS = 32
"""libjpeg's own script for colour makes 10."""

_START_OF_SCAN = b"\xff\xda"
_PAID_BY_BYTES = frozenset({0xC0, 0xC1})
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Markers that begin a frame (ITU-T T.81, table B.1): all SOFn; DHT, JPG and DAC lie between them."""


def check_scans(data: bytes) -> None:
    """Refuse a picture of many scans.

    Raises:
        Poison: it has more than `MOST_SCANS`.
    """
    if _frame_marker(data) in _PAID_BY_BYTES:
        return
    # Metadata may hold the two bytes by chance or in a thumbnail: counted too, so that none is ever overlooked.
    scans = data.count(_START_OF_SCAN)
    if scans > MOST_SCANS:
        detail = f"expected at most {MOST_SCANS} scans in a progressive JPEG, found {scans}"
        raise Poison(PoisonReason.TOO_MANY_SCANS, detail)


def _frame_marker(data: bytes) -> int | None:
    """The marker that says how the picture is coded; None where the segments do not simply follow one another."""
    position = 2
    while position + 4 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker in _FRAMES:
            return marker
        length = int.from_bytes(data[position + 2 : position + 4], "big")
        if length < 2:
            return None
        position += 2 + length
    return None
