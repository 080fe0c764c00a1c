"""Frames for benchmarks: synthetic walk-bys as the camera service would publish them, with who is in them."""

from __future__ import annotations

import os
import statistics
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing import get_context

import cv2
import simplejpeg

from watchbound.camera.synthetic import SiteSpec, SiteTruth, all_people, walk_by
from watchbound.domain.frame import Frame

FPS = 5.0
JPEG_QUALITY = 85
_PEOPLE = 6
_SEED = 40
_MIN_EYE_DISTANCE = 8.0


@dataclass(frozen=True, slots=True)
class Footage:
    """One camera's JPEG pictures, 1280×720, `FPS` a second, and the ground truth of each."""

    camera_id: str
    jpegs: tuple[bytes, ...]
    truth: SiteTruth

    @property
    def faces_per_frame(self) -> float:
        """Mean number of faces in view, by the ground truth."""
        frames = self.truth.frames[: len(self.jpegs)]
        return statistics.mean(sum(face.eye_distance >= _MIN_EYE_DISTANCE for face in f.faces) for f in frames)

    def first(self, seconds: float) -> Footage:
        """Its beginning."""
        return Footage(self.camera_id, self.jpegs[: round(seconds * FPS)], self.truth)

    def frames(self, authorisation_id: str, first_captured_at: datetime, camera_id: str | None = None) -> list[Frame]:
        """The pictures as frames, captured at the footage's own pace, by this camera or by one of another name."""
        step = timedelta(seconds=1 / FPS)
        return [
            Frame(camera_id or self.camera_id, number, first_captured_at + number * step, authorisation_id, jpeg)
            for number, jpeg in enumerate(self.jpegs)
        ]


@dataclass(frozen=True, slots=True)
class Loop:
    """A camera that plays footage again and again; several that play the same begin at different places of it."""

    camera_id: str
    jpegs: tuple[bytes, ...]
    offset: int

    def frame(self, number: int, at: datetime, authorisation_id: str) -> Frame:
        """The frame of this number, from 0, captured now."""
        return Frame(self.camera_id, number, at, authorisation_id, self.jpegs[(number + self.offset) % len(self.jpegs)])


def loops(footage: Sequence[Footage], camera_ids: Sequence[str]) -> list[Loop]:
    """As many cameras as there are names; where one plays what another does, they are as far apart as can be."""
    turns = -(-len(camera_ids) // len(footage))
    made = []
    for index, camera_id in enumerate(camera_ids):
        jpegs = footage[index % len(footage)].jpegs
        made.append(Loop(camera_id, jpegs, index // len(footage) * len(jpegs) // turns))
    return made


def render_all(cameras: int, seconds: float) -> list[Footage]:
    """Footage of some cameras with about three faces in view; everybody passes at one of them where there are three."""
    # Spawned, not forked: the parent has threads, and a fork would copy their locks.
    with ProcessPoolExecutor(min(cameras, os.cpu_count() or 1), mp_context=get_context("spawn")) as pool:
        return list(pool.map(_render, range(cameras), [seconds] * cameras))


def _render(index: int, seconds: float) -> Footage:
    cv2.setNumThreads(1)
    everybody = all_people()
    # By three: six of ten each, so that every second camera has seen all.
    people = tuple(everybody[(index * 3 + step) % len(everybody)] for step in range(_PEOPLE))
    spec = SiteSpec(f"camera-{index}", _SEED + index, seconds, FPS, people=people)
    jpegs, truths = [], []
    for image, truth in walk_by(spec):
        jpegs.append(bytes(simplejpeg.encode_jpeg(image, JPEG_QUALITY, "BGR", "420")))
        truths.append(truth)
    return Footage(spec.camera_id, tuple(jpegs), SiteTruth.of(spec, truths))
