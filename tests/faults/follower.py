"""Follows the topics of a round in a thread, through every outage, and keeps what the oracle needs; never a picture."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from tests.faults.behind import Backlog
from tests.faults.oracle import SentAlert, SentMatch
from watchbound.adapters import codecs
from watchbound.adapters.kafka_log import KafkaTopicReader
from watchbound.domain.errors import Poison, Unavailable
from watchbound.domain.frame import Capture
from watchbound.pipeline.topics import ALERTS, DEAD_LETTERS, FRAMES, MATCHES, TALLIES
from watchbound.ports import Record
from watchbound.settings import KafkaSettings
from watchbound.stack.demo_summary import TallySheet

_TOPICS = (FRAMES, MATCHES, ALERTS, TALLIES, DEAD_LETTERS)


@dataclass(slots=True)
class Heard:
    """What came since a round began.

    Attributes:
        records: frame records, poisoned ones included: what was admitted.
        dead: places of the records that became dead letters, each once.
    """

    frames: list[Capture] = field(default_factory=list)
    matches: list[SentMatch] = field(default_factory=list)
    alerts: list[SentAlert] = field(default_factory=list)
    tallies: TallySheet = field(default_factory=TallySheet)
    dead: set[tuple[str, int, int]] = field(default_factory=set)
    records: int = 0


class Follower:
    """As a context manager; `begin` starts a new round.

    Attributes:
        backlog: what of the round's frames is not handled yet.
    """

    def __init__(self, kafka: KafkaSettings) -> None:
        self._kafka = kafka
        self.backlog = Backlog(kafka)
        self._lock = threading.Lock()
        self._heard = Heard()
        self._stop = threading.Event()
        self._failed: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="follower", daemon=True)

    def __enter__(self) -> Follower:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(timeout=20.0)
        self.backlog.close()

    def begin(self) -> None:
        """Forget what came so far."""
        with self._lock:
            self._heard = Heard()
            self.backlog.begin()

    def heard(self) -> Heard:
        """What came since.

        Raises:
            RuntimeError: nobody follows any more.
        """
        if self._failed is not None:
            msg = f"the follower ended: {self._failed!r}"
            raise RuntimeError(msg) from self._failed
        with self._lock:
            return self._heard

    def _run(self) -> None:
        try:
            reader = KafkaTopicReader(self._kafka, [topic.name for topic in _TOPICS], "fault-follower")
            while not self._stop.is_set():
                try:
                    records = reader.poll(0.1)
                except Unavailable:
                    self._stop.wait(0.2)
                    continue
                with self._lock:
                    for record in records:
                        _take(self._heard, record)
                        if record.source.topic == FRAMES.name:
                            self.backlog.arrived(record.source, record.offset)
            reader.close()
        except Exception as error:
            self._failed = error


def _take(heard: Heard, record: Record) -> None:
    topic, value = record.source.topic, record.value or b""
    if topic == FRAMES.name:
        heard.records += 1
        try:
            heard.frames.append(codecs.FRAME.decode(value).bare())
        except Poison:
            return
    elif topic == MATCHES.name:
        heard.matches.append(SentMatch(record.timestamp, codecs.MATCH.decode(value)))
    elif topic == ALERTS.name:
        heard.alerts.append(SentAlert(record.timestamp, codecs.ALERT.decode(value)))
    elif topic == TALLIES.name:
        heard.tallies.add(codecs.TALLY.decode(value))
    else:
        letter = codecs.DEAD_LETTER.decode(value)
        heard.dead.add((letter.topic, letter.partition, letter.offset))
