"""Which frames of a camera are searched for faces: not every one tells something new.

Finding faces is the dearest thing that is done to every frame, and a face that has been followed for a while is where
it was heading. So a camera is searched about three times a second; in every frame while a face is new, until it is
known which way it goes and what it looks like; and seldom while nobody is in view and nothing moves.

What is decided depends on the camera's frames alone, never on an answer of the watchlist: a successor that reads the
same frames again in other batches searches the same ones, and gives the same tracks the same names.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from watchbound.extraction.decode import Grey
from watchbound.extraction.motion import has_moved
from watchbound.extraction.track import Track
from watchbound.extraction.wipe import wipe

_NEVER = timedelta(0)


class Rest(Enum):
    """Why a frame was not searched. Each value is a metric label."""

    SOON = "soon"
    STILL = "still"


@dataclass(frozen=True, slots=True)
class AttentionPolicy:
    """How often a camera is searched.

    Attributes:
        every: a frame that comes sooner after the last look is passed over; a new face is found at most this and a
            frame's distance late. Zero searches every frame.
        new_for: while a face was first seen so recently, every frame is searched.
        still_every: while nobody is in view and nothing moves, a search follows this long after the last, or at the
            first look after that.
    """

    every: timedelta = timedelta(milliseconds=350)
    new_for: timedelta = timedelta(milliseconds=400)
    still_every: timedelta = timedelta(seconds=2)


class Attention:
    """One camera's: when it was last glanced at and searched, and what the empty scene looked like then."""

    def __init__(self, policy: AttentionPolicy) -> None:
        self._policy = policy
        self._looked_at: datetime | None = None
        self._searched_at: datetime | None = None
        self._empty: Grey | None = None

    def rest(self, at: datetime, tracks: Sequence[Track], glance: Callable[[], Grey]) -> Rest | None:
        """Why the frame captured at `at` need not be searched, or None.

        Args:
            at: when it was captured.
            tracks: the faces that are followed.
            glance: gives the frame at an eighth of its size; asked only where it decides.

        Raises:
            Poison: the frame cannot be glanced at.
        """
        policy = self._policy
        if policy.every == _NEVER or self._looked_at is None or self._searched_at is None:
            return None
        if any(at - track.first_seen <= policy.new_for for track in tracks):
            return None
        if at - self._looked_at < policy.every:
            return Rest.SOON
        if tracks or self._empty is None or at - self._searched_at >= policy.still_every:
            return None
        now = glance()
        self._looked_at = at
        still = not has_moved(self._empty, now)
        wipe(now)
        return Rest.STILL if still else None

    def searched(self, at: datetime, tracks: Sequence[Track], glance: Callable[[], Grey]) -> None:
        """Note a search; where it found nobody, what the scene looks like."""
        self.forget()
        self._looked_at = self._searched_at = at
        if not tracks and self._policy.every != _NEVER:
            self._empty = glance()

    def forget(self) -> None:
        """Overwrite the picture of the scene; whoever was missed is in it."""
        wipe(self._empty)
        self._empty = None
