"""What hostile pictures cost: `python -m loadtest.hostile`. Each is handed to a process of its own.

Memory is what the process grew by while it decoded, the most at any moment (VmHWM); time is the CPU's. The budget that
the summary is judged by (5 ms and 50 MB for what is refused) belongs to a quiet machine; it is reported, and no test.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import simplejpeg
from tests.fuzz.bombs import claiming, many_scans

from watchbound.domain.errors import Poison
from watchbound.extraction.decode import PictureLimits, decode_jpeg

WIDTH, HEIGHT = 3840, 2160
LIMITS = PictureLimits(max_bytes=2_000_000, max_pixels=WIDTH * HEIGHT)
"""As `MatchingSettings` has them."""

CPU_MS, MEGABYTES = 5.0, 50.0


def noise(width: int, height: int, quality: int) -> bytes:
    """Every block of it costs what a block can."""
    picture = np.random.default_rng(3).integers(0, 255, (height, width, 3), dtype=np.uint8)
    return bytes(simplejpeg.encode_jpeg(picture, quality, "BGR", colorsubsampling="444"))


def largest_admitted() -> bytes:
    """Noise of the most pixels at the highest quality that still fits into the most bytes."""
    fitting = (noise(WIDTH, HEIGHT, quality) for quality in range(40, 0, -1))
    return next(data for data in fitting if len(data) <= LIMITS.max_bytes)


def flat(width: int, height: int) -> bytes:
    """The most pixels from the fewest bytes."""
    return bytes(simplejpeg.encode_jpeg(np.full((height, width, 3), 128, np.uint8), 50, "BGR"))


def progressive() -> bytes:
    """As an encoder makes it, in colour."""
    smooth = cv2.GaussianBlur(np.random.default_rng(3).integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8), (0, 0), 8)
    return cv2.imencode(".jpg", smooth, [cv2.IMWRITE_JPEG_PROGRESSIVE, 1, cv2.IMWRITE_JPEG_QUALITY, 50])[1].tobytes()


CASES: dict[str, Callable[[], bytes]] = {
    "header claims 30000 x 30000, 93 kB": lambda: claiming(30_000, 30_000),
    "progressive, 883 scans of 3840 x 2160": lambda: many_scans(WIDTH, HEIGHT, 883),
    "too many bytes": lambda: bytes(LIMITS.max_bytes + 1),
    "progressive, 32 scans of 3840 x 2160": lambda: many_scans(WIDTH, HEIGHT, 32),
    "progressive in colour, 3840 x 2160": progressive,
    "flat, 3840 x 2160": lambda: flat(WIDTH, HEIGHT),
    "noise, 3840 x 2160, all the bytes": largest_admitted,
    "an ordinary frame, 1280 x 720": lambda: noise(1280, 720, 30),
}


def cost(data: bytes) -> dict[str, Any]:
    """One decode in this process; call it in a new one."""
    decode_jpeg(flat(64, 64), LIMITS)
    Path("/proc/self/clear_refs").write_text("5")
    before, started = _peak_kb(), time.process_time()
    try:
        decode_jpeg(data, LIMITS)
        answer = "decoded"
    except Poison as poison:
        answer = poison.reason.value
    spent, grown = time.process_time() - started, _peak_kb() - before
    return {"bytes": len(data), "answer": answer, "cpu_ms": round(spent * 1000, 2), "megabytes": round(grown / 1024, 1)}


def _peak_kb() -> int:
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])


def main() -> None:
    """Measure every case and print a table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    given = parser.parse_args()
    rows = []
    for name, make in CASES.items():
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            rows.append({"case": name} | pool.submit(cost, make()).result())
        row = rows[-1]
        print(f"{name:40} {row['bytes']:>9} B  {row['answer']:16} {row['cpu_ms']:8.2f} ms {row['megabytes']:6.1f} MB")
    refused = [row for row in rows if row["answer"] != "decoded"]
    kept = all(row["cpu_ms"] <= CPU_MS and row["megabytes"] <= MEGABYTES for row in refused)
    print(f"refused within {CPU_MS:g} ms and {MEGABYTES:g} MB: {'yes' if kept else 'NO'}")
    if given.json is not None:
        given.json.write_text(json.dumps({"cases": rows, "refused_within_budget": kept}, indent=2) + "\n")


if __name__ == "__main__":
    main()
