"""`RecordConsumer` on kafka-python: a member of a group that commits only what it is told to."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import kafka
from kafka import KafkaConsumer, OffsetAndMetadata
from kafka.consumer.subscription_state import AsyncConsumerRebalanceListener
from kafka.errors import CommitFailedError, KafkaError, RebalanceInProgressError

from watchbound.adapters.kafka_connect import (
    REQUEST_MS,
    connect,
    partitions_of,
    reader_options,
    to_record,
    unavailable,
)
from watchbound.adapters.logs import get_logger
from watchbound.domain.errors import Unavailable
from watchbound.pipeline.access import joining, reading
from watchbound.ports import OnRevoked, Record, TopicPartition
from watchbound.settings import KafkaSettings

log = get_logger(__name__)

# A worker that stands still for so long loses its cameras to the others; Kafka's default would be five minutes.
_MAX_POLL_INTERVAL_MS = 60_000
_CLOSE_MS = 5_000
# kafka-python 3.0 throws away a join that completes while nobody polls, and joins again, which makes all others join
# again: a group of members that poll briefly may never come to rest. So while joining, a poll is a long one.
_JOINING_POLL_S = 1.0
_LOOK_AGAIN_S = 0.1
_ENDS_MS = 500
_NOT_OURS = (CommitFailedError, RebalanceInProgressError)
"""The group has moved on: the records go to their next owner, who sees them again."""


class KafkaRecordConsumer:
    """Reads as one member of a group; not to be shared between threads.

    `on_revoked` runs inside `poll` and `close`, on kafka-python's own thread while the caller waits, before a
    partition goes to another member. It may `commit`: the offsets are sent when it returns. It should take less than
    the session time-out, or the group goes on without this member. What it raises, `poll` or `close` raises.

    Raises:
        ConfigurationError: the package `crc32c` is missing.
        Unavailable: no broker answers, or a topic is not there.
    """

    def __init__(
        self,
        settings: KafkaSettings,
        group: str,
        topics: Sequence[str],
        client_id: str,
        on_revoked: OnRevoked | None = None,
        start: Literal["earliest", "latest"] = "earliest",
    ) -> None:
        self._settings = settings
        self._group = group
        self._needed = (joining(group), *(reading(topic) for topic in topics))
        self._consumer = connect(
            settings,
            lambda network: KafkaConsumer(
                kafka_client=network,
                **reader_options(settings, client_id),
                group_id=group,
                auto_offset_reset=start,
                session_timeout_ms=settings.session_timeout_ms,
                heartbeat_interval_ms=settings.session_timeout_ms // 6,
                max_poll_interval_ms=max(_MAX_POLL_INTERVAL_MS, settings.session_timeout_ms),
            ),
        )
        self._listener = _Listener(self._consumer, group, on_revoked)
        # A member that leads a group before it knows the topic's partitions would share out none, and stay with that.
        try:
            for topic in topics:
                partitions_of(self._consumer, settings, topic)
        except (KafkaError, Unavailable):
            self._consumer.close(autocommit=False)
            raise
        self._consumer.subscribe(list(topics), listener=self._listener)

    def poll(self, timeout_s: float, max_records: int) -> list[Record]:
        """The next records, in offset order within a partition; empty when none came in time.

        While the group shares out its partitions anew, it may take up to a second longer than `timeout_s`.

        Raises:
            Unavailable: the broker refuses to answer. One that is merely gone gives no records and no error.
        """
        try:
            batches = self._poll(timeout_s, max_records)
        except KafkaError as error:
            raise unavailable(self._settings, f"reading as {self._group}", error, *self._needed) from error
        finally:
            self._listener.raise_problem()
        return [to_record(record) for batch in batches.values() for record in batch]

    def _poll(self, timeout_s: float, max_records: int) -> dict[Any, list[Any]]:
        deadline = time.monotonic() + max(timeout_s, _JOINING_POLL_S)
        batches: dict[Any, list[Any]] = self._consumer.poll(timeout_ms=int(timeout_s * 1000), max_records=max_records)
        while self._listener.joining and not batches and (left := deadline - time.monotonic()) > 0:
            batches = self._consumer.poll(timeout_ms=int(min(left, _LOOK_AGAIN_S) * 1000), max_records=max_records)
        return batches

    def assignment(self) -> frozenset[TopicPartition]:
        """What this member reads now."""
        return _ours(self._consumer.assignment())

    def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Remember, per partition, the offset to read next. Partitions no longer assigned are passed over.

        Raises:
            Unavailable: the broker did not take it.
        """
        assigned = self.assignment()
        wanted = {
            kafka.TopicPartition(source.topic, source.partition): OffsetAndMetadata(offset, "", -1)
            for source, offset in offsets.items()
            if source in assigned
        }
        if not wanted:
            return
        if self._listener.revoking:
            self._listener.commit_later(wanted)
            return
        try:
            self._consumer.commit(wanted, timeout_ms=REQUEST_MS)
        except _NOT_OURS as error:
            log.warning("partitions moved on before the commit", group=self._group, error=str(error))
        except KafkaError as error:
            raise unavailable(self._settings, f"committing as {self._group}", error, *self._needed) from error

    def pause(self, partitions: frozenset[TopicPartition]) -> None:
        """Give no more records of these until `resume`; partitions that are not assigned are passed over."""
        self._consumer.pause(*self._assigned(partitions))

    def resume(self, partitions: frozenset[TopicPartition]) -> None:
        """Go on where they were paused; a partition that is assigned anew is not paused."""
        going_on = self._assigned(partitions)
        # What kafka-python 3.0 had fetched of a paused partition it gives only to a fetcher that has never parsed
        # anything else, and it fetches nothing while it holds that: let it go, to be fetched again from the position.
        parked = self._consumer._fetcher._paused_partition_records
        for partition in going_on:
            parked.pop(partition, None)
        self._consumer.resume(*going_on)

    def lag(self) -> dict[TopicPartition, int]:
        """Records not read yet; partitions not fetched yet are left out.

        The broker is asked where the topic ends, since whoever is held fetches nothing that would say so. One that
        does not answer leaves what the last fetch said; so does tansu, which counts only one record of the last batch.
        """
        # A position asks the broker only where none is known yet, and there is no high water mark then either.
        known = {one: self._consumer.highwater(one) for one in self._consumer.assignment()}
        fetched = {one: end for one, end in known.items() if end is not None}
        positions = {one: self._consumer.position(one, timeout_ms=0) for one in fetched}
        try:
            ends = self._consumer.end_offsets(list(fetched), timeout_ms=_ENDS_MS) if fetched else {}
        except KafkaError:
            ends = fetched
        return {
            TopicPartition(one.topic, one.partition): max(0, fetched[one] - position, ends[one] - position)
            for one, position in positions.items()
            if position is not None
        }

    def _assigned(self, partitions: frozenset[TopicPartition]) -> list[Any]:
        ours = partitions & self.assignment() if partitions else frozenset()
        return [kafka.TopicPartition(source.topic, source.partition) for source in ours]

    def close(self) -> None:
        """Leave the group, after `on_revoked` had its last say."""
        try:
            self._consumer.close(autocommit=False, timeout_ms=_CLOSE_MS)
        except KafkaError as error:
            log.warning("left without saying goodbye", group=self._group, error=str(error))
        self._listener.raise_problem()


