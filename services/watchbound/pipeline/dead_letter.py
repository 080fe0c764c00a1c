"""Where records go that no retry can make valid: kept with topic, partition, offset and reason."""

from __future__ import annotations

import hashlib

from watchbound.domain.dead_letter import DeadLetter
from watchbound.domain.errors import Poison
from watchbound.pipeline.metric_names import DEAD_LETTERS as DEAD_LETTERS_COUNTED
from watchbound.pipeline.poison_guard import PoisonGuard
from watchbound.pipeline.topics import DEAD_LETTERS, FRAMES
from watchbound.ports import Clock, Codec, Delivery, Metrics, Record, RecordProducer


class DeadLetters:
    """Publishes dead letters.

    A frame's payload is withheld: it may show passers-by, and nothing of them is kept to debug a codec. The frame
    itself can be read at its offset for as long as the frames topic keeps it (minutes).
    """

    def __init__(
        self,
        producer: RecordProducer,
        codec: Codec[DeadLetter],
        clock: Clock,
        metrics: Metrics,
        guard: PoisonGuard | None = None,
    ) -> None:
        self._producer = producer
        self._codec = codec
        self._clock = clock
        self._metrics = metrics
        self._guard = guard

    def send(self, record: Record, poison: Poison) -> Delivery:
        """Publish the letter; wait for the delivery before the record's offset is committed.

        Raises:
            Unavailable: the producer's buffer stayed full.
        """
        payload = record.value or b""
        letter = DeadLetter(
            topic=record.source.topic,
            partition=record.source.partition,
            offset=record.offset,
            reason=poison.reason.value,
            detail=poison.detail,
            payload_size=len(payload),
            payload_digest=hashlib.sha256(payload).hexdigest(),
            payload=b"" if record.source.topic == FRAMES.name else payload,
            at=self._clock.now(),
        )
        if self._guard is not None:
            self._guard.poisoned(record)
        self._metrics.count(DEAD_LETTERS_COUNTED, topic=record.source.topic, reason=poison.reason.value)
        return self._producer.send(DEAD_LETTERS.name, record.source.topic, self._codec.encode(letter))
