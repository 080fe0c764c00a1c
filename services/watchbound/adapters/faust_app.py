"""A Faust app with the settings that our alerting needs. The only file that imports faust."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import faust
from faust.transport.drivers import aiokafka as driver
from faust.types.auth import SASLMechanism

from watchbound.adapters.kafka_security import password, tls_context
from watchbound.adapters.logs import get_logger
from watchbound.domain.moment import from_micros
from watchbound.ports import Record, TopicPartition
from watchbound.settings import KafkaSettings

log = get_logger(__name__)

_FETCH_WAIT_MS = 25

KafkaProblem: type[Exception] = driver.aiokafka.errors.KafkaError
"""What Faust raises when a broker does not answer."""


class _PromptThread(driver.AIOKafkaConsumerThread):
    """Faust fixes `fetch_max_wait_ms` at 1500 and offers no setting.

    Apache Kafka answers a waiting fetch as soon as a record is there; the embedded broker only when the wait is over.
    """

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = _FETCH_WAIT_MS
        return consumer


class CarefulConsumer(driver.Consumer):
    """Hands over no record before those in front of it, and commits none that was not handled.

    Faust takes a jump in the offsets for records that compaction has removed, and commits past them. Its own fetcher
    makes such jumps: what is in its hands while a table's recovery ends is dropped, and the next record is handed over
    as if nothing had been before it. Our topics are not compacted, so a jump means that records were dropped: what
    comes behind it is let go, and read again from where the jump began. Only what is missing then, too, has been
    removed by the topic's retention. Where nothing comes behind it, offsets stay in front of it until `faust_stall` has
    had the rest read again.
    """

    def _new_consumer_thread(self) -> _PromptThread:
        return _PromptThread(self, loop=self.loop, beacon=self.beacon)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[Any, Any]]:
        """See `faust.transport.consumer.Consumer.getmany`."""
        rewound: set[Any] = set()
        async for tp, message in super().getmany(timeout):
            if tp in rewound:
                continue
            if self._jumps(tp, message.offset):
                rewound.add(tp)
                await self._go_back(tp, message.offset)
                continue
            self._following()[tp] = message.offset + 1
            yield tp, message

    async def perform_seek(self) -> None:
        """See `faust.transport.consumer.Consumer.perform_seek`: all partitions go on from what is committed."""
        await super().perform_seek()
        self._following().clear()

    def _jumps(self, tp: Any, offset: int) -> bool:
        """Whether records are missing before this one that nobody has gone back for; compacted topics miss many."""
        if tp.topic in self.app.tables.changelog_topics:
            return False
        expected = self._expected(tp)
        return offset > expected and self._gone_back_to().get(tp) != expected

    async def _go_back(self, tp: Any, came: int) -> None:
        expected = self._expected(tp)
        self._gone_back_to()[tp] = expected
        log.info("going back for what was skipped", partition=str(tp), offset=expected, came=came)
        await self.seek_wait({tp: expected})

    def _expected(self, tp: Any) -> int:
        return self._following().get(tp, self._committed_offset[tp] or 0)

    async def read_again(self, partitions: Iterable[Any]) -> None:
        """Go back to what is committed; whatever is still missing from these partitions is not waited for twice."""
        self._read_again_from().update({tp: self._committed_offset[tp] or 0 for tp in partitions})
        await self.perform_seek()

    async def _add_gap(self, tp: Any, offset_from: int, offset_to: int) -> None:
        if self._is_removed(tp):
            await super()._add_gap(tp, offset_from, offset_to)

    def _new_offset(self, tp: Any) -> int | None:
        acked = self._acked[tp]
        if acked and min(acked) > (self._committed_offset[tp] or 0) and not self._is_removed(tp):
            return None
        found: int | None = super()._new_offset(tp)
        return found

    def _is_removed(self, tp: Any) -> bool:
        """Whether what follows the last commit was read again already, in vain."""
        return self._read_again_from().get(tp) == (self._committed_offset[tp] or 0)

    def _read_again_from(self) -> dict[Any, int]:
        return self._offsets("_again")

    def _following(self) -> dict[Any, int]:
        """The offset after the last that was handed over."""
        return self._offsets("_next")

    def _gone_back_to(self) -> dict[Any, int]:
        return self._offsets("_gone_back")

    def _offsets(self, name: str) -> dict[Any, int]:
        # Faust builds its services in ways of its own; a constructor would have to know them all.
        found: dict[Any, int] = self.__dict__.setdefault(name, {})
        return found


class _PromptTransport(driver.Transport):
    Consumer = CarefulConsumer


# Faust gives each service its module's logger, and these would speak as ours, at our level.
for _service in (_PromptThread, CarefulConsumer):
    _service.logger = driver.logger


def build_app(kafka: KafkaSettings, group: str, data: Path, partitions: int) -> Any:
    """An app that has not started.

    Args:
        kafka: where the broker is.
        group: the app's id: its consumer group and the beginning of its changelog topics' names.
        data: its working folder.
        partitions: of the topics that it makes.
    """
    app = faust.App(
        group,
        broker=[f"kafka://{address}" for address in kafka.bootstrap.split(",")],
        broker_credentials=_credentials(kafka),
        store="memory://",
        datadir=str(data.expanduser()),
        autodiscover=False,
        web_enabled=False,
        web_tables_enabled=False,
        key_serializer="raw",
        value_serializer="raw",
        broker_session_timeout=kafka.session_timeout_ms / 1000,
        broker_heartbeat_interval=kafka.session_timeout_ms / 6000,
        broker_commit_interval=1.0,
        consumer_auto_offset_reset="earliest",
        producer_linger=0,
        producer_acks=-1,
        stream_wait_empty=False,
        table_standby_replicas=0,
        topic_partitions=partitions,
        topic_replication_factor=kafka.replication_factor,
        topic_disable_leader=True,
    )
    app.transport = _PromptTransport(app.conf.broker_consumer, app)
    return app


def _credentials(kafka: KafkaSettings) -> Any:
    """The same identity that our other clients show; None where none is asked for."""
    if kafka.security_protocol == "PLAINTEXT":
        return None
    context = tls_context(kafka)
    if kafka.security_protocol == "SSL":
        return faust.SSLCredentials(context)
    return faust.SASLCredentials(
        username=kafka.username,
        password=password(kafka),
        ssl_context=context,
        mechanism=SASLMechanism(kafka.sasl_mechanism),
    )


def to_record(message: Any) -> Record:
    """A Faust message as our own; a key that is no UTF-8 keeps its readable part."""
    return Record(
        source=TopicPartition(message.topic, message.partition),
        offset=message.offset,
        key=None if message.key is None else bytes(message.key).decode(errors="replace"),
        value=None if message.value is None else bytes(message.value),
        headers=tuple((name, bytes(value or b"")) for name, value in dict(message.headers or {}).items()),
        timestamp=from_micros(round((message.timestamp or 0) * 1_000_000)),
    )
