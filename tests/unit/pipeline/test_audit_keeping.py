from __future__ import annotations

import pytest

from tests.unit.pipeline.kept import LOG, NOW, PUBLIC, FakeSigner, MemoryLog, event
from watchbound.adapters.codecs import AUDIT_RECORD
from watchbound.domain.errors import Tampered, Unavailable
from watchbound.pipeline.audit_keeping import AuditKeeper, KeepingLoop
from watchbound.pipeline.audit_record import AuditRecord, read_canonical
from watchbound.pipeline.checkpoint import SignedCheckpoint
from watchbound.pipeline.merkle import root_of
from watchbound.pipeline.metric_names import AUDIT_CHECKPOINT_FAILURES, AUDIT_EVENTS
from watchbound.pipeline.topics import AUDIT
from watchbound.testing.clock import ManualClock
from watchbound.testing.log import InMemoryBroker
from watchbound.testing.metrics import RecordedMetrics

Told = AuditRecord | SignedCheckpoint


class Kept:
    """A `KeptLog` and a `CheckpointPlace` over rows in memory."""

    log_id = LOG

    def __init__(self, events: int) -> None:
        self.rows = MemoryLog.of([event(number) for number in range(events)])
        self.told = 0
        self.beside: list[SignedCheckpoint] = []
        self.folder: list[SignedCheckpoint] = []
        self.away = False
        self.broker = InMemoryBroker(ManualClock(NOW))
        self.keeper = AuditKeeper(
            self, self, FakeSigner(), PUBLIC, self.broker.producer(), AUDIT_RECORD, ManualClock(NOW)
        )

    def size(self) -> int:
        return len(self.rows.rows)

    def root(self, size: int) -> bytes:
        return root_of(size, lambda level, position: self.rows.nodes[level, position][1])

    def unpublished(self, limit: int) -> list[AuditRecord]:
        return [read_canonical(row.canonical) for row in self.rows.rows[self.told :][:limit]]

    def published(self, size: int) -> None:
        self.told = size

    def put_checkpoint(self, signed: SignedCheckpoint) -> None:
        self.beside.append(signed)

    def latest(self) -> SignedCheckpoint | None:
        return self.folder[-1] if self.folder else None

    def put(self, signed: SignedCheckpoint) -> None:
        if self.away:
            msg = "the folder is away"
            raise Unavailable(msg)
        self.folder.append(signed)

    def grow(self) -> None:
        self.rows = MemoryLog.of([event(number) for number in range(self.size() + 1)])

    def topic(self) -> list[Told]:
        return [AUDIT_RECORD.decode(record.value or b"") for record in self.broker.records(AUDIT.name)]


def test_every_event_and_the_checkpoint_go_to_the_topic_and_the_checkpoint_to_every_place() -> None:
    kept = Kept(3)
    signed = kept.keeper.keep()
    assert signed is not None
    assert signed.checkpoint.size == 3
    assert kept.folder == kept.beside == [signed]
    assert [each.index for each in kept.topic()[:3] if isinstance(each, AuditRecord)] == [0, 1, 2]
    assert kept.topic()[3:] == [signed]


def test_nothing_new_is_nothing_to_sign_for() -> None:
    kept = Kept(3)
    kept.keeper.keep()
    assert kept.keeper.keep() is None
    kept.grow()
    assert kept.keeper.keep() is not None
    assert len(kept.topic()) == 6


def test_an_empty_log_is_not_signed_for() -> None:
    assert Kept(0).keeper.keep() is None


def test_what_the_broker_did_not_take_is_told_again() -> None:
    kept = Kept(2)
    kept.broker.acknowledging = False
    with pytest.raises(Unavailable):
        kept.keeper.keep()
    assert (kept.told, kept.folder) == (0, [])
    kept.broker.acknowledging = True
    assert kept.keeper.keep() is not None
    assert kept.told == 2


def test_no_history_is_signed_for_that_contradicts_the_one_before() -> None:
    kept = Kept(3)
    kept.keeper.keep()
    kept.rows = MemoryLog.of([event(number, "otherwise") for number in range(4)])
    with pytest.raises(Tampered, match="the first 3 events are not those"):
        kept.keeper.keep()
    kept.rows = MemoryLog.of([event(0)])
    with pytest.raises(Tampered, match="3 events were signed for and the audit log has 1"):
        kept.keeper.keep()
    assert len(kept.folder) == 1


def test_a_checkpoint_that_cannot_be_made_is_told_and_made_later() -> None:
    kept, metrics = Kept(3), RecordedMetrics()
    loop = KeepingLoop(kept.keeper, 10.0, metrics)
    kept.away = True
    loop.round()
    assert "the folder is away" in str(loop.ready())
    assert metrics.total(AUDIT_CHECKPOINT_FAILURES) == 1
    kept.away = False
    loop.round()
    assert loop.ready() is None
    assert metrics.total(AUDIT_EVENTS) == 3
