"""A broker with dead letters on it, an authorisation, and somebody who replays."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tests.unit.alerting.factory import at, match
from tests.unit.strategies import NOON
from watchbound.adapters import codecs
from watchbound.domain.errors import Poison, PoisonReason
from watchbound.domain.frame import SealedFrame
from watchbound.domain.match import Match
from watchbound.domain.moment import Window
from watchbound.pipeline.audit import AuditTrail
from watchbound.pipeline.authority import AuthorityView
from watchbound.pipeline.dead_letter import DeadLetters
from watchbound.pipeline.topics import DEAD_LETTERS
from watchbound.ports import Record, TopicPartition
from watchbound.replay.judges import judges
from watchbound.replay.letters import Letter, read_letters, standings
from watchbound.replay.policies import POLICIES, ReplayPolicy
from watchbound.replay.replayer import Replayer
from watchbound.testing.audit import FakeAuditLog
from watchbound.testing.clock import ManualClock
from watchbound.testing.log import InMemoryBroker
from watchbound.testing.metrics import RecordedMetrics
from watchbound.testing.office import Office, terms

MAX_AGE = timedelta(seconds=5)
EVERYTHING = POLICIES["all"]
TERMS = terms(id="station", cameras=frozenset({"gate-1"}), window=Window(NOON, NOON + timedelta(hours=1)))


class Bench:
    def __init__(self) -> None:
        self.clock = ManualClock(at(1))
        self.broker = InMemoryBroker(self.clock)
        self.office = Office()
        self.view = AuthorityView(self.clock, 3600, self.office.trust)
        self.view.apply(self.office.active(TERMS))
        self.view.confirm()
        self.audit = FakeAuditLog()
        self.letters_sent = DeadLetters(self.broker.producer(), codecs.DEAD_LETTER, self.clock, RecordedMetrics())
        self.removed: set[int] = set()
        self.replayer = Replayer(
            self.record_at,
            judges(self.view, self.clock, MAX_AGE, codecs.FRAME, codecs.MATCH, codecs.DECISION),
            self.broker.producer(),
            AuditTrail(self.audit, self.clock),
            "ops-3",
            "a test",
        )

    def record_at(self, source: TopicPartition, offset: int) -> Record | None:
        found = [r for r in self.broker.records(source.topic) if (r.source, r.offset) == (source, offset)]
        return found[0] if found and offset not in self.removed else None

    def poisoned(
        self, topic: str, value: bytes, reason: PoisonReason = PoisonReason.BAD_VALUE, key: str = "k"
    ) -> Record:
        """A record on its topic, and the dead letter that a service made of it."""
        self.broker.producer().send(topic, key, value).wait(1)
        record = max((r for r in self.broker.records(topic) if r.key == key), key=lambda record: record.offset)
        self.letters_sent.send(record, Poison(reason, "a test")).wait(1)
        return record

    def letters(self) -> list[Letter]:
        return read_letters(self.broker.records(DEAD_LETTERS.name), codecs.DEAD_LETTER, standings(self.audit.events))

    def retry(self, policy: ReplayPolicy = EVERYTHING) -> list[tuple[str, str]]:
        return [(done.outcome.value, done.why) for done in self.replayer.retry(self.letters(), policy)]

    def records(self, topic: str) -> int:
        return len(self.broker.records(topic))

    def acts(self) -> list[str]:
        return [event.act for event in self.audit.events]


def sighting(seconds: float = 1.0) -> Match:
    return replace(match(seconds), first_seen=at(seconds - 0.5))


def frame(seconds: float = 1.0) -> SealedFrame:
    return SealedFrame("gate-1", 7, at(seconds), "station", b"sealed")
