"""What sealing costs: CPU milliseconds to seal and to open one frame, beside decoding the same frame.

`python -m loadtest.sealing` prints JSON. The key ring is the product's own, on disk, with keys as they are remembered
between looks at the folder. `make bench` does the same and sets it against what its worker spends on a frame.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import simplejpeg

from watchbound.adapters.keyring import init_key_ring, open_key_ring
from watchbound.domain.frame import Frame
from watchbound.extraction.decode import PictureLimits, decode_jpeg
from watchbound.pipeline.sealing import open_frame, seal_frame
from watchbound.ports import KeyRing
from watchbound.settings import KeySettings, load

AUTHORISATION = "loadtest"
FRAME_BYTES = 130_000
_WIDTH, _HEIGHT = 1280, 720
_LIMITS = PictureLimits(2_000_000, _WIDTH * _HEIGHT)
_ROUNDS = 5


def picture(size: int) -> bytes:
    """A 720p JPEG of about `size` bytes: noise of the strength that takes so many."""
    chance = np.random.default_rng(1)
    coarse = chance.integers(0, 255, (_HEIGHT // 16, _WIDTH // 16, 3)).astype(np.uint8)
    image = coarse.repeat(16, axis=0).repeat(16, axis=1)
    low, high = 0, 128
    while low < high:
        strength = (low + high) // 2
        noise = chance.integers(-strength, strength + 1, image.shape)
        jpeg = simplejpeg.encode_jpeg(np.clip(image + noise, 0, 255).astype(np.uint8), 85, "BGR", "420")
        low, high = (strength + 1, high) if len(jpeg) < size else (low, strength)
    return bytes(jpeg)


def measure(frames: int) -> dict[str, Any]:
    """Medians over rounds of CPU time a frame, on one thread, with a key ring of its own."""
    with tempfile.TemporaryDirectory() as scratch:
        settings = load(KeySettings, folder=Path(scratch) / "ring", master_key=Path(scratch) / "master.key")
        init_key_ring(settings)
        ring = open_key_ring(settings)
        ring.create(AUTHORISATION)
        return _measure(ring, frames)


def _measure(ring: KeyRing, frames: int) -> dict[str, Any]:
    frame = Frame("gate-1", 0, datetime.now(UTC), AUTHORISATION, picture(FRAME_BYTES))
    sealed = seal_frame(ring, frame)
    acts: dict[str, Callable[[], object]] = {
        "seal": lambda: seal_frame(ring, frame),
        "open": lambda: open_frame(ring, sealed),
        "decode": lambda: decode_jpeg(frame.jpeg, _LIMITS),
    }
    spent: dict[str, list[float]] = {name: [] for name in acts}
    # Rounds alternate, so that a machine whose speed drifts slows all alike.
    for _ in range(_ROUNDS):
        for name, act in acts.items():
            spent[name].append(_cpu_ms(act, frames))
    medians = {f"{name}_ms": round(statistics.median(values), 4) for name, values in spent.items()}
    return {"frame_bytes": len(frame.jpeg), "sealed_bytes": len(sealed.sealed), "frames": frames * _ROUNDS} | medians


def _cpu_ms(act: Callable[[], object], times: int) -> float:
    started = time.thread_time()
    for _ in range(times):
        act()
    return 1000 * (time.thread_time() - started) / times


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=400, help="frames a round [400]")
    arguments = parser.parse_args()
    print(json.dumps(measure(arguments.frames)))


if __name__ == "__main__":
    main()
