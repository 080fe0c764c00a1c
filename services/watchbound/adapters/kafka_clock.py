"""`BrokerTime` on Kafka's protocol: the broker stamps a record, or an identifier, with its own clock.

Apache Kafka stamps records of a topic whose `message.timestamp.type` is `LogAppendTime` and answers a produce request
with the stamp. The embedded broker (tansu) accepts the setting and keeps the producer's time, but names topics with
UUIDs of version 7, which begin with its own time in milliseconds (RFC 9562, 5.7): there a topic is made, read for its
name, and removed again. Which of the two a broker does is found out once, by sending a record with a time of 1970.
"""

from __future__ import annotations

import secrets
import time
import uuid
from datetime import datetime
from typing import Any

from kafka import KafkaAdminClient, KafkaProducer
from kafka.errors import KafkaError

from watchbound.adapters.kafka_connect import connect, options, unavailable
from watchbound.adapters.kafka_topics import ensure_topics
from watchbound.domain.errors import Unavailable
from watchbound.domain.moment import from_micros
from watchbound.pipeline.access import writing
from watchbound.pipeline.clock_watch import ClockLimits, ClockWatch, ClockWatcher
from watchbound.pipeline.topics import CLOCK
from watchbound.ports import Clock, Metrics
from watchbound.settings import ClockSettings, KafkaSettings

_ANSWER_S = 5.0
_LONG_AGO_MS = 1
"""1970: no broker's clock stands there, so an answer with this time is our own."""


class KafkaBrokerTime:
    """Asks the broker for its time; not to be shared between threads.

    Raises:
        ConfigurationError: the package `crc32c` is missing.
        Unavailable: no broker answers.
    """

    def __init__(self, settings: KafkaSettings, client_id: str) -> None:
        self._settings = settings
        ensure_topics(settings, [CLOCK])
        self._producer = connect(
            settings,
            lambda network: KafkaProducer(
                kafka_client=network,
                **options(settings, client_id),
                # Nothing is lost with such a record, and every replica more would blur the moment of the stamp.
                acks=1,
                enable_idempotence=False,
                retries=0,
                linger_ms=0,
                allow_auto_create_topics=False,
                metrics_enabled=False,
            ),
        )
        self._administrator = connect(
            settings, lambda network: KafkaAdminClient(kafka_client=network, **options(settings, client_id))
        )
        self._stamps: bool | None = None

    def ask(self) -> datetime:
        """See `BrokerTime.ask`."""
        try:
            if self._stamps is None:
                self._stamps = self._stamp_ms() != _LONG_AGO_MS
            stamp_ms = self._stamp_ms() if self._stamps else self._name_ms()
        except KafkaError as error:
            raise unavailable(self._settings, "telling its time", error, writing(CLOCK.name)) from error
        return from_micros(stamp_ms * 1000)

    def close(self) -> None:
        """Let go."""
        self._producer.close(timeout=_ANSWER_S)
        self._administrator.close()

    def _stamp_ms(self) -> int:
        sent = self._producer.send(CLOCK.name, value=b"", timestamp_ms=_LONG_AGO_MS)
        return int(sent.get(_ANSWER_S).timestamp)

    def _name_ms(self) -> int:
        """The time in the name of a topic made for this."""
        topic = f"{CLOCK.name}.{secrets.token_hex(8)}"
        wanted = {topic: {"num_partitions": 1, "replication_factor": 1}}
        made: Any = self._administrator.create_topics(wanted, timeout_ms=int(_ANSWER_S * 1000))
        name = uuid.UUID(str(made["topics"][0]["topic_id"]))
        self._administrator.delete_topics([topic])
        if name.version != 7:
            msg = (
                f"Kafka at {self._settings.bootstrap} does not tell its time: {CLOCK.name} stamps no record;"
                " set its message.timestamp.type to LogAppendTime"
            )
            raise Unavailable(msg)
        return name.int >> 80


def watch_clock(
    kafka: KafkaSettings, clock: ClockSettings, service_clock: Clock, metrics: Metrics, client_id: str
) -> tuple[ClockWatch, ClockWatcher]:
    """The watch of a service's clock, and the thread that keeps it fresh.

    Raises:
        Unavailable: no broker answers.
    """
    broker = KafkaBrokerTime(kafka, f"{client_id}-clock")
    watch = ClockWatch(broker, service_clock, time.monotonic, ClockLimits(clock.max_offset_s, clock.max_age_s))
    return watch, ClockWatcher(watch, broker, clock.interval_s, metrics)
