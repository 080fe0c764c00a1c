"""Small files that cost a careless decoder much. Nobody is in them: they are grey, black or noise."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

import numpy as np
import simplejpeg

_LONGEST_RUN = 32_767
"""Blocks that one end-of-band code may skip (ITU-T T.81, G.1.2.2)."""


def claiming(width: int, height: int, fill: int = 93_000) -> bytes:
    """A JPEG of `fill` bytes, as the field reports it, whose header claims another size than it has."""
    noise = np.random.default_rng(7).integers(0, 255, (96, 96, 3), dtype=np.uint8)
    data = bytearray(simplejpeg.encode_jpeg(noise, 90, "BGR"))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = height.to_bytes(2, "big") + width.to_bytes(2, "big")
    return bytes(data[:-2] + bytes(max(0, fill - len(data))) + data[-2:])


def many_scans(width: int, height: int, scans: int) -> bytes:
    """A legal progressive JPEG, grey, that passes over all its blocks `scans` times, 883 at most."""
    blocks = -(-width // 8) * -(-height // 8)
    frame = _segment(0xC2, struct.pack(">BHHB", 8, height, width, 1) + bytes((1, 0x11, 0)))
    tables = _segment(0xDB, bytes(1) + bytes([1] * 64)) + _one_code(0x00, 0) + _one_code(0x10, 0xE0)
    passes = [_scan(0, 0, 0, 0, "0" * blocks)]
    for start, low, high in _refinements():
        if len(passes) == scans:
            break
        run = f"0{'1' * 14}"
        passes.append(_scan(start, start, high, low, run * -(-blocks // _LONGEST_RUN)))
    return b"\xff\xd8" + tables + frame + b"".join(passes) + b"\xff\xd9"


def _refinements() -> Iterator[tuple[int, int, int]]:
    """Each coefficient, bit by bit: (coefficient, low bit, high bit)."""
    for coefficient in range(1, 64):
        yield coefficient, 13, 0
        for low in range(12, -1, -1):
            yield coefficient, low, low + 1


def _segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body


def _one_code(table: int, symbol: int) -> bytes:
    """A Huffman table with one code of one bit."""
    return _segment(0xC4, bytes((table, 1)) + bytes(15) + bytes((symbol,)))


def _scan(start: int, end: int, high: int, low: int, bits: str) -> bytes:
    bits += "1" * (-len(bits) % 8)
    data = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\x00")
    return _segment(0xDA, bytes((1, 1, 0, start, end, high << 4 | low))) + data


def png_claiming(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header claims a size."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = (b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")
    chunks = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def laughing(levels: int = 30) -> str:
    """YAML that doubles itself with each line: 2 to the power of `levels` texts, if anybody writes them out."""
    lines = ["a0: &a0 [ha, ha]"]
    lines += [f"a{level}: &a{level} [*a{level - 1}, *a{level - 1}]" for level in range(1, levels)]
    return "\n".join([*lines, f"format: *a{levels - 1}", f"cameras: *a{levels - 1}", ""])
