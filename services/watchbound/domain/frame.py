"""One picture from one camera, as it travels."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from watchbound.domain.errors import InvalidValue
from watchbound.domain.moment import require_aware, to_micros

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def require_name(value: str, what: str) -> None:
    """Refuse a name that could not be a Kafka key, a metric label and a file name alike."""
    if not _NAME.fullmatch(value):
        msg = f"{what} must be 1 to 64 of A-Z a-z 0-9 . _ - and begin with a letter or digit, got {value[:80]!r}"
        raise InvalidValue(msg)


@dataclass(frozen=True, slots=True)
class Frame:
    """A JPEG with the place, time and authority of its capture.

    Attributes:
        camera_id: which camera; also the Kafka key, so that one worker sees a camera's frames in order.
        sequence: rises by one for each sampled frame of one run of a camera; a gap is a shed frame.
        captured_at: when the picture was taken, by the site's clock.
        authorisation_id: under whose authority it was published.
        jpeg: encoded picture; not yet checked.
    """

    camera_id: str
    sequence: int
    captured_at: datetime
    authorisation_id: str
    jpeg: bytes

    def __post_init__(self) -> None:
        require_name(self.camera_id, "a camera id")
        require_name(self.authorisation_id, "an authorisation id")
        require_aware(self.captured_at, "captured_at")
        if self.sequence < 0:
            msg = f"a frame's sequence starts at 0, got {self.sequence}"
            raise InvalidValue(msg)

    @property
    def id(self) -> str:
        """Names this frame for good: sequence numbers restart with the camera, capture times do not."""
        return f"{self.camera_id}/{to_micros(self.captured_at)}/{self.sequence}"
