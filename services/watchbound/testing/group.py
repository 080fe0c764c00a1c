"""Consumer groups of the in-memory broker: members, hand-over and committed offsets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from watchbound.ports import OnRevoked, Record, TopicPartition
from watchbound.testing.log_store import LogStore


class ConsumerGroup:
    """Who reads what.

    Like Kafka's eager protocol, a change of membership takes every partition from every member; unlike it, a member
    goes on as soon as its new partitions are free, so that a test need not poll all members at the same time.
    """

    def __init__(self, store: LogStore) -> None:
        self._store = store
        self._members: list[InMemoryConsumer] = []
        self._owners: dict[TopicPartition, InMemoryConsumer] = {}
        self.committed: dict[TopicPartition, int] = {}
        self.generation = 0

    def join(self, member: InMemoryConsumer) -> None:
        """A new member: everybody must let go."""
        self._members.append(member)
        self.generation += 1
        self._store.changed.notify_all()

    def leave(self, member: InMemoryConsumer) -> None:
        """A member gone, its partitions free."""
        if member in self._members:
            self._members.remove(member)
            self.release(member)
            self.generation += 1

    def release(self, member: InMemoryConsumer) -> None:
        """The member's partitions become free."""
        self._owners = {source: owner for source, owner in self._owners.items() if owner is not member}
        self._store.changed.notify_all()

    def claim(self, member: InMemoryConsumer) -> frozenset[TopicPartition]:
        """The member's share of this generation, less what others have not let go of yet."""
        share = self._share(member)
        free = {source for source in share if self._owners.get(source, member) is member}
        self._owners.update(dict.fromkeys(free, member))
        return frozenset(free)

    def _share(self, member: InMemoryConsumer) -> list[TopicPartition]:
        share: list[TopicPartition] = []
        for topic in member.topics:
            readers = [other for other in self._members if topic in other.topics]
            share += self._store.partitions([topic])[readers.index(member) :: len(readers)]
        return share


class InMemoryConsumer:
    """A `RecordConsumer` of the in-memory broker."""

    def __init__(
        self, store: LogStore, group: ConsumerGroup, topics: Sequence[str], on_revoked: OnRevoked | None, start: str
    ) -> None:
        self.topics = tuple(topics)
        self._store = store
        self._group = group
        self._on_revoked = on_revoked
        self._start = start
        self._positions: dict[TopicPartition, int] = {}
        self._generation = -1
        self._turn = 0
        self._paused: frozenset[TopicPartition] = frozenset()
        with store.changed:
            group.join(self)

    def poll(self, timeout_s: float, max_records: int) -> list[Record]:
        """The next records of the partitions that this member has now; none while the broker is down."""
        self._follow_generation()
        self._store.wait_for(lambda: self._outdated() or self._unread(), timeout_s)
        self._follow_generation()
        return self._take(max_records)

    def assignment(self) -> frozenset[TopicPartition]:
        """What this member reads now."""
        return frozenset(self._positions)

    def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Remember where to read next; partitions of others are passed over."""
        with self._store.changed:
            self._store.require_up()
            self._group.committed.update({s: offset for s, offset in offsets.items() if s in self._positions})

    def pause(self, partitions: frozenset[TopicPartition]) -> None:
        """Give no more records of these until `resume`."""
        self._paused |= partitions & self._positions.keys()

    def resume(self, partitions: frozenset[TopicPartition]) -> None:
        """Go on where they were paused."""
        self._paused -= partitions

    def lag(self) -> dict[TopicPartition, int]:
        """Records not read yet."""
        return {source: self._store.end(source) - position for source, position in self._positions.items()}

    def close(self) -> None:
        """Leave the group, after `on_revoked` had its last say."""
        try:
            self._revoke()
        finally:
            self.crash()

    def crash(self) -> None:
        """Leave as a killed process does once its session has timed out: nobody is told."""
        with self._store.changed:
            self._positions = {}
            self._group.leave(self)

    def _outdated(self) -> bool:
        return self._generation != self._group.generation

    def _unread(self) -> bool:
        reading = [(s, position) for s, position in self._positions.items() if s not in self._paused]
        return any(self._store.read(source, position, 1) for source, position in reading)

    def _follow_generation(self) -> None:
        if self._store.down:
            return
        if self._outdated():
            self._revoke()
        with self._store.changed:
            self._generation = self._group.generation
            for source in self._group.claim(self) - self._positions.keys():
                start = 0 if self._start == "earliest" else self._store.end(source)
                self._positions[source] = self._group.committed.get(source, start)

    def _revoke(self) -> None:
        if self._positions and self._on_revoked is not None:
            self._on_revoked(frozenset(self._positions))
        with self._store.changed:
            self._positions = {}
            self._paused = frozenset()
            self._group.release(self)

    def _take(self, max_records: int) -> list[Record]:
        """Fill up from the partitions in turn, so that a busy one does not starve the others."""
        taken: list[Record] = []
        sources = sorted(self._positions.keys() - self._paused)
        self._turn += 1
        for place in range(len(sources)):
            source = sources[(place + self._turn) % len(sources)]
            records = self._store.read(source, self._positions[source], max_records - len(taken))
            self._positions[source] += len(records)
            taken += records
        return taken
