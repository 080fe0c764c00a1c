"""Our worker, measured: the same object that a Ray actor runs, in a process of its own."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields
from typing import Any

import psutil
from prometheus_client.parser import text_string_to_metric_families

from loadtest.stopwatch import Stopwatch
from watchbound.adapters.allocator import WIPES_FREED
from watchbound.adapters.onnx_session import ModelSession
from watchbound.matching import look as look_module
from watchbound.matching.main import MatchingConfiguration, WorkerProcess
from watchbound.pipeline import metric_names as names

WITHOUT_END = 10**9
"""More frames than any run has: such a worker is followed, and stopped."""

_LOOK_S = 0.5
_FIRST_LOOK_S = 0.05

Prepare = Callable[[], Mapping[str, Stopwatch]]
"""Called in the worker's process before it is built: puts other parts in, and names what is to be watched."""


@dataclass(frozen=True, slots=True)
class OurResult:
    """What one run did and used, from soon after its first frame to its last.

    Attributes:
        cpu_s: user and system CPU of the process and its threads.
        kernel_cpu_s: of that, inside JPEG decoding and onnxruntime's `run`.
        search_s: time, not CPU, that the worker waited for the vector store in all.
        searches: how often it asked.
        seconds: how long it took.
        rss_mb: resident memory at the end, in MB of 10^6 bytes.
        watched_cpu_s: by name, CPU inside what `Prepare` watches.
    """

    frames: int
    faces: int
    embeddings: int
    matches: int
    cpu_s: float
    kernel_cpu_s: float
    search_s: float
    searches: int
    seconds: float
    rss_mb: float
    watched_cpu_s: Mapping[str, float]

    @property
    def cpu_ms_per_frame(self) -> float:
        """Milliseconds of CPU a frame."""
        return 1000 * self.cpu_s / self.frames

    @property
    def overhead_share(self) -> float:
        """Share of the CPU spent outside decoding and model kernels."""
        return 1 - self.kernel_cpu_s / self.cpu_s


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a worker is.

    Attributes:
        frames: processed so far.
        cpu_s: used so far.
        at: when that was, in seconds of the machine's monotonic clock; 0 before the first look.
    """

    frames: float
    cpu_s: float
    at: float


class Measured:
    """A worker process, measured from its first frame on.

    Args:
        configuration: as a Ray actor would get it.
        frames: how many there are for it to read; `result` waits for them.
        prepare: see `Prepare`; a function that a new process can import.
        wipes_freed: whether its C library overwrites what it frees, as Ray's workers are started.
    """

    def __init__(
        self,
        configuration: MatchingConfiguration,
        frames: int,
        prepare: Prepare | None = None,
        wipes_freed: bool = True,
    ) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._progress = context.Array("d", len(fields(Progress)))
        arguments = (theirs, self._progress, configuration, frames, prepare)
        self.process = context.Process(target=_main, args=arguments, daemon=True)
        with _environment(WIPES_FREED if wipes_freed else dict.fromkeys(WIPES_FREED)):
            self.process.start()
        theirs.close()

    def wait_ready(self) -> None:
        """Return once the worker reads frames.

        Raises:
            RuntimeError: its process ended; its trace is on standard error (so for `result`).
        """
        self._received()

    def result(self) -> OurResult:
        """Wait for the frames to be processed."""
        result: OurResult = self._received()
        self.process.join()
        return result

    @property
    def progress(self) -> Progress:
        """How far it is, as of the last half second."""
        with self._progress.get_lock():
            frames, cpu_s, at = self._progress[:]
        return Progress(frames, cpu_s, at)

    def check(self) -> None:
        """Fail rather than wait for a worker that is no more.

        Raises:
            RuntimeError: its process ended.
        """
        if not self.process.is_alive():
            msg = f"the worker ended with exit code {self.process.exitcode}; see its trace above"
            raise RuntimeError(msg)

    def rss_mb(self) -> float:
        """Resident memory now, in MB of 10^6 bytes."""
        return float(psutil.Process(self.process.pid).memory_info().rss / 1e6)

    def stop(self) -> None:
        """End it in the middle of its work."""
        self.process.terminate()
        self.process.join()

    def _received(self) -> Any:
        try:
            return self._pipe.recv()
        except EOFError:
            self.process.join()
            msg = f"the worker ended with exit code {self.process.exitcode} instead of a result; see its trace above"
            raise RuntimeError(msg) from None


@contextmanager
def _environment(variables: Mapping[str, str | None]) -> Iterator[None]:
    """For the processes that are started inside; None takes a variable away."""
    before = {name: os.environ.get(name) for name in variables}
    try:
        _set(variables)
        yield
    finally:
        _set(before)


def _set(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def _main(pipe: Any, progress: Any, configuration: MatchingConfiguration, frames: int, prepare: Prepare | None) -> None:
    watched = {"kernels": _kernels(), **(prepare() if prepare else {})}
    reader = _Reader()
    worker = WorkerProcess(configuration, "worker-0")
    thread = threading.Thread(target=worker.run, name="worker")
    thread.start()

    def look(pause_s: float) -> _Reading:
        time.sleep(pause_s)
        if not thread.is_alive():
            msg = "the worker's thread ended before its frames were processed"
            raise RuntimeError(msg)
        reading = reader.read(worker, watched)
        with progress.get_lock():
            progress[:] = astuple(Progress(reading.counts["processed"], reading.cpu_s, reading.at))
        return reading

    while worker.complaint() is not None:
        time.sleep(_FIRST_LOOK_S)
    pipe.send("ready")
    first = look(0)
    while first.counts["processed"] == 0:
        first = look(_FIRST_LOOK_S)
    last = look(0)
    while last.counts["processed"] < frames:
        last = look(_LOOK_S)
    rss_mb = psutil.Process().memory_info().rss / 1e6
    worker.stop()
    thread.join()
    pipe.send(_result(first, last, rss_mb))


def _kernels() -> Stopwatch:
    """Of decoding and of the models, whose one thread is the caller's."""
    kernels = Stopwatch()
    kernels.watch(ModelSession, "run")
    for decoding in ("decode_jpeg", "glance_jpeg"):
        kernels.watch(look_module, decoding)
    return kernels


