"""One camera as a worker sees it: its open tracks, their evidence, and the offsets they hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from watchbound.domain.authorisation import Authorisation
from watchbound.domain.face import Detection
from watchbound.domain.frame import Capture
from watchbound.extraction.decode import Grey
from watchbound.extraction.shots import Shot, TrackEvidence
from watchbound.extraction.track import Track, Tracker, TrackUpdate
from watchbound.matching.attention import Attention, Rest
from watchbound.ports import TopicPartition


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """One sight of a face that was chosen for a template. It refers to nothing that refers to it.

    So reference counting frees it the moment its passage ends; in a cycle, faces and templates would linger until the
    garbage collector came by.

    Attributes:
        frame: the frame without its picture, which is let go as soon as faces were looked for.
    """

    shot: Shot
    detection: Detection
    frame: Capture
    offset: int
    authorisation: Authorisation


@dataclass(slots=True, eq=False)
class Passage:
    """An open track with its evidence.

    Attributes:
        first_offset: where a successor would have to begin reading to rebuild the track.
        announced: how many matches were announced, by entry reference.
        latest: the sight that was fused last.
        compared: whether its template was compared with the watchlist yet.
    """

    track: Track
    evidence: TrackEvidence
    first_offset: int
    announced: Counter[str] = field(default_factory=Counter)
    latest: Sight | None = None
    compared: bool = False

    def forget(self) -> None:
        """Overwrite all that shows the face; the passage is over."""
        self.evidence.forget()
        if self.latest is not None:
            self.latest.shot.forget()
            self.latest = None

    def next_index(self, reference: str) -> int:
        """The index of the match that is about to be announced (see `Match.index`)."""
        index = self.announced[reference]
        self.announced[reference] += 1
        return index


@dataclass(frozen=True, slots=True, eq=False)
class PendingShot:
    """A sight on its way to a template, and where the template belongs; lives for one batch."""

    follower: Follower
    passage: Passage
    sight: Sight


@dataclass(slots=True, eq=False)
class Follower:
    """The passages of one camera under one authorisation.

    Attributes:
        additions_seen: how many additions to the watchlist its passages have been compared with.
        ended: passages that are over, for as long as a batch may still speak of them.
    """

    camera_id: str
    authorisation_id: str
    source: TopicPartition
    tracker: Tracker
    attention: Attention
    passages: dict[str, Passage] = field(default_factory=dict)
    additions_seen: int = 0
    last_captured_at: datetime | None = None
    ended: list[Passage] = field(default_factory=list)

    def is_new(self, captured_at: datetime) -> bool:
        """False for a frame that is not later than one already seen: a producer's retry, or a replay."""
        return self.last_captured_at is None or captured_at > self.last_captured_at

    def rest(self, captured_at: datetime, glance: Callable[[], Grey]) -> Rest | None:
        """Why the frame need not be searched, or None (see `Attention.rest`); tracks that it ends are over."""
        self._end(self.tracker.expire(captured_at))
        rest = self.attention.rest(captured_at, self.tracker.tracks, glance)
        if rest is not None:
            self.last_captured_at = captured_at
        return rest

    def see(
        self, detections: list[Detection], captured_at: datetime, offset: int, glance: Callable[[], Grey]
    ) -> TrackUpdate:
        """Move on by one searched frame; what is gone is over, and forgotten with the batch (`forget`)."""
        self.last_captured_at = captured_at
        update = self.tracker.update(detections, captured_at)
        self.attention.searched(captured_at, self.tracker.tracks, glance)
        self._end(update.closed)
        for track, _ in update.seen:
            if track.id not in self.passages:
                self.passages[track.id] = Passage(track, TrackEvidence(), offset)
        return update

    def forget(self, before: datetime) -> None:
        """Overwrite what is over, and what was lost by `before`, since no frame may come to say so."""
        self._end(self.tracker.expire(before))
        for passage in self.ended:
            passage.forget()
        self.ended.clear()
        if self.last_captured_at is not None and self.last_captured_at < before:
            self.attention.forget()

    def forget_all(self) -> None:
        """Overwrite everything: the camera, or its authority, is no longer ours."""
        for passage in (*self.passages.values(), *self.ended):
            passage.forget()
        self.attention.forget()

    def _end(self, tracks: Iterable[Track]) -> None:
        self.ended += [self.passages.pop(track.id) for track in tracks]

    def split(self, passage: Passage, sight: Sight) -> Passage:
        """End a passage that turned out to show two people, and begin another with the new sight.

        A passage whose face has gone meanwhile is not reopened: its successor then lives for this batch only.
        """
        track, at = passage.track, sight.frame.captured_at
        is_open = self.passages.pop(track.id, None) is not None
        self.ended.append(passage)
        successor = self.tracker.split(track, sight.detection, at)
        fresh = Passage(successor, TrackEvidence(), sight.offset)
        fresh.evidence.take(sight.shot.worth, sight.shot.captured_at)
        if is_open:
            self.passages[successor.id] = fresh
        else:
            self.ended.append(fresh)
        return fresh

    def held_offset(self, not_before: datetime) -> int | None:
        """The first offset of the oldest open passage that began after `not_before`.

        Frames older than the freshness limit would be shed at a replay, so holding them would gain nothing.
        """
        held = [p.first_offset for p in self.passages.values() if p.track.first_seen >= not_before]
        return min(held, default=None)
