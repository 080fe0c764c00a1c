"""What a third party uses to receive alerts: `AlertConsumer`. See docs/alert-consumers.md."""

from __future__ import annotations

import logging
import time
from collections import OrderedDict, deque
from collections.abc import Iterator
from types import TracebackType
from typing import Literal

from watchbound.adapters.audit_log import open_audit_log
from watchbound.adapters.clock import SystemClock
from watchbound.adapters.codecs import ALERT
from watchbound.adapters.kafka_log import KafkaRecordConsumer
from watchbound.adapters.keyring import open_key_ring
from watchbound.domain.alert import Alert
from watchbound.domain.errors import Poison
from watchbound.pipeline.access import LONE_READER
from watchbound.pipeline.audit import AuditTrail
from watchbound.pipeline.topics import ALERTS
from watchbound.pipeline.views import CropViews
from watchbound.ports import OnRevoked, Record, RecordConsumer, TopicPartition
from watchbound.settings import AuditSettings, KafkaSettings, KeySettings, load

# The host program's own logging: a library configures none.
log = logging.getLogger(__name__)

_POLL_S = 0.2
_POLL_RECORDS = 100
_COMMIT_S = 1.0
_JOIN_S = 30.0
_REMEMBERED = 10_000


class HighestRevision:
    """Says whether an event is news: a higher revision of its alert than any before, among the latest alerts."""

    def __init__(self, remembered: int = _REMEMBERED) -> None:
        self._remembered = remembered
        self._highest: OrderedDict[str, int] = OrderedDict()

    def is_news(self, alert: Alert) -> bool:
        """Whether to pass it on; the same event is news once."""
        if self._highest.get(alert.id, -1) >= alert.revision:
            return False
        self._highest[alert.id] = alert.revision
        self._highest.move_to_end(alert.id)
        if len(self._highest) > self._remembered:
            self._highest.popitem(last=False)
        return True


