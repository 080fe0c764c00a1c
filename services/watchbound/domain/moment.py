"""Points and spans of time, always with a zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from watchbound.domain.errors import InvalidValue

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def require_aware(moment: datetime, name: str) -> None:
    """Refuse a datetime without a zone: two sites an hour apart would disagree about who may match."""
    if moment.tzinfo is None or moment.utcoffset() is None:
        msg = f"{name} must carry a time zone, got {moment.isoformat()}; append Z or an offset such as +01:00"
        raise InvalidValue(msg)


def to_micros(moment: datetime) -> int:
    """Microseconds since the Unix epoch, exact (no float in between)."""
    return (moment - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """The inverse of `to_micros`, in UTC.

    Raises:
        InvalidValue: the number is beyond what a datetime holds.
    """
    try:
        return _EPOCH + timedelta(microseconds=micros)
    except OverflowError as error:
        msg = f"{micros} microseconds since 1970 is not a date between the years 1 and 9999"
        raise InvalidValue(msg) from error


@dataclass(frozen=True, slots=True)
class Window:
    """A half-open span: `start` belongs to it, `end` does not."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        require_aware(self.start, "window start")
        require_aware(self.end, "window end")
        if self.end <= self.start:
            msg = f"a window must end after it starts, got {self.start.isoformat()} to {self.end.isoformat()}"
            raise InvalidValue(msg)

    def __contains__(self, moment: datetime) -> bool:
        return self.start <= moment < self.end
