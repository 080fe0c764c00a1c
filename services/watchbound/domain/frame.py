"""One picture from one camera: plain where it is taken and looked at, sealed wherever it rests or travels."""

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
class Capture:
    """The place, time and authority of a picture, without the picture.

    Attributes:
        camera_id: which camera; also the Kafka key, so that one worker sees a camera's frames in order.
        sequence: rises by one for each sampled frame of one run of a camera; a gap is a shed frame.
        captured_at: when the picture was taken, by the site's clock.
        authorisation_id: under whose authority it was published.
    """

    camera_id: str
    sequence: int
    captured_at: datetime
    authorisation_id: str

    def __post_init__(self) -> None:
        require_name(self.camera_id, "a camera id")
        require_name(self.authorisation_id, "an authorisation id")
        require_aware(self.captured_at, "captured_at")
        if self.sequence < 0:
            msg = f"a frame's sequence starts at 0, got {self.sequence}"
            raise InvalidValue(msg)

    @property
    def id(self) -> str:
        """Names this picture for good: sequence numbers restart with the camera, capture times do not."""
        return f"{self.camera_id}/{to_micros(self.captured_at)}/{self.sequence}"

    def bare(self) -> Capture:
        """The capture alone: what is kept of a picture that has been looked at."""
        return Capture(self.camera_id, self.sequence, self.captured_at, self.authorisation_id)


@dataclass(frozen=True, slots=True)
class Frame(Capture):
    """A plain picture: in the memory of the camera that took it, and of the worker that looks at it; nowhere else.

    Attributes:
        jpeg: encoded picture; not yet checked.
    """

    jpeg: bytes


@dataclass(frozen=True, slots=True)
class SealedFrame(Capture):
    """A picture as it travels: who may open it is judged by the capture, which stays readable.

    Attributes:
        sealed: the JPEG, sealed with the authorisation's key and bound to this frame's id.
    """

    sealed: bytes
