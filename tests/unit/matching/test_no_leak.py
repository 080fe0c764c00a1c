"""No pixel of one camera in what is published of another: each camera sees in a colour of its own, its signature."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import numpy as np
import pytest
import simplejpeg

from tests.fuzz.bombs import claiming, many_scans
from tests.unit.extraction.faces import face_at
from tests.unit.matching import scene as scenes
from tests.unit.matching.scene import START, Scene, enrolled
from watchbound.domain.match import Match
from watchbound.domain.moment import Window
from watchbound.pipeline.sealing import open_crop
from watchbound.ports import Image
from watchbound.testing.office import terms

CAMERAS = {"gate": (0, 1, 0), "door": (0, 0, 1), "yard": (1, 1, 1)}
"""Which of blue, green and red a camera's pictures have, in equal parts; the others are black."""

SIZES = {"gate": (640, 360), "door": (800, 600), "yard": (640, 480)}
NOISE = 24
"""What JPEG and its chroma make of black beside a bright pixel; another camera's picture is at least 90."""

STEPS = 6


def colour(camera: str, level: int) -> tuple[int, int, int]:
    blue, green, red = CAMERAS[camera]
    return blue * level, green * level, red * level


def seen_by(camera: str, step: int) -> bytes:
    """Somebody walks by; everything in sight has the camera's colour, and no two pictures are the same."""
    width, height = SIZES[camera]
    grey = np.full((height, width), 90 + step, np.uint8)
    left = 60 + 20 * step
    patch = grey[120:300, left : left + 180]
    patch[:] = 230
    patch[(np.indices(patch.shape).sum(axis=0) // 3) % 2 == 0] = 76
    image: Image = grey[:, :, None] * np.array(CAMERAS[camera], np.uint8)
    return bytes(simplejpeg.encode_jpeg(image, 95, "BGR", "444"))


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Scene:
    window = Window(START, START + timedelta(hours=1))
    monkeypatch.setattr(scenes, "TERMS", terms(cameras=frozenset(CAMERAS), window=window, minimum_threshold=0.9))
    faces = [[(face_at(120 + 20 * step, 180, 60), (0, 0, 0))] for step in range(STEPS) for _ in CAMERAS]
    scene = Scene(faces)
    people = [enrolled(camera, colour(camera, 230)) for camera in CAMERAS]
    scene.gallery.add(people)
    scene.roster.apply(scene.officers.listing(people[:1], START))
    for person in people[1:]:
        scene.roster.apply(scene.officers.listing([person], START))
    return scene


def poisons() -> Iterator[bytes]:
    """What cannot be decoded, or only in part; each of another kind."""
    whole = seen_by("door", 0)
    while True:
        yield whole[: len(whole) // 2]
        yield claiming(30_000, 30_000)
        yield many_scans(640, 480, 40)
        yield whole[:-2] + b"\xff\xd8" + whole[2:]
        yield b"\xff\xd8\xff"


def strangest(scene: Scene, match: Match) -> int:
    """How far the block of a crop that is least like its camera's signature is from it, of 255.

    Blocks of 4 × 4 pixels: sharp edges of one colour already make JPEG stray in single pixels.
    """
    crop = simplejpeg.decode_jpeg(open_crop(scene.ring, match), "BGR")
    height, width = crop.shape[0] // 4, crop.shape[1] // 4
    crop = crop[: height * 4, : width * 4].reshape(height, 4, width, 4, 3).mean(axis=(1, 3))
    has = np.array(CAMERAS[match.camera_id], bool)
    own, others = crop[:, :, has], crop[:, :, ~has]
    assert own.max() > 120, "the crop shows nothing"
    return int(max(np.ptp(own, axis=2).max(), others.max(initial=0)))


@pytest.mark.parametrize("poisoned", [False, True], ids=["well-formed", "between-poison"])
def test_a_crop_holds_its_own_camera_and_no_other(scene: Scene, poisoned: bool) -> None:
    bad = poisons()
    for step in range(STEPS):
        for camera in CAMERAS:
            if poisoned:
                scene.publish(scene.frame(next(bad), camera))
            scene.publish(scene.frame(seen_by(camera, step), camera))
        # All of them in one batch.
        assert scene.step() == len(CAMERAS) * (2 if poisoned else 1)
        scene.clock.advance(0.2)

    matches = scene.matches()
    assert {match.camera_id for match in matches} == set(CAMERAS)
    assert all(match.entry.reference == match.camera_id for match in matches)
    assert max(strangest(scene, match) for match in matches) <= NOISE
    assert len(scene.dead_letters()) == (len(CAMERAS) * STEPS if poisoned else 0)


def test_a_leak_would_be_noticed(scene: Scene) -> None:
    scene.publish(scene.frame(seen_by("yard", 0), "gate"))
    scene.step()
    (match,) = scene.matches()
    assert match.entry.reference == "yard"
    assert strangest(scene, match) > 4 * NOISE
