"""An audit log in memory with everything that a database would hold, for tests that tamper with it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from watchbound.domain.audit import AuditEvent
from watchbound.domain.signature import Signature
from watchbound.pipeline.audit_record import AuditRecord, canonical, find_by
from watchbound.pipeline.audit_verify import Evidence, StoredEvent, Stretch, Verdict, verify
from watchbound.pipeline.checkpoint import Checkpoint, LogKey, SignedCheckpoint, origin_of, sign
from watchbound.pipeline.merkle import Frontier, leaf_hash, root_of

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LOG = "watchbound"
PUBLIC = bytes(range(32))
KEY = LogKey(origin_of(LOG), PUBLIC)


class FakeSigner:
    """Signs with a hash that only the test believes."""

    key_id = "log"

    def sign(self, message: bytes) -> Signature:
        return Signature(self.key_id, signature_of(PUBLIC, message))


def signature_of(public: bytes, message: bytes) -> bytes:
    return hashlib.sha512(public + message).digest()


def holds(public: bytes, message: bytes, signature: bytes) -> bool:
    return signature_of(public, message) == signature


def event(number: int, reason: str = "on the list") -> AuditEvent:
    at = NOW + timedelta(seconds=number)
    return AuditEvent(f"e{number}", at, "officer-12", "watchlist.approved", "op-1", f"REF-{number}", reason)


def stored(index: int, event: AuditEvent, place: int | None = None) -> StoredEvent:
    """An event as the log writes it, at another place of the table if one is given."""
    data = canonical(AuditRecord(LOG, index, event))
    return StoredEvent(index if place is None else place, data, find_by(event))


@dataclass
class MemoryLog:
    """A `StoredLog` whose rows anybody may change."""

    rows: list[StoredEvent] = field(default_factory=list)
    nodes: dict[tuple[int, int], tuple[int, bytes]] = field(default_factory=dict)

    @classmethod
    def of(cls, events: list[AuditEvent]) -> MemoryLog:
        """A log as it is written."""
        log = cls([stored(index, each) for index, each in enumerate(events)])
        log.rebuild()
        return log

    def rebuild(self) -> None:
        """Make the tree that belongs to the rows: what somebody with full write access would do."""
        self.nodes = {}
        frontier = Frontier()
        for row in self.rows:
            frontier, completed = frontier.append(leaf_hash(row.canonical))
            self.nodes |= {(n.level, n.position): (frontier.size - 1, n.hash) for n in completed}

    def stretch(self, first: int, limit: int) -> Stretch:
        rows = sorted((row for row in self.rows if row.index >= first), key=lambda row: row.index)
        nodes = {place: value for place, (by, value) in self.nodes.items() if first <= by < first + limit}
        return Stretch(rows[:limit], nodes)

    def counts(self) -> tuple[int, int]:
        return len(self.rows), len(self.nodes)

    def checkpoint(self, size: int) -> SignedCheckpoint:
        root = root_of(size, lambda level, position: self.nodes[level, position][1])
        return sign(Checkpoint(origin_of(LOG), size, root, NOW), FakeSigner(), PUBLIC)

    def evidence(self, sizes: set[int]) -> list[Evidence]:
        return [Evidence(f"checkpoint {size}", self.checkpoint(size)) for size in sorted(sizes)]

    def set(self, place: int, row: StoredEvent) -> None:
        self.rows[place] = replace(row, index=place)


def verified(log: MemoryLog, evidence: list[Evidence]) -> Verdict:
    return verify(log, LOG, evidence, [KEY], holds)
