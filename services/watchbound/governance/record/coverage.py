"""When each camera really looked: what nobody saw must not read as "nobody passed"."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from watchbound.domain.moment import Window
from watchbound.domain.tally import Tally
from watchbound.governance.record.spans import joined, seconds, within, without

QUIET_AT_MOST = timedelta(seconds=10)
"""Tallies come every second and only where something was counted, so a camera that is silent for longer was away."""


@dataclass(frozen=True, slots=True)
class CameraCoverage:
    """One camera over the time in which the deployment operated.

    Attributes:
        expected_s: seconds for which it should have published.
        published_s: seconds for which it did.
        gaps: when it did not.
    """

    camera_id: str
    expected_s: float
    published_s: float
    gaps: tuple[Window, ...]

    @property
    def share(self) -> float | None:
        """Of the expected time; None where none was expected."""
        return self.published_s / self.expected_s if self.expected_s else None


def operated(tallies: Iterable[Tally]) -> Window | None:
    """From the first published frame of any camera to the last; None where none was published."""
    spans = [tally.span for tally in tallies if tally.published]
    return Window(min(span.start for span in spans), max(span.end for span in spans)) if spans else None


def pauses(active: Sequence[Window], whole: Window) -> tuple[Window, ...]:
    """When, inside of `whole`, the deployment permitted nothing."""
    return without([whole], active)


def coverage(
    cameras: Iterable[str], tallies: Sequence[Tally], whole: Window | None, paused: Sequence[Window]
) -> tuple[CameraCoverage, ...]:
    """Each camera's coverage, ordered by its name; a deployment that never operated covers nothing."""
    if whole is None:
        return ()
    expected = without([whole], paused)
    return tuple(_of_camera(camera, tallies, expected, whole) for camera in sorted(cameras))


def _of_camera(camera: str, tallies: Sequence[Tally], expected: Sequence[Window], whole: Window) -> CameraCoverage:
    published = joined((t.span for t in tallies if t.camera_id == camera and t.published), QUIET_AT_MOST)
    missed = without(expected, published)
    gaps = tuple(gap for gap in missed if gap.end - gap.start > QUIET_AT_MOST)
    total = seconds(expected)
    return CameraCoverage(camera, total, total - seconds(within(gaps, whole)), gaps)