@dataclass(frozen=True, slots=True)
class _Reading:
    """The worker's meters at one moment."""

    counts: Mapping[str, float]
    cpu_s: float
    at: float
    watched: Mapping[str, float]


class _Reader:
    """Reads the meters; what it costs to understand them is left out, since no worker does that."""

    def __init__(self) -> None:
        self._understanding_s = 0.0

    def read(self, worker: WorkerProcess, watched: Mapping[str, Stopwatch]) -> _Reading:
        exposition = worker.exposition()
        started = time.thread_time()
        counts = _counts(exposition)
        self._understanding_s += time.thread_time() - started
        spent = {name: stopwatch.cpu_s for name, stopwatch in watched.items()}
        return _Reading(counts, time.process_time() - self._understanding_s, time.monotonic(), spent)


def _result(first: _Reading, last: _Reading, rss_mb: float) -> OurResult:
    counts = {name: last.counts[name] - first.counts[name] for name in last.counts}
    watched = {name: last.watched[name] - first.watched[name] for name in last.watched}
    return OurResult(
        frames=int(counts["processed"]),
        faces=int(counts["faces"]),
        embeddings=int(counts["embeddings"]),
        matches=int(counts["matches"]),
        cpu_s=last.cpu_s - first.cpu_s,
        kernel_cpu_s=watched.pop("kernels"),
        search_s=counts["search_s"],
        searches=int(counts["searches"]),
        seconds=last.at - first.at,
        rss_mb=rss_mb,
        watched_cpu_s=watched,
    )


def _counts(exposition: bytes) -> dict[str, float]:
    by_sample = {
        f"{names.PREFIX}{names.FRAMES_PROCESSED.name}_total": "processed",
        f"{names.PREFIX}{names.FACES_DETECTED.name}_total": "faces",
        f"{names.PREFIX}{names.EMBEDDINGS_MADE.name}_total": "embeddings",
        f"{names.PREFIX}{names.MATCHES_PUBLISHED.name}_total": "matches",
        f"{names.PREFIX}{names.SEARCH_SECONDS.name}_sum": "search_s",
        f"{names.PREFIX}{names.SEARCH_SECONDS.name}_count": "searches",
    }
    counts = dict.fromkeys(by_sample.values(), 0.0)
    for family in text_string_to_metric_families(exposition.decode()):
        for sample in family.samples:
            if sample.name in by_sample:
                counts[by_sample[sample.name]] += sample.value
    return counts
