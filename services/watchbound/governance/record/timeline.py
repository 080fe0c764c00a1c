"""The deployment's time line as shapes on a plane, so that the page and the print draw one and the same picture.

Units are points from the top left corner. What a shape means is said by its role, and told apart by its form as well as
by its colour.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from watchbound.domain.adjudication import Standing
from watchbound.domain.moment import Window
from watchbound.governance.record.build import FALSE, DeploymentRecord

WIDTH = 720.0
_LEFT, _RIGHT = 96.0, 12.0
_ALERTS_Y = 22.0
_TOP, _BOTTOM = 40.0, 140.0
_LANE = 16.0
_TICKS = 4
_KEY_GAP, _KEY_LETTER = 28.0, 5.5
_SECONDS_SHOWN = timedelta(minutes=20)


class Role(Enum):
    """What a shape stands for; the value is its colour, each at least 3:1 against white."""

    FACES = "#2f6f9f"
    SHED = "#b35900"
    GAP = "#c0392b"
    PAUSED = "#d5d9dd"
    TRUE = "#1a7f37"
    FALSE = "#c0392b"
    OPEN = "#5a5f66"
    AXIS = "#7a828a"
    TEXT = "#24292f"


class Form(Enum):
    """How an alert is marked."""

    TRIANGLE = "triangle"
    CROSS = "cross"
    RING = "ring"


@dataclass(frozen=True, slots=True)
class Rect:
    """A filled rectangle."""

    x: float
    y: float
    width: float
    height: float
    role: Role


@dataclass(frozen=True, slots=True)
class Line:
    """A thin line."""

    x1: float
    y1: float
    x2: float
    y2: float
    role: Role


@dataclass(frozen=True, slots=True)
class Mark:
    """A sign about eight points wide, centred on (x, y)."""

    x: float
    y: float
    form: Form
    role: Role


@dataclass(frozen=True, slots=True)
class Label:
    """A line of text whose base line is at y.

    Attributes:
        anchor: start, middle or end: which part of the text is at x.
    """

    x: float
    y: float
    text: str
    anchor: str = "start"


Shape = Rect | Line | Mark | Label

_SIGNS = {
    Form.TRIANGLE: (Role.TRUE, "true alert"),
    Form.CROSS: (Role.FALSE, "false alert"),
    Form.RING: (Role.OPEN, "alert not decided"),
}


@dataclass(frozen=True, slots=True)
class Timeline:
    """The picture, and what it shows in words for those who do not see it."""

    height: float
    shapes: tuple[Shape, ...]
    description: str


def draw(record: DeploymentRecord) -> Timeline | None:
    """The time line of a deployment; None where it never operated."""
    whole = record.operated
    if whole is None:
        return None
    lanes_y = _BOTTOM + 30.0
    height = lanes_y + _LANE * len(record.coverage) + 26.0
    shapes = (
        *_pauses(record, whole, height - 26.0),
        *_bars(record, whole),
        *_axis(record, whole),
        *_alerts(record, whole),
        *_lanes(record, whole, lanes_y),
        *_key(height - 8.0),
    )
    return Timeline(height, shapes, _in_words(record, whole))


def _x(moment: datetime, whole: Window) -> float:
    share = (moment - whole.start) / (whole.end - whole.start)
    return _LEFT + min(max(share, 0.0), 1.0) * (WIDTH - _LEFT - _RIGHT)


def _pauses(record: DeploymentRecord, whole: Window, height: float) -> Iterator[Shape]:
    for pause in record.paused:
        left, right = _x(pause.start, whole), _x(pause.end, whole)
        yield Rect(left, _TOP, right - left, height - _TOP, Role.PAUSED)


def _bars(record: DeploymentRecord, whole: Window) -> Iterator[Shape]:
    most = _most(record)
    for bar in record.timeline:
        left, right = _x(bar.span.start, whole), _x(bar.span.end, whole)
        for count, role, bottom in (
            (bar.compared, Role.FACES, _BOTTOM),
            (bar.shed, Role.SHED, _BOTTOM + 6.0),
        ):
            if count and role is Role.FACES:
                tall = (_BOTTOM - _TOP) * count / most
                yield Rect(left + 0.5, bottom - tall, max(right - left - 1.0, 0.5), tall, role)
            elif count:
                yield Rect(left + 0.5, bottom - 4.0, max(right - left - 1.0, 0.5), 4.0, role)


def _axis(record: DeploymentRecord, whole: Window) -> Iterator[Shape]:
    yield Line(_LEFT, _BOTTOM, WIDTH - _RIGHT, _BOTTOM, Role.AXIS)
    yield Line(_LEFT, _TOP, _LEFT, _BOTTOM, Role.AXIS)
    yield Label(_LEFT - 6.0, _TOP + 8.0, str(_most(record)), "end")
    yield Label(_LEFT - 6.0, _BOTTOM, "0", "end")
    yield Label(_LEFT - 6.0, (_TOP + _BOTTOM) / 2, "faces compared", "end")
    yield Label(_LEFT - 6.0, _ALERTS_Y + 4.0, "alerts", "end")
    pattern = "%H:%M:%S" if whole.end - whole.start < _SECONDS_SHOWN else "%H:%M"
    for tick in range(_TICKS + 1):
        moment = whole.start + (whole.end - whole.start) * tick / _TICKS
        x = _x(moment, whole)
        anchor = "start" if tick == 0 else "end" if tick == _TICKS else "middle"
        yield Line(x, _BOTTOM, x, _BOTTOM + 4.0, Role.AXIS)
        yield Label(x, _BOTTOM + 18.0, moment.strftime(pattern), anchor)


def _alerts(record: DeploymentRecord, whole: Window) -> Iterator[Shape]:
    for alert in record.alerts:
        form = _form(alert.standing)
        yield Mark(_x(alert.fact.opened_by, whole), _ALERTS_Y, form, _SIGNS[form][0])


def _lanes(record: DeploymentRecord, whole: Window, top: float) -> Iterator[Shape]:
    for number, camera in enumerate(record.coverage):
        y = top + number * _LANE
        yield Label(_LEFT - 6.0, y + 8.0, _short(camera.camera_id), "end")
        yield Line(_LEFT, y + 5.0, WIDTH - _RIGHT, y + 5.0, Role.FACES)
        for gap in camera.gaps:
            left, right = _x(gap.start, whole), _x(gap.end, whole)
            yield Rect(left, y, max(right - left, 1.0), 10.0, Role.GAP)


def _key(y: float) -> Iterator[Shape]:
    x = _LEFT
    for form, (role, words) in _SIGNS.items():
        yield Mark(x + 4.0, y - 3.0, form, role)
        yield Label(x + 13.0, y, words)
        x += _KEY_GAP + _KEY_LETTER * len(words)
    for role, words in ((Role.SHED, "frames shed"), (Role.GAP, "camera away"), (Role.PAUSED, "paused")):
        yield Rect(x, y - 7.0, 9.0, 8.0, role)
        yield Label(x + 13.0, y, words)
        x += _KEY_GAP + _KEY_LETTER * len(words)


def _form(standing: Standing) -> Form:
    if standing is Standing.CONFIRMED:
        return Form.TRIANGLE
    return Form.CROSS if standing in FALSE else Form.RING


def _most(record: DeploymentRecord) -> int:
    return max((bar.compared for bar in record.timeline), default=0) or 1


def _short(name: str) -> str:
    return name if len(name) <= 16 else f"{name[:15]}…"


def _in_words(record: DeploymentRecord, whole: Window) -> str:
    away = sum(1 for camera in record.coverage if camera.gaps)
    return (
        f"Time line from {whole.start:%Y-%m-%d %H:%M:%S %Z} to {whole.end:%H:%M:%S %Z}: "
        f"{record.compared} faces compared, {len(record.alerts)} alerts, {len(record.paused)} pauses, "
        f"{away} of {len(record.coverage)} cameras with gaps. The tables hold the same figures."
    )
