"""Footage whose people are known: rendered synthetic sites, or videos that somebody labelled."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from watchbound.camera.sampling import Sampler
from watchbound.camera.sources.video import VideoFile
from watchbound.camera.synthetic import read_truth
from watchbound.domain.errors import ConfigurationError, InvalidValue
from watchbound.domain.face import Box
from watchbound.domain.ground_truth import FaceTruth, FrameTruth, GroundTruth
from watchbound.extraction.handed_in import rows_of
from watchbound.ports import Image

LABELS = ("frame", "person", "x", "y", "width", "height", "eye_distance")
"""Columns of a video's labels: one row a face a frame, frames counted from 0, in pixels. `visible` may be added."""

_TRUTH, _LABELS = ".truth.json", ".labels.csv"


@dataclass(frozen=True, slots=True)
class LabelledFootage:
    """One camera's video, and what is true of it."""

    camera_id: str
    video: Path
    truth: GroundTruth

    def sampled(self, fps: float) -> Iterator[tuple[int, float, Image]]:
        """Index, second and picture of the frames that a camera of this rate would publish.

        Raises:
            Unavailable: the video cannot be played.
        """
        sampler = Sampler(fps)
        for index, picture in enumerate(VideoFile(self.video, loop=False).pictures()):
            if index < len(self.truth.frames) and sampler.keep(picture.due_s):
                yield index, picture.due_s, picture.image()


def read_footage(folder: Path) -> tuple[LabelledFootage, ...]:
    """Every video of a folder that has `<name>.truth.json` or `<name>.labels.csv` beside it.

    Raises:
        ConfigurationError: there is none, or what is beside a video makes no sense.
    """
    found = []
    for video in sorted(folder.glob("*")) if folder.is_dir() else ():
        stem = video.with_suffix("")
        truth, labels = stem.with_name(stem.name + _TRUTH), stem.with_name(stem.name + _LABELS)
        if video.suffix.lower() in {".mp4", ".mkv", ".avi", ".mov", ".mjpeg"}:
            try:
                if truth.is_file():
                    found.append(LabelledFootage(video.stem, video, read_truth(truth)))
                elif labels.is_file():
                    found.append(LabelledFootage(video.stem, video, _labelled(video, labels)))
            except InvalidValue as error:
                msg = f"{video}: {error}"
                raise ConfigurationError(msg) from error
    if not found:
        msg = (
            f"expected a folder with videos and their ground truth, <name>{_TRUTH} (`watchbound synthetic render` "
            f"makes both) or <name>{_LABELS}, found none in {folder}"
        )
        raise ConfigurationError(msg)
    return tuple(found)


def _labelled(video: Path, labels: Path) -> GroundTruth:
    faces: dict[int, list[FaceTruth]] = defaultdict(list)
    for number, row in rows_of(labels, LABELS):
        try:
            faces[int(row["frame"])].append(_face(row))
        except ValueError as error:
            msg = f"{labels}, row {number}: expected numbers in {', '.join(LABELS)} but person: {error}"
            raise ConfigurationError(msg) from error
    seconds = [picture.due_s for picture in VideoFile(video, loop=False).pictures()]
    if faces and max(faces) >= len(seconds):
        msg = f"{labels}: expected frames 0 to {len(seconds) - 1} as in {video.name}, got {max(faces)}"
        raise ConfigurationError(msg)
    fps = (len(seconds) - 1) / seconds[-1] if len(seconds) > 1 and seconds[-1] > 0 else 1.0
    frames = (FrameTruth(index, second, tuple(faces.get(index, ()))) for index, second in enumerate(seconds))
    return GroundTruth(fps, tuple(frames))


def _face(row: Mapping[str, str]) -> FaceTruth:
    if not row["person"]:
        msg = "a face has no person"
        raise InvalidValue(msg)
    x, y, width, height, eyes = (float(row[name]) for name in LABELS[2:])
    return FaceTruth(row["person"], Box(x, y, width, height), eyes, float(row.get("visible") or 1.0))
