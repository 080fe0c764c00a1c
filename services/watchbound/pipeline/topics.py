"""The topics: their names, keys, retention and shape, in one place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum


class Cleanup(Enum):
    """What the broker forgets."""

    DELETE = "delete"
    COMPACT = "compact"


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as it must stand on the broker.

    Attributes:
        key: what a record's key says, in words.
        partitions: the default; subjects' topics (matches, alerts, decisions) must have equally many.
        retention: None for a compacted topic.
        max_message_bytes: the broker's limit for one record batch.
        stamped_by_broker: whether a record's time is the broker's, and not its producer's.
        may_grow: whether a broker may have more partitions than these, so that more members share the work.
    """

    name: str
    key: str
    partitions: int
    cleanup: Cleanup
    retention: timedelta | None
    max_message_bytes: int = 1_048_576
    stamped_by_broker: bool = False
    may_grow: bool = False

    def config(self) -> dict[str, str]:
        """The broker's own settings for it.

        A broker deletes and compacts whole segments that have been closed, by default after a week: a topic that is
        to forget within minutes must close its segments within minutes.
        """
        config = {"cleanup.policy": self.cleanup.value, "max.message.bytes": str(self.max_message_bytes)}
        if self.retention is not None:
            config["retention.ms"] = _ms(self.retention)
            config["segment.ms"] = _ms(min(_LONGEST_SEGMENT, max(self.retention / _SEGMENTS, _SHORTEST_SEGMENT)))
        else:
            config["segment.ms"] = config["max.compaction.lag.ms"] = _ms(_COMPACTED_WITHIN)
        if self.stamped_by_broker:
            config["message.timestamp.type"] = "LogAppendTime"
        return config


_SEGMENTS = 10
_SHORTEST_SEGMENT = timedelta(minutes=1)
_LONGEST_SEGMENT = timedelta(days=1)
_COMPACTED_WITHIN = timedelta(hours=1)
"""An entry that was removed is gone from the disk soon after, template and all."""


def _ms(span: timedelta) -> str:
    return str(int(span.total_seconds() * 1000))


_SUBJECT = "authorisation id / entry reference"
_SUBJECT_PARTITIONS = 8
_FRAME_BYTES = 2_097_152

FRAMES = Topic(
    "watchbound.frames.v1", "camera id", 16, Cleanup.DELETE, timedelta(minutes=10), _FRAME_BYTES, may_grow=True
)
MATCHES = Topic("watchbound.matches.v1", _SUBJECT, _SUBJECT_PARTITIONS, Cleanup.DELETE, timedelta(hours=6))
ALERTS = Topic("watchbound.alerts.v1", _SUBJECT, _SUBJECT_PARTITIONS, Cleanup.DELETE, timedelta(days=31))
DECISIONS = Topic("watchbound.decisions.v1", _SUBJECT, _SUBJECT_PARTITIONS, Cleanup.DELETE, timedelta(days=183))
AUTHORISATIONS = Topic("watchbound.authorisations.v1", "authorisation id", 1, Cleanup.COMPACT, None)
WATCHLIST_CHANGES = Topic("watchbound.watchlist-changes.v1", _SUBJECT, 1, Cleanup.COMPACT, None)
WATCHLIST_PROPOSALS = Topic("watchbound.watchlist-proposals.v1", _SUBJECT, 1, Cleanup.COMPACT, None)
TALLIES = Topic("watchbound.tallies.v1", "camera id", 4, Cleanup.DELETE, timedelta(days=31), may_grow=True)
AUDIT = Topic("watchbound.audit.v1", "log id", 1, Cleanup.DELETE, timedelta(days=183))
DEAD_LETTERS = Topic("watchbound.dead-letters.v1", "source topic", 4, Cleanup.DELETE, timedelta(days=7), may_grow=True)
CLOCK = Topic("watchbound.clock.v1", "none", 1, Cleanup.DELETE, timedelta(hours=1), stamped_by_broker=True)
"""Carries empty records only: what is asked of it is the time that the broker writes on them."""

ALL_TOPICS = (
    FRAMES,
    MATCHES,
    ALERTS,
    DECISIONS,
    AUTHORISATIONS,
    WATCHLIST_CHANGES,
    WATCHLIST_PROPOSALS,
    TALLIES,
    AUDIT,
    DEAD_LETTERS,
)


def windows_topic(name: str) -> Topic:
    """Where alerting keeps its open windows: the changelog of its table, beside the subjects' topics."""
    return Topic(name, _SUBJECT, _SUBJECT_PARTITIONS, Cleanup.COMPACT, None)
