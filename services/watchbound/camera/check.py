"""Looks at every camera of a site once: does it open, what does it send, can anything be seen?"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import Any

from watchbound.camera.health import CameraState, PictureStatistics
from watchbound.camera.site import CameraConfig, SiteConfig
from watchbound.camera.sources.source import Source
from watchbound.domain.errors import Poison, WatchboundError

PICTURES = 10
"""Enough for a rate; one second of a 10-a-second camera."""
_ANSWER_WITHIN_S = 30.0


@dataclass(frozen=True, slots=True)
class CameraReport:
    """What was found.

    Attributes:
        fps: pictures a second by the source's timestamps, or as they came from a live one; None for fewer than two.
        state: `ok`, `black` and `dark` by its pictures, or `disconnected`.
        problem: why it failed, or None.
    """

    camera: str
    source: str
    state: CameraState
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    problem: str | None = None

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {**asdict(self), "state": self.state.value}


def check_site(
    site: SiteConfig, source_of: Callable[[CameraConfig], Source], told: Callable[[CameraReport], None]
) -> list[CameraReport]:
    """Check all cameras at once, in the order of the file; each is told as soon as it is its turn.

    A camera that gives no answer within half a minute is reported as such and left behind.
    """
    answers: dict[str, queue.Queue[CameraReport]] = {camera.id: queue.Queue() for camera in site.cameras}
    for camera in site.cameras:
        work = _work(camera, source_of, answers[camera.id])
        threading.Thread(target=work, name=f"check-{camera.id}", daemon=True).start()
    give_up_s = time.monotonic() + _ANSWER_WITHIN_S
    reports = []
    for camera in site.cameras:
        try:
            report = answers[camera.id].get(timeout=max(give_up_s - time.monotonic(), 0.01))
        except queue.Empty:
            report = _failed(camera, f"no answer within {_ANSWER_WITHIN_S:g} s")
        told(report)
        reports.append(report)
    return reports


def check_camera(camera: CameraConfig, source: Source) -> CameraReport:
    """Open one source and look at its first pictures."""
    times: list[float] = []
    statistics: list[PictureStatistics] = []
    size: tuple[int, int] | None = None
    try:
        with closing(source.pictures()) as pictures:
            for picture in pictures:
                times.append(time.monotonic() if source.live else picture.due_s)
                statistics.append(PictureStatistics.of(picture.luma()))
                height, width = picture.image().shape[:2]
                size = size or (width, height)
                if len(times) >= PICTURES:
                    break
    except Poison as poison:
        return _failed(camera, poison.detail)
    except WatchboundError as error:
        return _failed(camera, str(error))
    if size is None:
        return _failed(camera, "it ended without a picture")
    span_s = times[-1] - times[0]
    fps = round((len(times) - 1) / span_s, 2) if span_s > 0 else None
    return CameraReport(camera.id, camera.source.label(), _state(statistics), size[0], size[1], fps)


def _state(statistics: list[PictureStatistics]) -> CameraState:
    if all(one.black for one in statistics):
        return CameraState.BLACK
    return CameraState.DARK if all(one.dark for one in statistics) else CameraState.OK


def _failed(camera: CameraConfig, problem: str) -> CameraReport:
    label = camera.source.label()
    return CameraReport(camera.id, label, CameraState.DISCONNECTED, problem=problem.removeprefix(f"{label}: "))


def _work(
    camera: CameraConfig, source_of: Callable[[CameraConfig], Source], answer: queue.Queue[CameraReport]
) -> Callable[[], None]:
    def check() -> None:
        try:
            answer.put(check_camera(camera, source_of(camera)))
        except Exception as error:
            answer.put(_failed(camera, f"{type(error).__name__}: {error}"))

    return check
