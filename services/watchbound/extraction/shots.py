"""Which sights of a track are worth a template, and what the templates say together.

Embedding is the dearest step by far, so a track is embedded at its first usable sight (an alert must not wait), then
again only when a sight is clearly better, when the evidence is undecided, or to confirm that a matched person is
still the one who is seen. Shots are fused by a mean weighted with their worth, which is more accurate than any one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from watchbound.domain.face import Box
from watchbound.extraction.blur import blur
from watchbound.extraction.wipe import wipe
from watchbound.ports import Image


class Standing(Enum):
    """What is known of a track against the watchlist so far."""

    UNKNOWN = "unknown"
    UNDECIDED = "undecided"
    CLEARLY_NOT_LISTED = "clearly_not_listed"
    MATCHED = "matched"


@dataclass(frozen=True, slots=True)
class ShotPolicy:
    """When to spend an embedding.

    Attributes:
        clearly_better: factor of worth by which a sight must beat the best shot so far.
        clearly_better_not_listed: the same for a track that is clearly not on the list.
        undecided_interval: least time between two shots of an undecided track.
        confirm_interval: time between two shots of a matched track.
        max_shots: an undecided track is not embedded more often; better sights still are.
        same_person: least similarity of a new shot to the fused template of its track (below: the track jumped).
    """

    clearly_better: float = 1.35
    clearly_better_not_listed: float = 1.8
    undecided_interval: timedelta = timedelta(milliseconds=350)
    confirm_interval: timedelta = timedelta(seconds=2)
    max_shots: int = 8
    same_person: float = 0.25


@dataclass(slots=True, eq=False)
class Shot:
    """One sight that was chosen.

    Attributes:
        crop: aligned face, as the embedder takes it, shape (height, width, 3).
        context: the face with its surroundings, everybody else hidden: what an operator would see.
    """

    worth: float
    captured_at: datetime
    crop: Image
    context: Image

    def forget(self) -> None:
        """Overwrite both pictures."""
        wipe(self.crop, self.context)


@dataclass(slots=True, eq=False)
class TrackEvidence:
    """The shots of one track, fused. Held in memory only, and only while the track is open.

    Attributes:
        best_worth: the highest worth of a shot, those still to be embedded included.
        best_context: surroundings of the best embedded shot.
        count: shots fused.
        standing: what the last comparison said.
        awaited: a shot was chosen whose comparison has not been made yet.
    """

    best_worth: float = 0.0
    last_shot_at: datetime | None = None
    taken: int = 0
    count: int = 0
    best_fused_worth: float = 0.0
    best_context: Image | None = None
    standing: Standing = Standing.UNKNOWN
    awaited: bool = False
    _sum: NDArray[np.float32] | None = field(default=None, repr=False)

    def wants(self, worth: float, at: datetime, policy: ShotPolicy) -> bool:
        """Whether a sight of this worth should be embedded now.

        In a backlog a batch holds many frames of one camera: what the first shot says may make the others needless.
        """
        if self.last_shot_at is None:
            return True
        since = at - self.last_shot_at
        match self.standing:
            case Standing.MATCHED:
                return since >= policy.confirm_interval or worth > self.best_worth * policy.clearly_better_not_listed
            case Standing.CLEARLY_NOT_LISTED:
                return worth > self.best_worth * policy.clearly_better_not_listed
            case _:
                if worth > self.best_worth * policy.clearly_better:
                    return True
                if self.awaited:
                    return False
                return self.taken < policy.max_shots and since >= policy.undecided_interval

    def take(self, worth: float, at: datetime) -> None:
        """Note that a sight was chosen; its template follows with `fuse`."""
        self.best_worth = max(self.best_worth, worth)
        self.last_shot_at = at
        self.taken += 1
        self.awaited = True

    def judged(self, standing: Standing) -> None:
        """Note what a comparison with the watchlist said."""
        self.standing, self.awaited = standing, False

    def agrees(self, template: NDArray[np.float32], policy: ShotPolicy) -> bool:
        """Whether a new template of shape (d,) shows the person of this track."""
        return self._sum is None or float(self.fused() @ template) >= policy.same_person

    def fuse(self, shot: Shot, template: NDArray[np.float32]) -> None:
        """Add a shot's template of shape (d,) and norm 1."""
        weighted = template * np.float32(shot.worth)
        if self._sum is None:
            self._sum = weighted
        else:
            self._sum += weighted
            wipe(weighted)
        self.count += 1
        if shot.worth > self.best_fused_worth:
            wipe(self.best_context)
            self.best_fused_worth, self.best_context = shot.worth, shot.context

    def forget(self) -> None:
        """Overwrite the template and the picture; nothing more is to be asked of it."""
        wipe(self._sum, self.best_context)
        self._sum = self.best_context = None

    def fused(self) -> NDArray[np.float32]:
        """The weighted mean of the templates, shape (d,), norm 1."""
        if self._sum is None:
            msg = "a track has no template before its first shot is fused"
            raise ValueError(msg)
        return self._sum / np.float32(np.linalg.norm(self._sum))


def cut_context(image: Image, face: Box, others: Sequence[Box], margin: float = 0.6) -> Image:
    """The face with `margin` face sizes around it, clipped to the picture, everything but the face itself hidden.

    A copy: the frame is let go. It is hidden here and not where it is shown, so that nobody else's face is ever kept.

    Args:
        image: the frame.
        face: whose surroundings; stays visible.
        others: every other face that was found in the frame.
        margin: face sizes on each side.
    """
    rows, columns = image.shape[:2]
    left, right = _span(face.x, face.width, margin, columns)
    top, bottom = _span(face.y, face.height, margin, rows)
    hide = [_moved(other, left, top) for other in others]
    return blur(image[top:bottom, left:right], [_moved(face, left, top)], hide)


def _moved(box: Box, left: int, top: int) -> Box:
    return Box(box.x - left, box.y - top, box.width, box.height)


def _span(start: float, length: float, margin: float, limit: int) -> tuple[int, int]:
    """`start` to `start + length`, widened by `margin` lengths, within [0, limit] and at least one pixel."""
    low = min(max(int(start - margin * length), 0), limit - 1)
    high = min(int(start + (1 + margin) * length) + 1, limit)
    return low, max(high, low + 1)