class AlertConsumer:
    """Alerts as they are raised, each event once, resumed where the group stopped. Use as a context manager.

        with AlertConsumer("kafka:9092", "control-room") as consumer:
            for alert in consumer:
                show(alert)

    An alert counts as handled when the loop asks for the next one; what the body raises leaves it unhandled, and the
    group sees it again. `ack` says so at once, for those who leave the loop. Delivery is at least once: after a crash
    the last second's alerts come again, so act on (`alert.id`, `alert.revision`) idempotently.

    Not to be shared between threads. Several consumers of one group share the alerts between them.

    Args:
        bootstrap: Kafka, `host:port`; None takes WATCHBOUND_KAFKA_BOOTSTRAP.
        group: under which name to resume; None reads alone and remembers nothing.
        authorisation: pass on alerts of this authorisation only.
        timeout_s: end the iteration when nothing has come for so long; None waits for ever. The seconds that joining
            the group takes (at most 30) do not count.
        start: where a group begins that has not read before.

    Raises:
        Unavailable: no broker answers.
        ConfigurationError: a setting is not valid.
    """

    def __init__(
        self,
        bootstrap: str | None,
        group: str | None,
        authorisation: str | None = None,
        timeout_s: float | None = None,
        start: Literal["earliest", "latest"] = "earliest",
    ) -> None:
        self._source: RecordConsumer = _open(load(KafkaSettings, bootstrap=bootstrap), group, self._on_revoked, start)
        self._commits = group is not None
        self._prefix = "" if authorisation is None else f"{authorisation}/"
        self._timeout_s = timeout_s
        self._news = HighestRevision()
        self._buffer: deque[Record] = deque()
        self._handled: dict[TopicPartition, int] = {}
        self._current: Record | None = None
        self._committed_at = time.monotonic()
        self._views: CropViews | None = None

    def __enter__(self) -> AlertConsumer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[Alert]:
        if self._timeout_s is not None:
            self.join()
        quiet_since = time.monotonic()
        while True:
            alert = self._next()
            if alert is not None:
                yield alert
                self._done()
                quiet_since = time.monotonic()
            elif self._timeout_s is not None and time.monotonic() - quiet_since >= self._timeout_s:
                self._commit()
                return

    def ack(self, alert: Alert) -> None:
        """Say that the alert in hand is handled, and have the group remember it before returning.

        Raises:
            ValueError: another alert is in hand.
            Unavailable: the broker did not take it; the alert may come again.
        """
        if self._current is None or ALERT.encode(alert) != self._current.value:
            msg = f"expected the alert that was handed out last, got {alert.id} revision {alert.revision}"
            raise ValueError(msg)
        self._done()
        self._commit()

    def open_crop(self, alert: Alert, actor: str, reason: str) -> bytes:
        """The crop of the alert's best match, a JPEG. Everything else of an alert can be read without a key.

        Needs the key ring (WATCHBOUND_KEYS_…) and the audit log (WATCHBOUND_AUDIT_…), which is told of the view first.

        Args:
            alert: whose crop.
            actor: the account of the person who looks.
            reason: why.

        Raises:
            ConfigurationError: no key ring or no audit log is configured here.
            InvalidValue: nobody or no reason is named.
            KeyDestroyed: the key is gone, and the crop with it.
            Unavailable: the view could not be put down.
        """
        if self._views is None:
            ring = open_key_ring(load(KeySettings))
            self._views = CropViews(ring, AuditTrail(open_audit_log(load(AuditSettings)), SystemClock()))
        return self._views.show(alert.best, actor, reason)

    def join(self, timeout_s: float = _JOIN_S) -> bool:
        """Wait until this consumer reads: from now on nothing is missed, also with `start="latest"`.

        Returns:
            False when the group had nothing to read for it in time.
        """
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            assigned = self._source.assignment()
            # The lag of a partition is known once it has been fetched from, and its position with it.
            if assigned and assigned <= self._source.lag().keys():
                return True
            records = self._source.poll(_POLL_S, _POLL_RECORDS)
            self._buffer.extend(records)
        return False

    def close(self) -> None:
        """Have the group remember what was handled, and leave it."""
        self._commit()
        self._source.close()

    def _next(self) -> Alert | None:
        """The next event that is news; None when there was none for a moment."""
        if not self._buffer:
            records = self._source.poll(_POLL_S, _POLL_RECORDS)
            self._buffer.extend(records)
        if time.monotonic() - self._committed_at >= _COMMIT_S:
            self._commit()
        while self._buffer:
            self._current = self._buffer.popleft()
            alert = self._wanted(self._current)
            if alert is not None:
                return alert
            self._done()
        return None

    def _wanted(self, record: Record) -> Alert | None:
        if record.value is None or not (record.key or "").startswith(self._prefix):
            return None
        try:
            alert = ALERT.decode(record.value)
        except Poison as poison:
            log.error("unreadable alert at %d/%d: %s", record.source.partition, record.offset, poison)
            return None
        return alert if self._news.is_news(alert) else None

    def _done(self) -> None:
        if self._current is not None:
            self._handled[self._current.source] = self._current.offset + 1
            self._current = None

    def _commit(self) -> None:
        self._committed_at = time.monotonic()
        if self._commits and self._handled:
            self._source.commit(self._handled)
            self._handled = {}

    def _on_revoked(self, _partitions: frozenset[TopicPartition]) -> None:
        """Keep what was handled, for the partitions' next owner, who reads again whatever else was fetched here."""
        self._commit()


def _open(
    settings: KafkaSettings, group: str | None, on_revoked: OnRevoked, start: Literal["earliest", "latest"]
) -> RecordConsumer:
    # A group that never commits leaves no trace on the broker once its member is gone.
    name = group or f"{LONE_READER}{time.time_ns():x}"
    return KafkaRecordConsumer(settings, name, [ALERTS.name], name, on_revoked, start)
