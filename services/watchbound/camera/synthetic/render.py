"""Writes a site's footage as H.264 video with its ground truth beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from tempfile import NamedTemporaryFile

import av
import cv2

from watchbound.camera.synthetic.draw import walk_by
from watchbound.camera.synthetic.spec import SiteSpec
from watchbound.camera.synthetic.truth import read_truth, write_truth
from watchbound.domain.errors import InvalidValue
from watchbound.domain.ground_truth import FrameTruth
from watchbound.ports import Image

RenderProgress = Callable[[int, int], None]
"""Told how many frames are done, of how many."""

_RATE_FACTOR = 26
_KEY_EVERY_S = 2.0
_BT601 = 5
_LIMITED_RANGE = 1


@dataclass(frozen=True, slots=True)
class RenderedSite:
    """Where a site's footage and its ground truth lie."""

    video: Path
    truth: Path


def render_site(spec: SiteSpec, folder: Path, progress: RenderProgress | None = None) -> RenderedSite:
    """Render `<camera_id>.mp4` and `<camera_id>.truth.json` into `folder`, or keep them if they are there already.

    Each file appears complete or not at all; the truth comes last, so where it is, the video is. Two processes that
    render the same site at once write the same bytes and do not disturb each other's readers.

    Raises:
        InvalidValue: there are too many people for the time.
        ConfigurationError: the people's pictures are not installed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    site = RenderedSite(folder / f"{spec.camera_id}.mp4", folder / f"{spec.camera_id}.truth.json")
    report = progress or _silent
    if _is_rendered(spec, site):
        report(spec.frames, spec.frames)
        return site
    site.truth.unlink(missing_ok=True)
    with _one_cv_thread():
        frames = _write_video(site.video, spec, report)
    write_truth(site.truth, spec, frames)
    return site


def _is_rendered(spec: SiteSpec, site: RenderedSite) -> bool:
    """Whether the files there are this spec's, drawn by this version."""
    if not (site.truth.is_file() and site.video.is_file()):
        return False
    try:
        return read_truth(site.truth).digest == spec.digest()
    except InvalidValue:
        return False


def _write_video(path: Path, spec: SiteSpec, report: RenderProgress) -> list[FrameTruth]:
    with NamedTemporaryFile(dir=path.parent, prefix=f"{path.name}.", suffix=".partial", delete=False) as file:
        partial = Path(file.name)
    try:
        with av.open(str(partial), "w", format="mp4") as container:
            truths = _encode(container, spec, report)
        partial.chmod(0o644)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return truths


def _encode(container: av.container.OutputContainer, spec: SiteSpec, report: RenderProgress) -> list[FrameTruth]:
    rate = Fraction(spec.fps).limit_denominator(1000)
    stream = container.add_stream("libx264", rate=rate, options=_x264(spec))
    stream.width, stream.height, stream.pix_fmt = spec.width, spec.height, "yuv420p"
    stream.codec_context.colorspace, stream.codec_context.color_range = _BT601, _LIMITED_RANGE
    truths = []
    for picture, truth in walk_by(spec):
        frame = _planar(picture)
        frame.pts, frame.time_base = truth.index, 1 / rate
        container.mux(stream.encode(frame))
        truths.append(truth)
        report(len(truths), spec.frames)
    container.mux(stream.encode(None))
    return truths


def _x264(spec: SiteSpec) -> dict[str, str]:
    # One thread: the number of threads changes the bits, and sites are rendered side by side anyway.
    key_every = max(1, round(_KEY_EVERY_S * spec.fps))
    return {"preset": "ultrafast", "crf": str(_RATE_FACTOR), "g": str(key_every), "threads": "1", "bf": "0"}


def _planar(picture: Image) -> av.VideoFrame:
    """OpenCV's conversion (BT.601, limited range) takes half the time of the encoder's own."""
    frame = av.VideoFrame.from_ndarray(cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420), format="yuv420p")
    frame.colorspace, frame.color_range = _BT601, _LIMITED_RANGE
    return frame


@contextmanager
def _one_cv_thread() -> Iterator[None]:
    """Pictures this small gain nothing from OpenCV's threads, and several sites are rendered at once."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


def _silent(_done: int, _total: int) -> None:
    """Nobody wants to know."""
