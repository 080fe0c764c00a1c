"""Our worker, measured: the same object that a Ray actor runs, in a process of its own."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psutil
from prometheus_client.parser import text_string_to_metric_families

from watchbound.adapters.allocator import WIPES_FREED
from watchbound.adapters.onnx_session import ModelSession
from watchbound.matching import look as look_module
from watchbound.matching.main import MatchingConfiguration, WorkerProcess
from watchbound.pipeline import metric_names as names

_LOOK_S = 0.5


@dataclass(frozen=True, slots=True)
class OurResult:
    """What one run did and used.

    Attributes:
        cpu_s: user and system CPU of the process and its threads, from the first frame to the last.
        kernel_cpu_s: of that, inside JPEG decoding and onnxruntime's `run`.
        rss_mb: resident memory at the end, in MB of 10^6 bytes.
    """

    frames: int
    faces: int
    embeddings: int
    matches: int
    cpu_s: float
    kernel_cpu_s: float
    rss_mb: float

    @property
    def cpu_ms_per_frame(self) -> float:
        """Milliseconds of CPU a frame."""
        return 1000 * self.cpu_s / self.frames

    @property
    def overhead_share(self) -> float:
        """Share of the CPU spent outside decoding and model kernels."""
        return 1 - self.kernel_cpu_s / self.cpu_s


class Measured:
    """A worker process that waits for frames; use it as a context manager.

    Args:
        configuration: as a Ray actor would get it.
        frames: how many frames to measure, from the first one on.
    """

    def __init__(self, configuration: MatchingConfiguration, frames: int) -> None:
        context = multiprocessing.get_context("spawn")
        # As Ray's workers start: what is measured pays for overwriting what it frees. It is read by new processes only.
        os.environ.update(WIPES_FREED)
        self._pipe, theirs = context.Pipe()
        self.process = context.Process(target=_main, args=(theirs, configuration, frames), daemon=True)
        self.process.start()
        theirs.close()

    def wait_ready(self) -> None:
        """Return once the worker reads frames."""
        self._pipe.recv()

    def result(self) -> OurResult:
        """Wait for the frames to be processed."""
        result: OurResult = self._pipe.recv()
        self.process.join()
        return result

    def rss_mb(self) -> float:
        """Resident memory now, in MB of 10^6 bytes."""
        return float(psutil.Process(self.process.pid).memory_info().rss / 1e6)


def _main(pipe: Any, configuration: MatchingConfiguration, frames: int) -> None:
    kernels = _Kernels()
    worker = WorkerProcess(configuration, "worker-0")
    thread = threading.Thread(target=worker.run, name="worker")
    thread.start()
    while worker.complaint() is not None:
        time.sleep(0.05)
    pipe.send("ready")
    cpu_before, kernels_before = time.process_time(), kernels.cpu_s
    while (counts := _counts(worker.exposition()))["processed"] < frames:
        time.sleep(_LOOK_S)
    cpu_s, kernel_cpu_s = time.process_time() - cpu_before, kernels.cpu_s - kernels_before
    rss_mb = psutil.Process().memory_info().rss / 1e6
    worker.stop()
    thread.join()
    pipe.send(
        OurResult(
            counts["processed"], counts["faces"], counts["embeddings"], counts["matches"], cpu_s, kernel_cpu_s, rss_mb
        )
    )


class _Kernels:
    """CPU time of the calling thread inside decoding and `run`; with one intra-op thread that is all of it."""

    def __init__(self) -> None:
        self.cpu_s = 0.0
        for place, name in ((ModelSession, "run"), (look_module, "decode_jpeg")):
            setattr(place, name, self._timed(getattr(place, name)))

    def _timed(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any) -> Any:
            started = time.thread_time()
            try:
                return function(*args)
            finally:
                self.cpu_s += time.thread_time() - started

        return timed


def _counts(exposition: bytes) -> dict[str, int]:
    wanted = {
        names.FRAMES_PROCESSED: "processed",
        names.FACES_DETECTED: "faces",
        names.EMBEDDINGS_MADE: "embeddings",
        names.MATCHES_PUBLISHED: "matches",
    }
    by_sample = {f"{names.PREFIX}{metric.name}_total": name for metric, name in wanted.items()}
    counts = dict.fromkeys(by_sample.values(), 0)
    for family in text_string_to_metric_families(exposition.decode()):
        for sample in family.samples:
            if sample.name in by_sample:
                counts[by_sample[sample.name]] += int(sample.value)
    return counts
