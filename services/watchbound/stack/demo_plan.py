"""What a demonstration shows: which cameras, which footage, who is enrolled, and what is known to be true."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

import yaml

from watchbound.camera.sources.source import Picture
from watchbound.camera.sources.video import VideoFile
from watchbound.camera.synthetic import SiteSpec, SiteTruth, enrolment_photo, read_truth, render_site
from watchbound.domain.errors import ConfigurationError, Poison, Unavailable
from watchbound.domain.watchlist import Category, ResponseLevel

LISTED = {
    "P001": (Category.WANTED_BY_COURT, ResponseLevel.RED),
    "P003": (Category.MISSING, ResponseLevel.AMBER),
    "P005": (Category.SUBJECT_TO_CONDITIONS, ResponseLevel.AMBER),
    "P007": (Category.SEEDED_VOLUNTEER, ResponseLevel.GREEN),
    "P008": (Category.WANTED_BY_COURT, ResponseLevel.RED),
}
"""Enrolled by the demonstration. They were chosen because a small model tells them apart from each other and from the
unlisted five; P002, P004, P006 and P010 look alike to it. Ten invented people say nothing about accuracy."""

PASSING_LISTED = ("P001", "P003", "P005", "P007")
"""P008 is enrolled but never walks by: whoever is alerted for it is a false alert."""

DEMO_PAPERS = {
    "source": "the demonstration",
    "lawful_holding": "nobody real is shown",
    "image_date": "2026-11-01",
}
"""The papers of everybody whom a demonstration lists, but for when they expire."""

UNLISTED = ("P002", "P004", "P006", "P009", "P010")

FPS = 5.0
_FOOTAGE_FPS = 10.0
_PEOPLE_A_CAMERA = 3

RenderProgress = Callable[[int, int], None]
"""Told how many sites are rendered, of how many."""


@dataclass(frozen=True, slots=True)
class DemoCamera:
    """One camera: its footage, and the ground truth where the footage was made by us."""

    id: str
    video: Path
    truth: SiteTruth | None


@dataclass(frozen=True, slots=True)
class DemoPlan:
    """Everything that a demonstration needs to be told.

    Attributes:
        watchlist: a folder or a CSV in a form that `watchbound watchlist enrol` takes.
        seconds: when to stop the cameras; None lets the footage end.
    """

    cameras: tuple[DemoCamera, ...]
    watchlist: Path
    seconds: float | None

    def write_site(self, path: Path) -> None:
        """Write the site file for `watchbound camera run`."""
        cameras = [
            {"id": camera.id, "fps": FPS, "source": {"kind": "video", "path": str(camera.video), "loop": False}}
            for camera in self.cameras
        ]
        path.write_text(yaml.safe_dump({"cameras": cameras}, sort_keys=False))


def people_of(index: int) -> tuple[str, ...]:
    """Who walks past the camera of this index: some who are listed, and as many who are not."""
    listed = [PASSING_LISTED[(index + step) % len(PASSING_LISTED)] for step in range(_PEOPLE_A_CAMERA)]
    unlisted = [UNLISTED[(index * 2 + step) % len(UNLISTED)] for step in range(_PEOPLE_A_CAMERA)]
    return tuple(person for pair in zip(listed, unlisted, strict=True) for person in pair)


def synthetic_plan(
    cameras: int, seconds: float, seed: int, cache: Path, folder: Path, progress: RenderProgress
) -> DemoPlan:
    """Sites of people who do not exist, rendered in parallel; the same footage for the same arguments, from `cache`."""
    specs = [SiteSpec(f"camera-{i + 1}", seed + i, seconds, _FOOTAGE_FPS, people=people_of(i)) for i in range(cameras)]
    with _rendering(specs, cache) as futures:
        for done, future in enumerate(as_completed(futures), start=1):
            future.result()
            progress(done, cameras)
    rendered = [future.result() for future in futures]
    return DemoPlan(
        tuple(
            DemoCamera(spec.camera_id, video, read_truth(truth))
            for spec, (video, truth) in zip(specs, rendered, strict=True)
        ),
        write_demo_watchlist(folder),
        None,
    )


def write_demo_watchlist(folder: Path) -> Path:
    """A CSV with one photograph of each listed person, and a category and response level for each."""
    path = folder / "watchlist.csv"
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["path", "reference", "category", "response_level"])
        for person, (category, level) in LISTED.items():
            rows.writerow([str(enrolment_photo(person)), person, category.value, level.value])
    return path


@contextmanager
def _rendering(specs: Sequence[SiteSpec], cache: Path) -> Iterator[list[Future[tuple[Path, Path]]]]:
    # Spawned, not forked: the parent has threads, and a fork would copy their locks.
    workers = min(len(specs), os.cpu_count() or 1)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield [pool.submit(_rendered, spec, cache) for spec in specs]


def _rendered(spec: SiteSpec, cache: Path) -> tuple[Path, Path]:
    site = render_site(spec, cache / spec.digest())
    return site.video, site.truth


def video_plan(videos: Sequence[Path], watchlist: Path, seconds: float | None) -> DemoPlan:
    """The user's own footage and people; there is no ground truth, and none is guessed.

    Raises:
        ConfigurationError: a file is no video, or the folder is not there.
    """
    for video in videos:
        _require_video(video)
    if not watchlist.is_dir() or not list(islice(watchlist.iterdir(), 1)):
        msg = f"--watchlist: expected a folder with an image or a sub-folder for each person, got {watchlist}"
        raise ConfigurationError(msg)
    cameras = tuple(DemoCamera(f"video-{i + 1}", video.resolve(), None) for i, video in enumerate(videos))
    return DemoPlan(cameras, watchlist.resolve(), seconds)


def _require_video(path: Path) -> None:
    """Look for one whole picture; what precedes it may be damaged, as in footage cut from a stream."""
    if not path.is_file():
        msg = f"--video: expected a video file, found none at {path}"
        raise ConfigurationError(msg)
    try:
        with closing(VideoFile(path, loop=False).pictures()) as pictures:
            if not any(_whole(picture) for picture in pictures):
                msg = f"{path.name}: every picture is damaged"
                raise Unavailable(msg)
    except Unavailable as error:
        msg = f"--video: expected a video file, got {path}, which cannot be decoded: {error}"
        raise ConfigurationError(msg) from error


def _whole(picture: Picture) -> bool:
    try:
        return picture.image().size > 0
    except Poison:
        return False
