"""Stretches of time: joined, cut out of each other, and added up."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from watchbound.domain.moment import Window


def joined(spans: Iterable[Window], tolerance: timedelta = timedelta(0)) -> tuple[Window, ...]:
    """The same time as ordered spans that do not meet; spans at most `tolerance` apart become one."""
    result: list[Window] = []
    for span in sorted(spans, key=lambda span: span.start):
        if result and span.start <= result[-1].end + tolerance:
            result[-1] = Window(result[-1].start, max(result[-1].end, span.end))
        else:
            result.append(span)
    return tuple(result)


def without(spans: Iterable[Window], cuts: Iterable[Window]) -> tuple[Window, ...]:
    """What of `spans` lies outside of all `cuts`."""
    left = list(joined(spans))
    for cut in cuts:
        left = [piece for span in left for piece in _minus(span, cut)]
    return tuple(left)


def within(spans: Iterable[Window], whole: Window) -> tuple[Window, ...]:
    """What of `spans` lies inside of `whole`."""
    cut = (_window(max(span.start, whole.start), min(span.end, whole.end)) for span in spans)
    return joined(piece for piece in cut if piece is not None)


def seconds(spans: Iterable[Window]) -> float:
    """How long they are together, where they do not overlap."""
    return sum((span.end - span.start).total_seconds() for span in spans)


def _minus(span: Window, cut: Window) -> list[Window]:
    pieces = (_window(span.start, min(span.end, cut.start)), _window(max(span.start, cut.end), span.end))
    return [piece for piece in pieces if piece is not None]


def _window(start: datetime, end: datetime) -> Window | None:
    return Window(start, end) if start < end else None
