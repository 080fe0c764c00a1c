"""What a camera's loop needs of a source, and of each of its pictures."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from watchbound.camera.health import Luma
from watchbound.ports import Image

GRID_COLUMNS = 64
"""Samples across a picture that health looks at: every 20th pixel of 1280 costs some microseconds."""


class Picture(Protocol):
    """One picture that has arrived, not yet paid for: what is not asked for is not computed.

    `luma` and `image` raise `Poison` where the picture is damaged; its successor may be whole.
    """

    @property
    def due_s(self) -> float:
        """When it is due, in seconds since the opening, by the source's own timestamps; never falls."""

    def luma(self) -> Luma:
        """A coarse grid of its brightness."""

    def image(self) -> Image:
        """All of it: shape (height, width, 3), blue-green-red, upright."""


class Source(Protocol):
    """Pictures, one opening at a time."""

    @property
    def live(self) -> bool:
        """Whether pictures come when they happen; those of other sources wait for their time."""

    @property
    def heals(self) -> bool:
        """Whether opening it again after a failure may help: a camera comes back, a file on a disk stays as it is."""

    def pictures(self) -> Generator[Picture, None, None]:
        """Open, yield until there is no more, and close, also when the generator is closed.

        Raises:
            Unavailable: the source cannot be opened or stopped delivering.
        """


class LazyPicture:
    """A picture that is made when it is first looked at.

    Args:
        due_s: see `Picture`.
        make: gives all of it, or raises `Poison`.
    """

    def __init__(self, due_s: float, make: Callable[[], Image]) -> None:
        self.due_s = due_s
        self._make = make
        self._made: Image | None = None

    def luma(self) -> Luma:
        """Every n-th pixel in grey."""
        return coarse_grey(self.image())

    def image(self) -> Image:
        """All of it."""
        if self._made is None:
            self._made = self._make()
        return self._made


def coarse_grey(image: Image) -> Luma:
    """The grid of a colour picture."""
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(coarse(image)), cv2.COLOR_BGR2GRAY), dtype=np.uint8)


def coarse(plane: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Every n-th sample in both directions, about `GRID_COLUMNS` to the longer side; a view.

    Samples are taken, not averaged: averaging would hide the noise that tells a living camera from a frozen one.
    """
    step = max(max(plane.shape[:2]) // GRID_COLUMNS, 1)
    return plane[::step, ::step]
