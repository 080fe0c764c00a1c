"""Encoded frames that wait to be sent: one bounded queue a camera, and the oldest goes when it is full."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping

from watchbound.domain.frame import Frame


class FrameBuffers:
    """What stands between capture, which never waits, and the producer, which may. Safe to share between threads.

    Cameras take turns, so a camera with a high rate cannot starve its neighbours.

    Args:
        limits: most frames to hold, by camera id.
    """

    def __init__(self, limits: Mapping[str, int]) -> None:
        self._limits = dict(limits)
        self._queues: dict[str, deque[Frame]] = {camera_id: deque() for camera_id in limits}
        self._turns = deque(limits)
        self._changed = threading.Condition()

    def push(self, frame: Frame) -> Frame | None:
        """Add a frame; returns the oldest of the same camera if it had to go for it."""
        with self._changed:
            queue = self._queues[frame.camera_id]
            shed = queue.popleft() if len(queue) >= self._limits[frame.camera_id] else None
            queue.append(frame)
            self._changed.notify()
            return shed

    def take(self, timeout_s: float) -> Frame | None:
        """The oldest frame of the camera whose turn it is; None when none came in time."""
        with self._changed:
            if not self._changed.wait_for(self._any, timeout_s):
                return None
            while not self._queues[self._turns[0]]:
                self._turns.rotate(-1)
            camera_id = self._turns[0]
            self._turns.rotate(-1)
            return self._queues[camera_id].popleft()

    def __len__(self) -> int:
        with self._changed:
            return sum(len(queue) for queue in self._queues.values())

    def _any(self) -> bool:
        return any(self._queues.values())
