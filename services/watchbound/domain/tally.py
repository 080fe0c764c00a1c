"""Counts that a deployment's record is built from. They speak of numbers, never of people."""

from __future__ import annotations

from dataclasses import dataclass

from watchbound.domain.errors import InvalidValue
from watchbound.domain.frame import require_name
from watchbound.domain.moment import Window

COUNTED = ("published", "processed", "shed", "faces", "tracks", "compared", "matches", "refused", "dead_lettered")
"""What a tally counts."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What one service did for one camera in one span: increments, to be added up.

    Attributes:
        source: the process that counted, so that its increments can be told from another's.
        index: rises by one with each tally of that process; a repeated (source, camera, index) is a duplicate.
        faces: found in single frames; one person passing is found many times.
        tracks: passing faces that began to be followed.
        compared: tracks of which a first template was compared with the watchlist: the only ones that can raise an
            alert, rightly or wrongly.
        refused: frames without authority, by reason.
        dead_lettered: frames that no retry could make valid, by reason.
    """

    source: str
    index: int
    camera_id: str
    authorisation_id: str
    span: Window
    published: int = 0
    processed: int = 0
    shed: int = 0
    faces: int = 0
    tracks: int = 0
    matches: int = 0
    refused: int = 0
    dead_lettered: int = 0
    compared: int = 0

    def __post_init__(self) -> None:
        require_name(self.camera_id, "a camera id")
        if self.index < 0 or min(self.counts().values()) < 0:
            msg = "a tally counts upwards from zero"
            raise InvalidValue(msg)

    def counts(self) -> dict[str, int]:
        """The increments by name."""
        return {name: getattr(self, name) for name in COUNTED}
