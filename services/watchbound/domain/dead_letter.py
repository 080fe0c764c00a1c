"""What becomes of a record that no retry can make valid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from watchbound.domain.errors import InvalidValue
from watchbound.domain.moment import require_aware


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record that could not be handled, and why.

    Attributes:
        topic, partition, offset: where the record stands.
        reason: closed code; `detail` is for people and holds no pixels.
        payload: the record itself; empty for frames, since a picture of passers-by is not kept to debug a codec.
    """

    topic: str
    partition: int
    offset: int
    reason: str
    detail: str
    payload_size: int
    payload_digest: str
    payload: bytes
    at: datetime

    def __post_init__(self) -> None:
        require_aware(self.at, "at")
        if not (self.topic and self.reason):
            msg = "a dead letter names its topic and its reason"
            raise InvalidValue(msg)
        if min(self.partition, self.offset, self.payload_size) < 0:
            msg = "a dead letter's partition, offset and payload size count from zero"
            raise InvalidValue(msg)
