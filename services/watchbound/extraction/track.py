"""Follows faces from frame to frame of one camera, by motion alone.

At five frames a second a walking face moves by up to its own width between frames, so overlap (IoU) loses it. What
stays small is the distance to where it was heading, measured in face sizes, and the change of its size. Whether a
track still shows the same person is not decided here: appearance is checked where templates are made (`shots.py`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
from scipy.optimize import linear_sum_assignment

from watchbound.domain.face import Box, Detection
from watchbound.domain.match import deterministic_id
from watchbound.domain.moment import to_micros

_UNREACHABLE = 1e6


@dataclass(frozen=True, slots=True)
class TrackingPolicy:
    """What counts as the same passing face.

    Attributes:
        max_step: farthest a face may lie from where it was heading, in mean face sizes.
        max_growth: largest factor between its sizes in two sights.
        lost_after: a face not seen for so long has gone.
    """

    max_step: float = 0.9
    max_growth: float = 1.6
    lost_after: timedelta = timedelta(seconds=1.0)


@dataclass(slots=True, eq=False)
class Track:
    """One passing face on one camera. It names nobody and ends when the face is gone.

    Attributes:
        id: hash of camera, first sight and place: the same after a replay.
        velocity: pixels a second of the box's centre.
        sights: how many frames it was seen in.
    """

    id: str
    camera_id: str
    first_seen: datetime
    last_seen: datetime
    box: Box
    velocity: tuple[float, float] = (0.0, 0.0)
    sights: int = 1

    def expected(self, at: datetime) -> tuple[float, float]:
        """Where its centre should be at `at`, in pixels."""
        seconds = (at - self.last_seen).total_seconds()
        x, y = self.box.centre
        return x + self.velocity[0] * seconds, y + self.velocity[1] * seconds

    def saw(self, box: Box, at: datetime) -> None:
        """Move on to a new sight; velocity is smoothed because boxes tremble."""
        seconds = max((at - self.last_seen).total_seconds(), 1e-3)
        (x0, y0), (x1, y1) = self.box.centre, box.centre
        fresh = ((x1 - x0) / seconds, (y1 - y0) / seconds)
        keep = 0.0 if self.sights == 1 else 0.4
        self.velocity = (
            keep * self.velocity[0] + (1 - keep) * fresh[0],
            keep * self.velocity[1] + (1 - keep) * fresh[1],
        )
        self.box, self.last_seen = box, at
        self.sights += 1


@dataclass(frozen=True, slots=True)
class TrackUpdate:
    """What one frame did: detections with their tracks, and the tracks that ended."""

    seen: tuple[tuple[Track, Detection], ...]
    opened: int
    closed: tuple[Track, ...]


@dataclass(slots=True)
class Tracker:
    """The open tracks of one camera; frames must come in the order of their capture."""

    camera_id: str
    policy: TrackingPolicy = field(default_factory=TrackingPolicy)
    tracks: list[Track] = field(default_factory=list)

    def update(self, detections: list[Detection], at: datetime) -> TrackUpdate:
        """Give each detection a track, open new ones, and end those that were lost."""
        closed = self.expire(at)
        paired = self._pair(detections, at)
        seen: list[tuple[Track, Detection]] = []
        opened = 0
        for index, detection in enumerate(detections):
            track = paired.get(index)
            if track is None:
                track = self._new(detection.box, at)
                self.tracks.append(track)
                opened += 1
            else:
                track.saw(detection.box, at)
            seen.append((track, detection))
        return TrackUpdate(tuple(seen), opened, closed)

    def expire(self, now: datetime) -> tuple[Track, ...]:
        """End the tracks that were lost, also when no frame comes any more; those that ended."""
        closed = tuple(t for t in self.tracks if now - t.last_seen > self.policy.lost_after)
        self.tracks = [t for t in self.tracks if now - t.last_seen <= self.policy.lost_after]
        return closed

    def split(self, track: Track, detection: Detection, at: datetime) -> Track:
        """End `track` because its face turned out to be another person's; what is seen there is a new track."""
        successor = self._new(detection.box, at, salt=track.id)
        if track in self.tracks:
            self.tracks[self.tracks.index(track)] = successor
        return successor

    def _new(self, box: Box, at: datetime, salt: str = "") -> Track:
        x, y = box.centre
        identity = deterministic_id("track", self.camera_id, to_micros(at), round(x), round(y), salt)
        return Track(identity, self.camera_id, at, at, box)

    def _pair(self, detections: list[Detection], at: datetime) -> dict[int, Track]:
        """The assignment with the least total cost (Hungarian method), by index of the detection."""
        if not detections or not self.tracks:
            return {}
        cost = np.array([[self._cost(track, found.box, at) for track in self.tracks] for found in detections])
        rows, columns = linear_sum_assignment(cost)
        return {
            int(row): self.tracks[column]
            for row, column in zip(rows, columns, strict=True)
            if cost[row, column] < _UNREACHABLE
        }

    def _cost(self, track: Track, box: Box, at: datetime) -> float:
        size, known = math.sqrt(box.area), math.sqrt(track.box.area)
        growth = max(size, known) / min(size, known)
        x, y = track.expected(at)
        step = math.hypot(box.centre[0] - x, box.centre[1] - y) / ((size + known) / 2)
        # A face seen once has no velocity yet: give its first step more room.
        reach = self.policy.max_step * (1.5 if track.sights == 1 else 1.0)
        if step > reach or growth > self.policy.max_growth:
            return _UNREACHABLE
        return step + math.log(growth)
