"""Video files in any container, and live RTSP and HTTP streams (MJPEG included), through PyAV."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import av
import av.error
import cv2
import numpy as np

from watchbound.camera.health import Luma
from watchbound.camera.sources.source import Picture, coarse, coarse_grey
from watchbound.domain.errors import Poison, PoisonReason, Unavailable
from watchbound.ports import Image

OPEN_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 5.0
_ASSUMED_FPS = 25.0
_LONGEST_GAP_S = 10.0
"""A longer jump of timestamps is a splice or a damaged header, not a pause to sit through."""
_FULL_RANGE = 2
"""FFmpeg's AVCOL_RANGE_JPEG."""
_FULL_FROM_LIMITED = np.clip(np.round((np.arange(256) - 16) * 255 / 219), 0, 255).astype(np.uint8)
"""Limited range, of ITU-R BT.601 and 709, has black at 16 and white at 235."""
_TURNS = {90: cv2.ROTATE_90_COUNTERCLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_CLOCKWISE}
_LIVE_OPTIONS = {
    "rtsp_transport": "tcp",
    # A server must not be able to redirect us to a file of this machine.
    "protocol_whitelist": "rtsp,rtp,tcp,tls,http,https,httpproxy,crypto",
    # Microseconds spent on guessing the format: a live picture that waits for more is stale.
    "analyzeduration": "1000000",
    "fflags": "nobuffer",
}


class VideoFile:
    """A file, once or over and over; its pictures are due by its own timestamps."""

    live = False

    def __init__(self, path: Path, *, loop: bool) -> None:
        self._path = path
        self._loop = loop

    @property
    def heals(self) -> bool:
        """Not a file that plays once; a looped one stands in for a camera, and another may be put in its place."""
        return self._loop

    def pictures(self) -> Generator[Picture, None, None]:
        """Play from the beginning.

        Raises:
            Unavailable: the file is missing, no video, or damaged.
        """
        timeline = _Timeline()
        while True:
            shown = 0
            for picture in _play(str(self._path), self._path.name, {}, timeline):
                shown += 1
                yield picture
            if not shown:
                msg = f"{self._path.name}: expected a video, found no picture in it"
                raise Unavailable(msg)
            if not self._loop:
                return
            timeline.start_over()


class LiveStream:
    """An RTSP or HTTP address; its pictures are due when they come.

    Args:
        address: with whatever secrets it holds; never part of a message.
        label: what messages call it.
    """

    live = True
    heals = True

    def __init__(self, address: str, label: str) -> None:
        self._address = address
        self._label = label

    def pictures(self) -> Generator[Picture, None, None]:
        """Connect and read for as long as the stream lasts.

        Raises:
            Unavailable: it cannot be reached, fell silent, or ended, as a live stream should not.
        """
        yield from _play(self._address, self._label, _LIVE_OPTIONS, _Timeline())
        msg = f"{self._label}: the stream ended"
        raise Unavailable(msg)


class _Timeline:
    """Seconds since the opening, out of timestamps that may be missing, jump or begin again."""

    def __init__(self) -> None:
        self._due_s = 0.0
        self._last_s: float | None = None
        self._begun = False

    def start_over(self) -> None:
        """The next timestamp follows the last picture by one interval, whatever it says."""
        self._last_s = None

    def due(self, stamp_s: float | None, interval_s: float) -> float:
        """When a picture is due that carries this timestamp, if any; never before its predecessor."""
        step_s = interval_s
        if stamp_s is not None and self._last_s is not None:
            seen_s = stamp_s - self._last_s
            step_s = seen_s if 0 <= seen_s <= _LONGEST_GAP_S else interval_s
        if self._begun:
            self._due_s += step_s
        self._begun = True
        self._last_s = stamp_s
        return self._due_s


class _Arrived:
    """A packet or frame whose decoding and conversion are put off until somebody asks.

    Where each picture stands alone (MJPEG), those that are not sampled are never decoded. A damaged one raises
    `Poison` when it is looked at, and the next may be fine.
    """

    def __init__(self, due_s: float, label: str, packet: Any, frame: Any) -> None:
        self.due_s = due_s
        self._label = label
        self._packet = packet
        self._frame = frame

    def luma(self) -> Luma:
        """Samples of the decoded luma plane, without conversion where there is one of 8 bits."""
        frame = self._decoded()
        name = str(frame.format.name)
        if not name.startswith(("yuv4", "yuvj4", "nv12", "nv21", "gray")) or name.endswith(("le", "be")):
            return coarse_grey(self.image())
        plane = frame.planes[0]
        rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width]
        samples = coarse(rows)
        if name.startswith("yuvj") or name == "gray" or frame.color_range == _FULL_RANGE:
            return samples.copy()
        return _FULL_FROM_LIMITED[samples]

    def image(self) -> Image:
        """Converted, and turned upright: telephones write sideways pictures with a note."""
        frame = self._decoded()
        image: Image = frame.to_ndarray(format="bgr24")
        turn = _TURNS.get(round(frame.rotation) % 360)
        return image if turn is None else np.asarray(cv2.rotate(image, turn), dtype=np.uint8)

    def _decoded(self) -> Any:
        if self._frame is None:
            try:
                frames = self._packet.decode() if self._packet is not None else []
            except av.error.FFmpegError:
                frames = []
            if not frames:
                raise Poison(PoisonReason.UNDECODABLE, f"{self._label}: a damaged picture")
            self._frame, self._packet = frames[0], None
        return self._frame


def _play(address: str, label: str, options: dict[str, str], timeline: _Timeline) -> Iterator[Picture]:
    """One pass over a container's first video stream."""
    try:
        with av.open(address, options=options, timeout=(OPEN_TIMEOUT_S, READ_TIMEOUT_S)) as container:
            stream = next(iter(container.streams.video), None)
            if stream is None:
                msg = f"{label}: expected a video stream, found none"
                raise Unavailable(msg)
            # Many cameras share the machine: one thread each, and no pictures held back by a threaded decoder.
            stream.codec_context.thread_count = 1
            interval_s = 1.0 / float(stream.guessed_rate or stream.average_rate or _ASSUMED_FPS)
            for packet in container.demux(stream):
                yield from _pictures_of(packet, label, timeline, interval_s, stream.codec.intra_only)
    except av.error.FFmpegError as error:
        # FFmpeg's own message names the address, password included: only its cause is passed on.
        raise _lost(label, error) from None


def _pictures_of(packet: Any, label: str, timeline: _Timeline, interval_s: float, alone: bool) -> Iterator[Picture]:
    if alone:
        if packet.size:
            stamp = packet.pts if packet.pts is not None else packet.dts
            yield _Arrived(timeline.due(_seconds(stamp, packet.time_base), interval_s), label, packet, None)
        return
    try:
        frames = packet.decode()
    except av.error.FFmpegError:
        yield _Arrived(timeline.due(_seconds(packet.pts, packet.time_base), interval_s), label, None, None)
        return
    for frame in frames:
        yield _Arrived(timeline.due(_seconds(frame.pts, frame.time_base), interval_s), label, None, frame)


def _seconds(stamp: int | None, base: Any) -> float | None:
    return None if stamp is None or base is None else float(stamp * base)


def _lost(label: str, error: av.error.FFmpegError) -> Unavailable:
    return Unavailable(f"{label}: {error.strerror or type(error).__name__}")
