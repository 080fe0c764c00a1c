"""A face that resembles an entry beyond the authorised threshold: a prompt, never an identification."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from watchbound.domain.candidate import require_score
from watchbound.domain.errors import InvalidValue
from watchbound.domain.face import Box
from watchbound.domain.frame import require_name
from watchbound.domain.moment import require_aware
from watchbound.domain.watchlist import WatchlistEntry


def deterministic_id(*parts: object) -> str:
    """A hash of what is spoken about, so that a replay says the same thing under the same name (32 hex digits)."""
    return hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Match:
    """Evidence from one track that an entry may have passed a camera.

    Attributes:
        frame_id: the frame that completed the evidence.
        track_id: the passing face on that camera; names no person and outlives no track.
        first_seen: capture time of the track's first frame.
        captured_at: capture time of the frame that completed the evidence.
        score: fused cosine similarity over the shots of the track.
        shots: how many shots were fused.
        box: the face in that frame, in pixels.
        crop: JPEG of the best shot with a margin around the face, sealed with the authorisation's key for alerts and
            bound to this match's id.
        template: the fused template behind the score, sealed as the crop is; empty where the sender kept none. Two
            sightings of a lookalike are known by it to be of the same person.
        index: 0 for the first match of this track with this entry, then one more with each further evidence.
    """

    entry: WatchlistEntry
    camera_id: str
    frame_id: str
    track_id: str
    first_seen: datetime
    captured_at: datetime
    score: float
    threshold: float
    shots: int
    box: Box
    crop: bytes
    model_digest: str
    index: int = 0
    template: bytes = b""

    def __post_init__(self) -> None:
        require_name(self.camera_id, "a camera id")
        require_aware(self.first_seen, "first_seen")
        require_aware(self.captured_at, "captured_at")
        require_score(self.score)
        require_score(self.threshold)
        if self.score < self.threshold:
            msg = f"a match must reach its threshold, got {self.score:.3f} below {self.threshold:.3f}"
            raise InvalidValue(msg)
        if self.first_seen > self.captured_at:
            msg = "a match cannot be captured before its track began"
            raise InvalidValue(msg)
        if self.index < 0:
            msg = f"the matches of a track are counted from 0, got {self.index}"
            raise InvalidValue(msg)
        if self.shots < 1:
            msg = f"a match rests on at least one shot, got {self.shots}"
            raise InvalidValue(msg)

    @property
    def id(self) -> str:
        """Says which evidence this is: the n-th that this track gave for this entry.

        Tracks are named by motion alone, so a replay gives the first match of a track its old id however the frames
        were batched; the very frame that completed the evidence may then be another.
        """
        entry = self.entry
        return deterministic_id(
            entry.authorisation_id, entry.reference, self.camera_id, self.track_id, self.index, self.model_digest
        )

    @property
    def subject(self) -> str:
        """Key of the matches, alerts and decisions topics: all that is said of one entry stays in order."""
        return subject_key(self.entry.authorisation_id, self.entry.reference)


def subject_key(authorisation_id: str, reference: str) -> str:
    """`authorisation/entry`; names contain no slash, so it reads back unambiguously."""
    return f"{authorisation_id}/{reference}"
