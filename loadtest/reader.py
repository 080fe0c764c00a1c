"""Runs a pipeline of somebody else's over a topic of JPEGs, in a process of its own, and measures it."""

from __future__ import annotations

import multiprocessing
import resource
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import psutil
from kafka import KafkaConsumer

from loadtest.passages import Sighting

_SILENCE_S = 30.0


class Answer(NamedTuple):
    """Who a face resembles most on one list; a higher score is more alike."""

    reference: str
    score: float


class Found(NamedTuple):
    """A face: its centre in pixels, and the answer of each list that was asked."""

    centre: tuple[float, float]
    answers: tuple[Answer, ...]


class FramePipeline(Protocol):
    """A pipeline that looks at one frame at a time."""

    def handle(self, jpeg: bytes) -> list[Found]:
        """Everything that is done for one frame's record."""

    def close(self) -> None:
        """Let go of what it holds."""


@dataclass(frozen=True, slots=True)
class ReaderResult:
    """What one run did and used.

    Attributes:
        faces: faces found, embedded and searched for.
        hits: answers that reached the threshold.
        cpu_s: user and system CPU of the process and its threads, from the first frame to the last.
        rss_mb: resident memory at the end, in MB of 10^6 bytes.
        sightings: by list, all answers, with where they were seen.
    """

    frames: int
    faces: int
    hits: int
    cpu_s: float
    rss_mb: float
    sightings: tuple[tuple[Sighting, ...], ...]

    @property
    def cpu_ms_per_frame(self) -> float:
        """Milliseconds of CPU a frame."""
        return 1000 * self.cpu_s / self.frames


class Reading:
    """A pipeline at work in a process of its own, which several may be at once.

    Args:
        make: makes the pipeline there; a function that a new process can import.
        bootstrap: the broker, host:port.
        topic: holds JPEGs in plain, at least `frames` of them, each camera's in order under its id.
        frames: how many to handle, from the first one on.
        threshold: the least score that is a hit.
        cameras: the frames of others are passed over, and not counted among `frames`; None takes all.
    """

    def __init__(
        self,
        make: Callable[[], FramePipeline],
        bootstrap: str,
        topic: str,
        frames: int,
        threshold: float,
        cameras: Collection[str] | None = None,
    ) -> None:
        context = multiprocessing.get_context("spawn")
        self._receiver, sender = context.Pipe(duplex=False)
        arguments = (sender, make, bootstrap, topic, frames, threshold, cameras)
        self._process = context.Process(target=_main, args=arguments, name="pipeline", daemon=True)
        self._process.start()
        sender.close()

    def result(self) -> ReaderResult:
        """Wait for it to have handled its frames.

        Raises:
            RuntimeError: the process ended without a result; its trace is on standard error.
        """
        try:
            result: ReaderResult = self._receiver.recv()
        except EOFError:
            self._process.join()
            msg = f"the pipeline ended with exit code {self._process.exitcode} instead of a result; see its trace above"
            raise RuntimeError(msg) from None
        self._process.join()
        return result


def _main(
    sender: Any,
    make: Callable[[], FramePipeline],
    bootstrap: str,
    topic: str,
    frames: int,
    threshold: float,
    cameras: Collection[str] | None,
) -> None:
    pipeline = make()
    consumer = KafkaConsumer(
        topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest", consumer_timeout_ms=_SILENCE_S * 1000
    )
    found: list[tuple[str, int, Found]] = []
    handled: Counter[str] = Counter()
    cpu_before = 0.0
    for record in consumer:
        if not handled:
            cpu_before = _cpu_s()
        camera = record.key.decode()
        if cameras is not None and camera not in cameras:
            continue
        found += [(camera, handled[camera], face) for face in pipeline.handle(record.value)]
        handled[camera] += 1
        if handled.total() == frames:
            break
    cpu_s = _cpu_s() - cpu_before
    consumer.close()
    pipeline.close()
    if handled.total() < frames:
        msg = f"expected {frames} frames on {topic}, got {handled.total()} before {_SILENCE_S:.0f} s of silence"
        raise RuntimeError(msg)
    hits = sum(answer.score >= threshold for _, _, face in found for answer in face.answers)
    rss_mb = psutil.Process().memory_info().rss / 1e6
    sender.send(ReaderResult(frames, len(found), hits, cpu_s, rss_mb, _by_list(found)))


def _by_list(found: list[tuple[str, int, Found]]) -> tuple[tuple[Sighting, ...], ...]:
    lists = len(found[0][2].answers) if found else 0
    return tuple(
        tuple(Sighting(camera, frame, face.centre, *face.answers[which]) for camera, frame, face in found)
        for which in range(lists)
    )


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
