"""The cameras of a worker: who follows which, and how far their frames have been dealt with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from watchbound.domain.frame import Capture
from watchbound.extraction.track import Tracker
from watchbound.matching.attention import Attention, AttentionPolicy
from watchbound.matching.follow import Follower, Passage
from watchbound.ports import Record, TopicPartition


class Cameras:
    """One follower a camera, and the offsets that they hold."""

    def __init__(self, attention: AttentionPolicy) -> None:
        self._attention = attention
        self._followers: dict[str, Follower] = {}
        self._handled: dict[TopicPartition, int] = {}

    def __iter__(self) -> Iterator[Follower]:
        return iter(self._followers.values())

    def passages(self) -> list[Passage]:
        """All that are open."""
        return [passage for follower in self for passage in follower.passages.values()]

    def of(self, source: TopicPartition, frame: Capture) -> Follower:
        """The camera's follower; a new authority begins with no memory of what an older one saw."""
        follower = self._followers.get(frame.camera_id)
        if follower is None or follower.authorisation_id != frame.authorisation_id:
            if follower is not None:
                follower.forget_all()
            tracker, attention = Tracker(frame.camera_id), Attention(self._attention)
            follower = Follower(frame.camera_id, frame.authorisation_id, source, tracker, attention)
            self._followers[frame.camera_id] = follower
        return follower

    def handled(self, records: Sequence[Record]) -> None:
        """Note that these have been dealt with, and what came of them acknowledged."""
        for record in records:
            self._handled[record.source] = record.offset + 1

    def watermarks(self, fresh: datetime) -> Mapping[TopicPartition, int]:
        """What is handled, but never past the first frame of an open passage that began after `fresh`."""
        marks = dict(self._handled)
        for follower in self:
            held = follower.held_offset(fresh)
            if held is not None and follower.source in marks:
                marks[follower.source] = min(marks[follower.source], held)
        return marks

    def release(self, partitions: frozenset[TopicPartition]) -> None:
        """Forget the cameras of partitions that go to another worker."""
        for camera, follower in list(self._followers.items()):
            if follower.source in partitions:
                self._followers.pop(camera).forget_all()
        for source in partitions:
            self._handled.pop(source, None)

    def forget(self, before: datetime) -> None:
        """Overwrite what is over, and what was lost by `before`."""
        for follower in self:
            follower.forget(before)