class _Listener(AsyncConsumerRebalanceListener):
    """Carries `on_revoked` into kafka-python's event loop, where a blocking commit would wait for itself."""

    def __init__(self, consumer: Any, group: str, on_revoked: OnRevoked | None) -> None:
        self.joining = True
        self.revoking = False
        self._consumer = consumer
        self._group = group
        self._on_revoked = on_revoked
        self._commits: dict[Any, OffsetAndMetadata] = {}
        self._problem: Exception | None = None

    async def on_partitions_revoked(self, revoked: set[Any]) -> None:
        """Let the callback finish its work, then send what it committed, while the partitions are still ours."""
        self.joining = True
        if not revoked or self._on_revoked is None:
            return
        self.revoking = True
        try:
            self._on_revoked(_ours(revoked))
            if self._commits:
                await self._consumer.commit_async(self._commits)
        except KafkaError as error:
            log.warning("partitions moved on before the commit", group=self._group, error=str(error))
        except Exception as error:
            # kafka-python would log it and go on; a bug in the callback must end the worker.
            self._problem = error
        finally:
            self.revoking = False
            self._commits = {}

    async def on_partitions_lost(self, lost: set[Any]) -> None:
        """The group went on without us: the state about them goes all the same."""
        await self.on_partitions_revoked(lost)

    async def on_partitions_assigned(self, assigned: set[Any]) -> None:
        """The group has come to rest; positions come from its commits."""
        self.joining = False

    def commit_later(self, offsets: Mapping[Any, OffsetAndMetadata]) -> None:
        """Commit once the callback has returned."""
        self._commits.update(offsets)

    def raise_problem(self) -> None:
        """Raise, once, what the callback raised."""
        problem, self._problem = self._problem, None
        if problem is not None:
            raise problem


def _ours(partitions: set[Any]) -> frozenset[TopicPartition]:
    return frozenset(TopicPartition(partition.topic, partition.partition) for partition in partitions)
