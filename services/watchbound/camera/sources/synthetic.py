"""Synthetic walk-bys as a camera: rendered while they are played, the same for the same seed."""

from __future__ import annotations

from collections.abc import Generator
from functools import partial

from watchbound.camera.site import SyntheticSource
from watchbound.camera.sources.source import LazyPicture, Picture
from watchbound.camera.synthetic import SiteSpec, walk_by
from watchbound.camera.synthetic.schedule import plan_walks
from watchbound.ports import Image


class SyntheticWalkBy:
    """People that do not exist walk by, once.

    Raises:
        InvalidValue: there are no such people, or too many for the time.
    """

    live = False
    heals = False

    def __init__(self, camera_id: str, fps: float, config: SyntheticSource) -> None:
        self._spec = SiteSpec(camera_id, config.seed, config.seconds, fps, people=config.people)
        # Refused now, at the start, rather than by a camera that is already running.
        plan_walks(self._spec)

    def pictures(self) -> Generator[Picture, None, None]:
        """Render one at each tick of the camera's own rate."""
        for index, (image, _truth) in enumerate(walk_by(self._spec)):
            yield LazyPicture(index / self._spec.fps, partial(_already, image))


def _already(image: Image) -> Image:
    return image
