"""Runs a `KeyedFold` on Faust: agents over co-partitioned topics, a table with a changelog, a timer.

Faust's own ways that would lose or repeat more than they should are not taken; docs/decisions/0006-alert-windows.md
says which and why. In short: records are acknowledged by hand, after the outputs *and* the changelog are; nothing is
skipped because a handler raised; and the consumer's fetch does not linger.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from watchbound.adapters.faust_app import KafkaProblem, build_app, to_record
from watchbound.adapters.faust_stall import StallWatch
from watchbound.adapters.kafka_connect import unavailable
from watchbound.adapters.logs import get_logger
from watchbound.domain.errors import Poison, PoisonReason, Unavailable
from watchbound.pipeline.access import ACCESS, GroupNames, Service
from watchbound.pipeline.keyed_fold import FoldStep, KeyedFold
from watchbound.pipeline.metric_names import CONSUMER_LAG
from watchbound.pipeline.topics import Topic
from watchbound.ports import Clock, Metrics, Record
from watchbound.settings import KafkaSettings

log = get_logger(__name__)

_RETRY_S = 0.1
_WATCH_S = 0.05
_TICK_S = 1.0
_STOP_S = 15.0

OnPoison = Callable[[Record, Poison], None]
"""Reports a record that can never be handled, and returns once the report is safe."""


class FaustFoldRunner:
    """One member of the group; several share the keys.

    Args:
        kafka: where the broker is.
        group: name of the consumer group, and of the table's changelog topic.
        data: Faust's working folder; holds nothing that a restart needs.
        sources: the topics to read, keyed alike and with equally many partitions.
        fold: the logic.
        on_poison: called from a thread for each record that can never be handled.
        clock: the service's clock.
        metrics: shows the lag.
    """

    def __init__(
        self,
        kafka: KafkaSettings,
        group: str,
        data: Path,
        sources: Sequence[Topic],
        fold: KeyedFold,
        on_poison: OnPoison,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self._kafka = kafka
        self._needed = ACCESS[Service.ALERTING].permissions(GroupNames("", group))
        self._fold = fold
        self._on_poison = on_poison
        self._clock = clock
        self._metrics = metrics
        self._step = asyncio.Lock()
        self._failure: BaseException | None = None
        self._listening_since: datetime | None = None
        # Which partition a key came from, and when its state wants to be looked at again.
        self._homes: dict[bytes, int] = {}
        self._wakes: dict[bytes, datetime | None] = {}
        self._stalls = StallWatch()
        self._measured: set[Any] = set()
        self._sources = [source.name for source in sources]
        self._app = build_app(kafka, group, data, sources[0].partitions)
        self._table = self._app.Table(
            "windows",
            key_type=bytes,
            value_type=bytes,
            partitions=sources[0].partitions,
            on_changelog_event=self._on_changelog,
        )
        for source in sources:
            raw = {"key_type": bytes, "value_type": bytes, "key_serializer": "raw", "value_serializer": "raw"}
            self._app.agent(self._app.topic(source.name, partitions=source.partitions, **raw), name=source.name)(
                self._agent
            )
        self._app.timer(_TICK_S, name="tick")(self._tick)
        self._app.on_rebalance_complete.connect(self._on_assigned)

    def ready(self) -> str | None:
        """For /readyz: why no record is being handled, or None."""
        if self._failure is not None:
            return f"alerting failed: {self._failure!r}"
        if self._listening_since is None or self._app.rebalancing:
            return "alerting waits for the group to give it partitions and for its table to be restored"
        return None

    def run(self, stop: threading.Event) -> None:
        """Handle records until `stop`.

        Raises:
            Unavailable: no broker answers at the start.
            Exception: whatever ended it: a bug in the fold is never passed over.
        """
        asyncio.run(self._run(stop))

    async def _run(self, stop: threading.Event) -> None:
        app = self._app
        try:
            await app.start()
        except KafkaProblem as error:
            await app.stop()
            raise self._unavailable(error) from error
        try:
            while not stop.is_set() and self._failure is None and not app.should_stop:
                await asyncio.sleep(_WATCH_S)
        finally:
            try:
                await asyncio.wait_for(app.stop(), _STOP_S)
            except TimeoutError:
                log.warning("left the group without saying goodbye", waited_s=_STOP_S)
        failure = self._failure or app.crash_reason
        if isinstance(failure, KafkaProblem):
            raise self._unavailable(failure) from failure
        if failure is not None:
            raise failure
        if not stop.is_set():
            msg = "Faust stopped on its own and did not say why"
            raise RuntimeError(msg)

    def _unavailable(self, error: BaseException) -> Unavailable:
        return unavailable(self._kafka, "alerting", error, *self._needed)

    async def _agent(self, stream: Any) -> None:
        """Handle events one by one; an error leaves its record, and all after it, unacknowledged."""
        async for event in stream.noack().events():
            try:
                await self._handle(event.message)
            except Exception as error:
                # The record stays unacknowledged for whoever comes next; `_run` ends the process.
                self._failure = self._failure or error
                await asyncio.Event().wait()
            event.ack()

    async def _handle(self, message: Any) -> None:
        record = to_record(message)
        told = False
        while True:
            try:
                if message.key is None:
                    raise Poison(PoisonReason.WRONG_KEY, "expected a key, got none")
                async with self._step:
                    state = self._table.data.get(message.key)
                    step = self._fold.handle(record.key or "", record, state, self._since())
                    await self._complete(message.key, message.partition, step)
            except Poison as poison:
                await self._report(record, poison)
            except Unavailable as error:
                if not told:
                    log.warning("holding a record", topic=record.source.topic, offset=record.offset, reason=str(error))
                told = True
                await asyncio.sleep(_RETRY_S)
                continue
            return

    async def _report(self, record: Record, poison: Poison) -> None:
        while True:
            try:
                return await asyncio.to_thread(self._on_poison, record, poison)
            except Unavailable as error:
                log.warning("holding a poisoned record", topic=record.source.topic, reason=str(error))
                await asyncio.sleep(_RETRY_S)

    async def _complete(self, key: bytes, partition: int, step: FoldStep) -> None:
        """Outputs first, then the state: dying in between repeats an output under its old id, and loses none.

        Raises:
            Unavailable: the step could not be recorded; nothing was done.
        """
        if step.record is not None:
            await asyncio.to_thread(step.record)
        for output in step.outputs:
            await self._app.producer.send_and_wait(output.topic, output.key.encode(), output.value, None, None, None)
        if step.changed:
            await self._store(key, partition, step.state)
        self._wakes[key] = step.wake_at
        step.done()

    async def _store(self, key: bytes, partition: int, state: bytes | None) -> None:
        sent = self._table.send_changelog(partition, key, state, value_serializer="raw")
        await sent
        if state is None:
            self._table.data.pop(key, None)
            self._homes.pop(key, None)
        else:
            self._table.data[key] = state
            self._homes[key] = partition

    async def _tick(self) -> None:
        """Look at the keys that are due, in partitions that are ours."""
        if self._failure is not None or self.ready() is not None:
            return
        try:
            behind = self._behind()
            self._show_lag(behind)
            await self._revive(behind)
            for key in list(self._table.data):
                wake_at = self._wakes.get(key, self._since())
                if wake_at is not None and wake_at <= self._clock.now():
                    await self._tick_one(key)
        except Exception as error:
            self._failure = error

    def _behind(self) -> dict[Any, tuple[int, int]]:
        """By partition, the next offset to commit and the end of the log."""
        consumer = self._app.consumer
        return {
            tp: (consumer._committed_offset.get(tp) or 0, consumer.highwater(tp) or 0)
            for tp in consumer.assignment()
            if tp.topic in self._sources
        }

    def _show_lag(self, behind: Mapping[Any, tuple[int, int]]) -> None:
        """What is not committed yet; what has gone to another member is no lag of ours."""
        for tp in self._measured - behind.keys():
            self._metrics.set(CONSUMER_LAG, 0, topic=tp.topic, partition=str(tp.partition))
        for tp, (following, end) in behind.items():
            self._metrics.set(CONSUMER_LAG, max(0, end - following), topic=tp.topic, partition=str(tp.partition))
        self._measured = set(behind)

    async def _revive(self, behind: Mapping[Any, tuple[int, int]]) -> None:
        """Read again what was fetched and never handed over (see `faust_stall`)."""
        consumer = self._app.consumer
        stalled = self._stalls.stalled(behind, len(consumer._unacked_messages))
        if stalled:
            log.warning("reading again what was fetched and not handed over", partitions=[str(tp) for tp in stalled])
            await consumer.read_again(stalled)

    async def _tick_one(self, key: bytes) -> None:
        async with self._step:
            state, partition = self._table.data.get(key), self._homes.get(key)
            if state is None or partition is None or partition not in self._partitions():
                return
            await self._complete(key, partition, self._fold.tick(key.decode(), state, self._since()))

    async def _on_changelog(self, event: Any) -> bool:
        """Note where a restored key lives."""
        self._homes[event.message.key] = event.message.partition
        self._wakes.pop(event.message.key, None)
        return False

    async def _on_assigned(self, *_args: Any, **_kwargs: Any) -> None:
        """Forget what other members now keep: Faust's memory store drops only what it had restored itself."""
        mine = self._partitions()
        for key in [key for key, partition in self._homes.items() if partition not in mine]:
            self._table.data.pop(key, None)
            self._homes.pop(key)
            self._wakes.pop(key, None)
        self._stalls.forget()
        self._listening_since = self._clock.now()
        log.info("partitions assigned", partitions=sorted(mine))

    def _partitions(self) -> set[int]:
        return {tp.partition for tp in self._app.consumer.assignment() if tp.topic in self._sources}

    def _since(self) -> datetime:
        return self._listening_since or self._clock.now()
