"""Resident memory of a worker at full load: it always has a few frames waiting, and never more.

The producer is bounded: it publishes a frame of each camera in turn as long as fewer than `BACKLOG` are not processed
yet. So the worker does what one core allows, on any machine, and no frame grows so old that it would be shed. There are
as many cameras as a core carries at five frames a second, so that each comes to about that.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any

from loadtest.cost import cameras_per_core
from loadtest.footage import loops
from loadtest.ours import WITHOUT_END, Measured
from loadtest.setting import Setting
from loadtest.stand import Stand, open_stand

BACKLOG = 60
"""Frames: more than a worker gets done between two looks at it."""

_AUTHORISATION = "memory"
_MAX_AGE_S = 30.0
_SAMPLE_S = 5.0
_PAUSE_S = 0.02
_USUAL_CPU_MS = 20.0
"""Of a frame, where no earlier part has measured it; it only decides how many cameras there are."""


def measure(setting: Setting) -> dict[str, Any]:
    """Follow one worker."""
    cameras = max(1, round(cameras_per_core(setting.cpu_ms_per_frame or _USUAL_CPU_MS)))
    minutes = setting.size.memory_minutes
    setting.say(f"memory over {minutes:g} minutes, {cameras} cameras")
    with open_stand(setting.pack, _MAX_AGE_S) as stand:
        names = [f"memory-{number}" for number in range(cameras)]
        stand.authorise(_AUTHORISATION, names)
        stand.enrol(_AUTHORISATION, {}, setting.size.watchlist)
        worker = Measured(stand.for_group("memory"), WITHOUT_END)
        try:
            worker.wait_ready()
            samples, seconds = _follow(setting, stand, worker, names, minutes * 60)
            frames, cpu_s = worker.progress.frames, worker.progress.cpu_s
        finally:
            worker.stop()
    return {
        "memory": report(samples, minutes)
        | {
            "load": f"a bounded backlog of {BACKLOG} frames",
            "cameras": cameras,
            "frames": int(frames),
            "fps_per_camera": round(frames / seconds / cameras, 2),
            "worker_share_of_a_core": round(cpu_s / seconds, 3),
        }
    }


def _follow(
    setting: Setting, stand: Stand, worker: Measured, names: Sequence[str], seconds: float
) -> tuple[list[float], float]:
    """Keep it busy; returns its memory in MB every `_SAMPLE_S`, and for how many seconds it went."""
    cameras = loops(setting.footage, names)
    samples: list[float] = []
    started = time.monotonic()
    published = 0
    for number in count():
        while published - worker.progress.frames >= BACKLOG:
            worker.check()
            time.sleep(_PAUSE_S)
        elapsed = time.monotonic() - started
        if elapsed >= seconds:
            return samples, elapsed
        now = datetime.now(UTC)
        stand.publish([camera.frame(number, now, _AUTHORISATION) for camera in cameras])
        published += len(cameras)
        if elapsed >= len(samples) * _SAMPLE_S:
            samples.append(worker.rss_mb())
    raise AssertionError


def report(samples: Sequence[float], minutes: float) -> dict[str, Any]:
    """The second quarter against the last one: the first is for warming up."""
    quarter = max(1, len(samples) // 4)
    a_minute = max(1, round(60 / _SAMPLE_S))
    second, last = statistics.median(samples[quarter : 2 * quarter] or samples), statistics.median(samples[-quarter:])
    return {
        "minutes": minutes,
        "rss_mb_second_quarter": round(second, 1),
        "rss_mb_last_quarter": round(last, 1),
        "growth": round(last / second - 1, 4),
        "rss_mb_max": round(max(samples), 1),
        "rss_mb_by_minute": [round(samples[at]) for at in range(0, len(samples), a_minute)],
    }
