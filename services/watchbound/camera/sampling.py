"""Which pictures of a source are kept, so that a configured rate results."""

from __future__ import annotations

_SMOOTHING = 0.1
"""Weight of the newest interval in the running estimate: about ten pictures of memory."""


class Sampler:
    """Keeps, of pictures with rising times, those nearest to the ticks of the wanted rate.

    A camera that sends at just the wanted rate, with jitter, must not lose every second picture to a grid that it
    misses by a millisecond. So a picture may come early by half the interval of the *source*: the tick lies nearer to
    it than to its successor. Ticks follow the grid while the source keeps up, and start anew after a pause, so no
    burst makes up for missed time. Belongs to one thread.

    Args:
        fps: wanted pictures a second; at most `fps × duration + 2` are kept.
    """

    def __init__(self, fps: float) -> None:
        self._interval_s = 1.0 / fps
        self._due_s: float | None = None
        self._last_s: float | None = None
        self._source_s = self._interval_s

    def keep(self, at_s: float) -> bool:
        """Whether to keep the picture of time `at_s`, in seconds from any origin; times must not fall."""
        self._estimate(at_s)
        early_s = 0.5 * min(self._source_s, self._interval_s)
        if self._due_s is not None and at_s < self._due_s - early_s:
            return False
        due_s = at_s if self._due_s is None else self._due_s
        self._due_s = due_s + self._interval_s if at_s < due_s + self._interval_s else at_s + self._interval_s
        return True

    def _estimate(self, at_s: float) -> None:
        """Follow the source's own interval; the first one is taken as it is."""
        if self._last_s is not None:
            seen_s = at_s - self._last_s
            first = self._source_s == self._interval_s
            self._source_s = seen_s if first else self._source_s + _SMOOTHING * (seen_s - self._source_s)
        self._last_s = at_s
