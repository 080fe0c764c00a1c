"""What a second worker adds on the same machine, and what a longer watchlist costs a frame.

*Workers*: a backlog of frames is read by one worker, then again by two, each for the same time, during which all of
them always have frames. Cameras are named so that each of the topic's partitions holds one, and so each worker as many.
Two things are told: frames a second, which on two cores also pays for the broker, the vector store and whatever else
the machine does; and CPU a frame, which shows alone whether workers are in each other's way.

*List*: a Milvus server holds two lists, and one worker reads the same frames under one and then the other, in turn.
The workers' delta is told that the lists are old, so that the server is asked and nothing else (in a deployment's first
two minutes each worker also searches what is new by itself).
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import psutil
from kafka.partitioner.default import murmur2

from loadtest.footage import FPS, loops
from loadtest.ours import WITHOUT_END, Measured, OurResult, Progress
from loadtest.setting import Setting
from loadtest.stand import Stand, in_order, open_stand
from loadtest.stopwatch import Stopwatch, replace
from watchbound.matching import main as main_module
from watchbound.pipeline.topics import FRAMES
from watchbound.pipeline.watchlist_delta import WatchlistDelta
from watchbound.stack.milvus_standalone import MilvusServer

_AUTHORISATION = "scaling"
_FASTEST_FPS = 120
"""More than a core of today does: the backlog must outlast the watching."""
_BEGUN = 20
_LOOK_S = 0.05
_SETTLED_S = 0.001
_LIST_ROUNDS = 2


def measure(setting: Setting) -> dict[str, Any]:
    """Both."""
    return {"scaling": {"workers": _workers(setting), "list": _lists(setting)}}


def cameras_by_partition(partitions: int) -> list[str]:
    """One camera name for each partition, in the order of the partitions, as Kafka's own partitioner spreads keys."""
    found: dict[int, str] = {}
    number = 0
    while len(found) < partitions:
        name = f"backlog-{number}"
        found.setdefault((murmur2(name.encode()) & 0x7FFFFFFF) % partitions, name)
        number += 1
    return [found[partition] for partition in range(partitions)]


def _workers(setting: Setting) -> dict[str, Any]:
    cameras = cameras_by_partition(FRAMES.partitions)
    each = round(setting.size.backlog_s * 2 * _FASTEST_FPS / len(cameras)) + _BEGUN
    first = datetime.now(UTC) - timedelta(seconds=each / FPS)
    with open_stand(setting.pack) as stand:
        stand.authorise(_AUTHORISATION, cameras)
        stand.enrol(_AUTHORISATION, {}, setting.size.watchlist)
        for number in range(each):
            at = first + timedelta(seconds=number / FPS)
            stand.publish([loop.frame(number, at, _AUTHORISATION) for loop in loops(setting.footage, cameras)])
        one = _throughput(stand, 1, setting.size.backlog_s)
        setting.say(f"scaling: one worker does {one['fps']:.1f} frames a second")
        two = _throughput(stand, 2, setting.size.backlog_s)
        setting.say(f"scaling: two workers do {two['fps']:.1f} frames a second")
    return workers_report(one, two)


def workers_report(one: Mapping[str, float], two: Mapping[str, float]) -> dict[str, Any]:
    """Efficiency is 1 where two do twice what one does."""
    return {
        "1": dict(one),
        "2": dict(two),
        "efficiency": round(two["fps"] / (2 * one["fps"]), 3),
        "cpu_efficiency": round(one["cpu_ms_per_frame"] / two["cpu_ms_per_frame"], 3),
    }


def _throughput(stand: Stand, workers: int, seconds: float) -> dict[str, float]:
    """Frames a second of so many workers in one group, all of them at work, and what the machine spent besides."""
    started = [Measured(stand.for_group(f"scaling-{workers}"), WITHOUT_END) for _ in range(workers)]
    try:
        for worker in started:
            worker.wait_ready()
        for worker in started:
            while worker.progress.frames < _BEGUN:
                worker.check()
                time.sleep(_LOOK_S)
        before = [worker.progress for worker in started]
        broker, store = cpu_of("tansu"), cpu_of("milvus-lite")
        time.sleep(seconds)
        after = [worker.progress for worker in started]
        broker, store = cpu_of("tansu") - broker, cpu_of("milvus-lite") - store
    finally:
        for worker in started:
            worker.stop()
    return rates(before, after) | {"broker_cores": round(broker / seconds, 2), "store_cores": round(store / seconds, 2)}


