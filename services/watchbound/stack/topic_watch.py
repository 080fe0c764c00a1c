"""Follows topics as any consumer could, beside whatever else goes on, and says so when it no longer does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Self

from watchbound.adapters.kafka_log import KafkaTopicReader
from watchbound.domain.errors import Unavailable
from watchbound.ports import Record
from watchbound.settings import KafkaSettings


class TopicWatch:
    """Reads topics from their beginning in a thread of its own, as a context manager.

    Args:
        kafka: where the broker is.
        topics: their names.
        name: of the client.
        take: given each record and the moment at which it was had; called in that thread.
        poll_s: how long it may wait for records before it looks whether it is to end.
    """

    def __init__(
        self,
        kafka: KafkaSettings,
        topics: Sequence[str],
        name: str,
        take: Callable[[Record, datetime], None],
        poll_s: float = 0.05,
    ) -> None:
        self._reader = KafkaTopicReader(kafka, list(topics), name)
        self._take = take
        self._poll_s = poll_s
        self._stop = threading.Event()
        self._failed: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(timeout=10.0)
        self._reader.close()

    def check(self) -> None:
        """Fail loudly rather than report what nobody watched.

        Raises:
            Unavailable: the thread ended.
        """
        if self._failed is not None:
            msg = f"the watch over the topics ended: {self._failed!r}"
            raise Unavailable(msg) from self._failed

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                records = self._reader.poll(self._poll_s)
                now = datetime.now(UTC)
                for record in records:
                    self._take(record, now)
        except Exception as error:
            self._failed = error
