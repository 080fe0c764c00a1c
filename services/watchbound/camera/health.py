"""In what state a camera is, from when its pictures come and what little of them is looked at.

Only statistics of a luma grid of some 64×36 samples are kept, and only in memory: enough to tell a covered lens from a
stuck encoder, not enough to see anybody.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

import numpy as np
from numpy.typing import NDArray

Luma = NDArray[np.uint8]
"""A coarse grid of full-range brightness samples: shape (rows, columns), 0 black to 255 white."""

SILENT_AFTER = timedelta(seconds=5)
"""A connection without a picture for so long is as good as none; the slowest sensible rate is above 1 in 5 s."""
FROZEN_AFTER = timedelta(seconds=10)
"""Longer than the key-frame interval that cameras ship with (1–4 s): an encoder at work changes something by then."""
FROZEN_DIFFERENCE = 0.02
"""Mean absolute difference, in levels, up to which two pictures are the same: sensor noise alone is 0.5 and more."""
BLACK_MEAN = 8.0
BLACK_SPREAD = 4.0
"""Mean and standard deviation, in levels, of a covered lens or a dead sensor; night scenes have lights that spread."""
DARK_BRIGHT_END = 40.0
"""If 95 % of the picture is darker than this level, no face in it reaches the least brightness that can be embedded."""
DARK_AFTER = timedelta(seconds=2)
"""Black or dark for a moment is a lorry passing or an exposure settling."""
SLOW_WINDOW = timedelta(seconds=10)
SLOW_SHARE = 0.5
"""Below half of the configured rate, a walking person yields half of the shots that thresholds were chosen for."""


class CameraState(Enum):
    """Exactly one holds at a time. Each value is a metric label."""

    CONNECTING = "connecting"
    OK = "ok"
    DISCONNECTED = "disconnected"
    SLOW = "slow"
    FROZEN = "frozen"
    BLACK = "black"
    DARK = "dark"
    ENDED = "ended"

    @property
    def delivers(self) -> bool:
        """Whether pictures come at all, of whatever use."""
        return self not in (CameraState.CONNECTING, CameraState.DISCONNECTED, CameraState.ENDED)


@dataclass(frozen=True, slots=True)
class PictureStatistics:
    """What is kept of a picture's brightness, in levels from 0 to 255."""

    mean: float
    spread: float
    bright_end: float

    @classmethod
    def of(cls, luma: Luma) -> PictureStatistics:
        """Mean, standard deviation and 95th percentile of a grid."""
        return cls(float(luma.mean()), float(luma.std()), float(np.percentile(luma, 95)))

    @property
    def black(self) -> bool:
        """Whether there is nothing in it."""
        return self.mean < BLACK_MEAN and self.spread < BLACK_SPREAD

    @property
    def dark(self) -> bool:
        """Whether it is too dark to see faces."""
        return self.bright_end < DARK_BRIGHT_END


class CameraHealth:
    """The state machine of one camera: told what happens, asked at any time. Safe to share between threads.

    What is wrong with the connection is told before what is wrong with the picture, and black before frozen: a covered
    lens is both, and its cause is the cover.

    Args:
        fps: the configured rate, against which a camera is slow.
        now: when it began.
    """

    def __init__(self, fps: float, now: datetime) -> None:
        self._fps = fps
        self._lock = threading.Lock()
        self._told = CameraState.CONNECTING
        self._seen = _Seen(now)

    def connecting(self, now: datetime) -> None:
        """The source is about to be opened."""
        self._tell(CameraState.CONNECTING, now)

    def disconnected(self, now: datetime) -> None:
        """The source failed."""
        self._tell(CameraState.DISCONNECTED, now)

    def ended(self, now: datetime) -> None:
        """The source has shown all it had."""
        self._tell(CameraState.ENDED, now)

    def saw(self, luma: Luma, now: datetime) -> None:
        """A sampled picture arrived."""
        statistics = PictureStatistics.of(luma)
        with self._lock:
            if self._told is not CameraState.OK:
                self._told, self._seen = CameraState.OK, _Seen(now)
            seen = self._seen
            seen.arrivals.append(now)
            while now - seen.arrivals[0] > self._window:
                seen.arrivals.popleft()
            if seen.last is None or not _same(seen.last, luma):
                seen.last, seen.changed_at = luma.copy(), now
            seen.black_since = (seen.black_since or now) if statistics.black else None
            seen.dark_since = (seen.dark_since or now) if statistics.dark else None

    def state(self, now: datetime) -> CameraState:
        """The one state at `now`."""
        with self._lock:
            if self._told is not CameraState.OK:
                return self._told
            if self._silent(now):
                return CameraState.DISCONNECTED
            return self._seen.picture_fault(now) or (CameraState.SLOW if self._slow(now) else CameraState.OK)

    def good_for(self, now: datetime) -> timedelta:
        """How long pictures have been coming without a loss; zero while they do not."""
        with self._lock:
            good = self._told is CameraState.OK and not self._silent(now)
            return now - self._seen.since if good else timedelta(0)

    def _tell(self, state: CameraState, now: datetime) -> None:
        with self._lock:
            self._told, self._seen = state, _Seen(now)

    def _silent(self, now: datetime) -> bool:
        """Whether nothing comes; at very low rates it takes three missed pictures to say so."""
        longest = max(SILENT_AFTER, timedelta(seconds=3 / self._fps))
        return not self._seen.arrivals or now - self._seen.arrivals[-1] >= longest

    def _slow(self, now: datetime) -> bool:
        """Whether a whole window brought too little; a camera that has just come is given that window."""
        if now - self._seen.since < self._window:
            return False
        arrived = sum(now - arrival <= self._window for arrival in self._seen.arrivals)
        return arrived < SLOW_SHARE * self._fps * self._window.total_seconds()

    @property
    def _window(self) -> timedelta:
        """At least four pictures long, so that a low rate can be judged at all."""
        return max(SLOW_WINDOW, timedelta(seconds=4 / self._fps))


@dataclass(slots=True)
class _Seen:
    """What is remembered of one stretch of pictures, from its first to its loss."""

    since: datetime
    arrivals: deque[datetime] = field(default_factory=deque)
    last: Luma | None = None
    changed_at: datetime = field(init=False)
    black_since: datetime | None = None
    dark_since: datetime | None = None

    def __post_init__(self) -> None:
        self.changed_at = self.since

    def picture_fault(self, now: datetime) -> CameraState | None:
        """What is wrong with the pictures themselves."""
        if self.black_since is not None and now - self.black_since >= DARK_AFTER:
            return CameraState.BLACK
        if now - self.changed_at >= FROZEN_AFTER:
            return CameraState.FROZEN
        if self.dark_since is not None and now - self.dark_since >= DARK_AFTER:
            return CameraState.DARK
        return None


def _same(one: Luma, other: Luma) -> bool:
    return one.shape == other.shape and float(np.abs(np.subtract(one, other, dtype=np.int16)).mean()) <= (
        FROZEN_DIFFERENCE
    )
