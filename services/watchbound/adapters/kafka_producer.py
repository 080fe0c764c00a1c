"""`RecordProducer` on kafka-python: idempotent, acknowledged by all, with a bounded buffer."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Mapping
from typing import Any

from kafka import KafkaProducer
from kafka.errors import KafkaError, KafkaTimeoutError, MessageSizeTooLargeError, RecordListTooLargeError

from watchbound.adapters.kafka_connect import LARGEST_RECORD_BYTES, REQUEST_MS, connect, options, unavailable
from watchbound.adapters.logs import get_logger
from watchbound.domain.errors import AccessRefused, InvalidValue, Unavailable
from watchbound.pipeline.access import writing
from watchbound.settings import KafkaSettings

log = get_logger(__name__)

_BUFFER_BYTES = 32 * 1024 * 1024
_BLOCK_MS = 5_000
# Longer than the gap while a partition gets a new leader (12 s with the broker's defaults), so that a broker may die
# without a record being lost.
_DELIVERY_MS = 30_000
_CLOSE_S = 5.0

_TOO_LARGE = (MessageSizeTooLargeError, RecordListTooLargeError)


class KafkaRecordProducer:
    """Appends records; one instance serves all threads of a process.

    Raises:
        ConfigurationError: the package `crc32c` is missing.
        Unavailable: no broker answers.
    """

    def __init__(self, settings: KafkaSettings, client_id: str) -> None:
        self._settings = settings
        self._client_id = client_id
        self._buffer = _Buffer(_BUFFER_BYTES)
        self._lock = threading.Lock()
        self._spoiled = False
        self._producer = self._connect()

    def _connect(self) -> Any:
        return connect(
            self._settings,
            lambda network: KafkaProducer(
                kafka_client=network,
                **options(self._settings, self._client_id),
                acks="all",
                # The default, said aloud: with it said, kafka-python refuses settings that contradict it.
                enable_idempotence=True,
                # Encrypted JPEG does not compress.
                compression_type=None,
                # Every record that matters is waited for; lingering would only add to its latency.
                linger_ms=0,
                max_request_size=LARGEST_RECORD_BYTES,
                max_block_ms=_BLOCK_MS,
                delivery_timeout_ms=max(_DELIVERY_MS, REQUEST_MS),
                allow_auto_create_topics=False,
            ),
        )

    def send(
        self, topic: str, key: str, value: bytes | None, headers: Mapping[str, bytes] | None = None
    ) -> KafkaDelivery:
        """Append in the background; a value of None is a tombstone.

        Raises:
            AccessRefused: we may not write there.
            Unavailable: the buffer is full and stayed so for 5 s, or nothing is known about the topic.
            InvalidValue: the record is larger than any topic takes.
        """
        size = len(value or b"")
        if not self._buffer.take(size, _BLOCK_MS / 1000):
            msg = (
                f"Kafka at {self._settings.bootstrap} has not acknowledged {_BUFFER_BYTES} bytes for"
                f" {_BLOCK_MS / 1000:g} s, so nothing more is taken for {topic}; shed or hold"
            )
            raise Unavailable(msg)
        try:
            future = self._usable().send(topic, value=value, key=key.encode(), headers=list((headers or {}).items()))
        except (KafkaError, Unavailable) as error:
            self._buffer.give(size)
            raise _meaning(self._settings, topic, error) from error
        future.add_both(lambda _outcome: self._buffer.give(size))
        return KafkaDelivery(self._settings, topic, future, self._spoil)

    def _spoil(self) -> None:
        self._spoiled = True

    def _usable(self) -> Any:
        """The client; a new one once a record was refused.

        An idempotent client of kafka-python takes a refusal for the end: it would go on to refuse every record, of
        every topic, long after the permission was granted.
        """
        with self._lock:
            if self._spoiled:
                spent, self._producer = self._producer, self._connect()
                self._spoiled = False
                _give_up(spent)
            return self._producer

    def close(self) -> None:
        """Send what is buffered, for at most 5 s, then let go."""
        try:
            self._producer.close(timeout=_CLOSE_S)
        except KafkaTimeoutError:
            # Whoever sent them still waits for their deliveries, which say so; here only the thread is to be ended.
            log.warning("records were not acknowledged before closing", bootstrap=self._settings.bootstrap)
            _give_up(self._producer)


class KafkaDelivery:
    """A record on its way to Kafka."""

    def __init__(self, settings: KafkaSettings, topic: str, future: Any, on_refused: Callable[[], None]) -> None:
        self._settings = settings
        self._topic = topic
        self._future = future
        self._on_refused = on_refused

    def wait(self, timeout_s: float) -> None:
        """Return once every in-sync replica has the record.

        Raises:
            AccessRefused: we may not write there.
            Unavailable: not within `timeout_s`, or never.
            InvalidValue: the record is larger than the topic takes; no retry will change that.
        """
        try:
            self._future.get(timeout_s)
        except KafkaError as error:
            meaning = _meaning(self._settings, self._topic, error)
            if isinstance(meaning, AccessRefused):
                self._on_refused()
            raise meaning from error


def _give_up(producer: Any) -> None:
    """Let a client go with what it holds. It has no public way to, and close() alone would wait for its records."""
    producer._sender.force_close()
    with contextlib.suppress(KafkaTimeoutError):
        producer.close(timeout=1)


def _meaning(settings: KafkaSettings, topic: str, error: KafkaError | Unavailable) -> Unavailable | InvalidValue:
    if isinstance(error, Unavailable):
        return error
    if isinstance(error, _TOO_LARGE):
        return InvalidValue(f"the record is larger than {topic} takes (its max.message.bytes): {error}")
    return unavailable(settings, f"writing to {topic}", error, writing(topic))


class _Buffer:
    """Bytes sent but not decided: kafka-python itself would buffer without bound while a broker is away."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held = 0
        self._changed = threading.Condition()

    def take(self, size: int, timeout_s: float) -> bool:
        """Wait for room; an empty buffer takes a record of any size."""
        with self._changed:
            fits = self._changed.wait_for(lambda: self._held == 0 or self._held + size <= self._most, timeout_s)
            self._held += size if fits else 0
            return fits

    def give(self, size: int) -> None:
        """The record is acknowledged or lost."""
        with self._changed:
            self._held -= size
            self._changed.notify_all()
