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
    """

    name: str
    key: str
    partitions: int
    cleanup: Cleanup
    retention: timedelta | None
    max_message_bytes: int = 1_048_576
    stamped_by_broker: bool = False

    def config(self) -> dict[str, str]:
        """The broker's own settings for it."""
        config = {"cleanup.policy": self.cleanup.value, "max.message.bytes": str(self.max_message_bytes)}
        if self.retention is not None:
            config["retention.ms"] = str(int(self.retention.total_seconds() * 1000))
        if self.stamped_by_broker:
            config["message.timestamp.type"] = "LogAppendTime"
        return config


_SUBJECT = "authorisation id / entry reference"
_SUBJECT_PARTITIONS = 8
_FRAME_BYTES = 2_097_152

FRAMES = Topic("watchbound.frames.v1", "camera id", 16, Cleanup.DELETE, timedelta(minutes=10), _FRAME_BYTES)
MATCHES = Topic("watchbound.matches.v1", _SUBJECT, _SUBJECT_PARTITIONS, Cleanup.DELETE, timedelta(hours=6))
ALERTS = Topic("watchbound.alerts.v1", _SUBJECT, _SUBJECT_PARTITIONS, Cleanup.DELETE, timedelta(days=31))
DECISIONS = Topic("watchbound.decisions.v1", _SUBJECT, _SUBJECT_PARTITIONS, Cleanup.DELETE, timedelta(days=183))
AUTHORISATIONS = Topic("watchbound.authorisations.v1", "authorisation id", 1, Cleanup.COMPACT, None)
WATCHLIST_CHANGES = Topic("watchbound.watchlist-changes.v1", _SUBJECT, 1, Cleanup.COMPACT, None)
WATCHLIST_PROPOSALS = Topic("watchbound.watchlist-proposals.v1", _SUBJECT, 1, Cleanup.COMPACT, None)
TALLIES = Topic("watchbound.tallies.v1", "camera id", 4, Cleanup.DELETE, timedelta(days=31))
AUDIT = Topic("watchbound.audit.v1", "log id", 1, Cleanup.DELETE, timedelta(days=183))
DEAD_LETTERS = Topic("watchbound.dead-letters.v1", "source topic", 4, Cleanup.DELETE, timedelta(days=7))
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