def rates(before: Sequence[Progress], after: Sequence[Progress]) -> dict[str, float]:
    """Frames a second of all workers together, their CPU a frame, and how many cores they had.

    Raises:
        ValueError: one of them did nothing: its backlog was at its end.
    """
    spans = [(b.frames - a.frames, b.cpu_s - a.cpu_s, b.at - a.at) for a, b in zip(before, after, strict=True)]
    if any(frames <= 0 or seconds <= 0 for frames, _, seconds in spans):
        msg = f"expected every worker to be at work, got (frames, CPU s, s) of {spans}; give them a longer backlog"
        raise ValueError(msg)
    frames, cpu_s = sum(span[0] for span in spans), sum(span[1] for span in spans)
    return {
        "fps": round(sum(frames / seconds for frames, _, seconds in spans), 2),
        "cpu_ms_per_frame": round(1000 * cpu_s / frames, 2),
        "worker_cores": round(sum(cpu / seconds for _, cpu, seconds in spans), 2),
    }


def cpu_of(program: str) -> float:
    """CPU seconds so far of our child processes whose command line names a program."""
    spent = 0.0
    for process in psutil.Process().children(recursive=True):
        try:
            if any(Path(part).name == program for part in process.cmdline()):
                times = process.cpu_times()
                spent += times.user + times.system
        except psutil.NoSuchProcess:
            continue
    return spent


def settled() -> Mapping[str, Stopwatch]:
    """Have this process's worker take every list for an old one."""
    replace(main_module, "WatchlistDelta", partial(WatchlistDelta, keep_s=_SETTLED_S))
    return {}


def _lists(setting: Setting) -> dict[str, Any]:
    runs: dict[int, list[ListRun]] = {length: [] for length in setting.size.lists}
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="wb-milvus-")))
        server = opened.enter_context(MilvusServer(folder))
        stands = {}
        for length in runs:
            stands[length] = opened.enter_context(open_stand(setting.pack, milvus_uri=server.uri))
            setting.say(f"scaling: listing {length} on a Milvus server")
            frames = _fill(stands[length], setting, length)
        for number in range(min(setting.size.rounds, _LIST_ROUNDS)):
            for length, stand in stands.items():
                spent = cpu_of("milvus")
                worker = Measured(stand.for_group(f"list-{number}"), frames, settled)
                worker.wait_ready()
                result = worker.result()
                runs[length].append(ListRun(result, cpu_of("milvus") - spent))
                setting.say(f"scaling: {length} listed: {result.cpu_ms_per_frame:.1f} ms of CPU a frame")
    return lists_report(runs)


def _fill(stand: Stand, setting: Setting, length: int) -> int:
    """Authorise, list and publish; returns how many frames."""
    name = f"list-{length}"
    first = datetime.now(UTC) - timedelta(seconds=setting.size.cost_s)
    footage = [part.first(setting.size.cost_s) for part in setting.footage]
    frames = in_order(frame for part in footage for frame in part.frames(name, first))
    stand.authorise(name, setting.cameras)
    stand.enrol(name, {}, length)
    stand.publish(frames)
    return len(frames)


@dataclass(frozen=True, slots=True)
class ListRun:
    """One run of a worker against one list, and the CPU seconds that the server spent meanwhile."""

    result: OurResult
    server_cpu_s: float


def lists_report(runs: Mapping[int, Sequence[ListRun]]) -> dict[str, Any]:
    """Medians; `ratio` is of the worker's CPU a frame, the longer list's over the shorter one's."""
    median = statistics.median
    rows = {
        str(length): {
            "cpu_ms_per_frame": round(median(run.result.cpu_ms_per_frame for run in each), 2),
            "server_cpu_ms_per_frame": round(median(1000 * run.server_cpu_s / run.result.frames for run in each), 2),
            "search_ms": round(median(1000 * run.result.search_s / run.result.searches for run in each), 2),
            "searches_per_frame": round(median(run.result.searches / run.result.frames for run in each), 3),
        }
        for length, each in runs.items()
    }
    shorter, longer = (runs[length] for length in sorted(runs))
    ratios = [b.result.cpu_ms_per_frame / a.result.cpu_ms_per_frame for a, b in zip(shorter, longer, strict=True)]
    return rows | {"ratio": round(median(ratios), 3), "ratios": [round(ratio, 3) for ratio in ratios]}
