"""Tells the world outside the database what the audit log holds: events to the audit topic, checkpoints everywhere.

Whoever controls the database controls everything in it; what binds them is what left it.
"""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Protocol

from watchbound.domain.errors import Tampered, WatchboundError
from watchbound.pipeline.audit_record import AuditRecord
from watchbound.pipeline.checkpoint import Checkpoint, SignedCheckpoint, origin_of, sign
from watchbound.pipeline.metric_names import AUDIT_CHECKPOINT_AGE, AUDIT_CHECKPOINT_FAILURES, AUDIT_EVENTS
from watchbound.pipeline.topics import AUDIT
from watchbound.ports import Clock, Codec, Metrics, RecordProducer, Signer

_ACKNOWLEDGED_WITHIN_S = 10.0
_BATCH = 500


class KeptLog(Protocol):
    """What keeping asks of a log; errors are `Unavailable`."""

    @property
    def log_id(self) -> str:
        """The log's name."""

    def size(self) -> int:
        """How many events there are."""

    def root(self, size: int) -> bytes:
        """The hash of the tree of the first `size` events, from its stored nodes."""

    def unpublished(self, limit: int) -> list[AuditRecord]:
        """The next events that the audit topic does not hold."""

    def published(self, size: int) -> None:
        """Remember that the audit topic holds the first `size` events."""

    def put_checkpoint(self, signed: SignedCheckpoint) -> None:
        """Keep a checkpoint beside the events."""


class CheckpointPlace(Protocol):
    """Where checkpoints are kept off the log's own machine."""

    def latest(self) -> SignedCheckpoint | None:
        """The largest that it holds.

        Raises:
            Unavailable: it cannot be read.
        """

    def put(self, signed: SignedCheckpoint) -> None:
        """Keep one; nothing happens when it holds the same statement.

        Raises:
            Tampered: it holds another root for the same size.
            Unavailable: it cannot be written.
        """


class AuditKeeper:
    """Publishes events and signs checkpoints. At least once: several processes may keep one log.

    Args:
        log: the database.
        place: off its machine.
        signer: the log's key.
        public_key: its other half, 32 bytes.
        producer: of the broker with the audit topic.
        codec: of that topic.
        clock: stamps checkpoints.
    """

    def __init__(
        self,
        log: KeptLog,
        place: CheckpointPlace,
        signer: Signer,
        public_key: bytes,
        producer: RecordProducer,
        codec: Codec[AuditRecord | SignedCheckpoint],
        clock: Clock,
    ) -> None:
        self._log = log
        self._place = place
        self._signer = signer
        self._public_key = public_key
        self._producer = producer
        self._codec = codec
        self._clock = clock

    def keep(self) -> SignedCheckpoint | None:
        """Publish what is new and sign for it; None when nothing is.

        Raises:
            Tampered: the log is no continuation of what was signed last: nothing is signed over a rewritten history.
            Unavailable: the database, the folder or the broker cannot be had.
        """
        self._publish_events()
        size = self._log.size()
        last = self._place.latest()
        if last is not None:
            self._require_continuation(last.checkpoint, size)
        if size == (0 if last is None else last.checkpoint.size):
            return None
        made = Checkpoint(origin_of(self._log.log_id), size, self._log.root(size), self._clock.now())
        signed = sign(made, self._signer, self._public_key)
        # The place that the database's owner does not control comes first.
        self._place.put(signed)
        self._log.put_checkpoint(signed)
        self._send(signed)
        return signed

    def _publish_events(self) -> None:
        while records := self._log.unpublished(_BATCH):
            deliveries = [
                self._producer.send(AUDIT.name, self._log.log_id, self._codec.encode(record)) for record in records
            ]
            for delivery in deliveries:
                delivery.wait(_ACKNOWLEDGED_WITHIN_S)
            self._log.published(records[-1].index + 1)

    def _send(self, signed: SignedCheckpoint) -> None:
        value = self._codec.encode(signed)
        self._producer.send(AUDIT.name, self._log.log_id, value).wait(_ACKNOWLEDGED_WITHIN_S)

    def _require_continuation(self, last: Checkpoint, size: int) -> None:
        if last.size > size:
            msg = f"{last.size} events were signed for and the audit log has {size}; run `watchbound audit verify`"
            raise Tampered(msg)
        if self._log.root(last.size) != last.root:
            msg = f"the first {last.size} events are not those that were signed for; run `watchbound audit verify`"
            raise Tampered(msg)


class KeepingLoop:
    """Keeps a log from a thread, as a context manager, and says loudly when it cannot.

    Args:
        keeper: what to do.
        every_s: how often, in seconds: events of a busy service stand without a signature for so long at most.
        metrics: told of the checkpoints' age and of failures.
    """

    def __init__(self, keeper: AuditKeeper, every_s: float, metrics: Metrics) -> None:
        self._keeper = keeper
        self._every_s = every_s
        self._metrics = metrics
        self._stop = threading.Event()
        self._kept_s = time.monotonic()
        self._complaint: str | None = None
        self._thread = threading.Thread(target=self._run, name="audit-keeping", daemon=True)

    def __enter__(self) -> KeepingLoop:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(timeout=2 * _ACKNOWLEDGED_WITHIN_S)

    def ready(self) -> str | None:
        """For /readyz: why no checkpoint can be made, or None."""
        return self._complaint

    def round(self) -> None:
        """Keep once."""
        try:
            signed = self._keeper.keep()
        except WatchboundError as error:
            self._complaint = f"no checkpoint of the audit log can be made: {error}"
            self._metrics.count(AUDIT_CHECKPOINT_FAILURES)
        else:
            self._complaint = None
            self._kept_s = time.monotonic()
            if signed is not None:
                self._metrics.set(AUDIT_EVENTS, signed.checkpoint.size)
        self._metrics.set(AUDIT_CHECKPOINT_AGE, time.monotonic() - self._kept_s)

    def _run(self) -> None:
        while not self._stop.is_set():
            self.round()
            self._stop.wait(self._every_s)
        # What was done on the way out is signed for, too.
        self.round()
