"""The audit log in a database: events with the complete nodes of the Merkle tree over them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Table, func, insert, select, tuple_, update

from watchbound.adapters.audit_schema import CHECKPOINTS, EVENTS, NODES, PUBLISHED, AuditDatabase
from watchbound.domain.audit import AuditEvent
from watchbound.domain.errors import ConfigurationError, InvalidValue, Unavailable
from watchbound.domain.moment import to_micros
from watchbound.pipeline.audit_record import AuditRecord, canonical, find_by, read_canonical
from watchbound.pipeline.audit_verify import StoredEvent, Stretch
from watchbound.pipeline.checkpoint import SignedCheckpoint
from watchbound.pipeline.merkle import Frontier, TreeNode, leaf_hash, peaks_of, root_of
from watchbound.settings import AuditSettings

_PAGE = 1000
"""Events at once."""


def open_audit_log(settings: AuditSettings) -> SqlAuditLog:
    """The log that the settings name, made where there is none.

    Raises:
        ConfigurationError: the settings cannot be used, or the database holds another log.
        Unavailable: the database does not answer.
    """
    with ExitStack() as opening:
        log = SqlAuditLog(AuditDatabase(settings), settings.log_id)
        opening.callback(log.close)
        log.begin()
        opening.pop_all()
    return log


def find_audit_log(settings: AuditSettings) -> SqlAuditLog:
    """The log that the settings name, as somebody left it: nothing is made, and nothing of it is believed.

    Raises:
        ConfigurationError: the settings cannot be used, or there is no log.
        Unavailable: the database does not answer.
    """
    with ExitStack() as opening:
        database = AuditDatabase(settings, make=False)
        opening.callback(database.close)
        with database.reading() as connection:
            database.require_tables(connection)
        opening.pop_all()
    return SqlAuditLog(database, settings.log_id)


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """Which events are asked for; what is None is not asked about.

    Attributes:
        since, until: time of the act, the first included, the second not.
    """

    actor: str | None = None
    act: str | None = None
    authorisation: str | None = None
    object: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def texts(self) -> dict[str, str]:
        """The words that are asked for, by column."""
        named = {"actor": self.actor, "act": self.act, "authorisation": self.authorisation, "object": self.object}
        return {name: value for name, value in named.items() if value is not None}


class SqlAuditLog:
    """An `AuditLog`. Safe to share between threads; any number of processes append to one log.

    Appends are serialised by the database (SQLite: BEGIN IMMEDIATE; PostgreSQL: an advisory lock), since each needs the
    tree that the one before left.

    Attributes:
        database: where it is kept.
    """

    def __init__(self, database: AuditDatabase, log_id: str) -> None:
        self.database = database
        self.log_id = log_id

    def begin(self) -> None:
        """Make the tables where there are none, and refuse a database in which another log was begun.

        Raises:
            ConfigurationError: it holds events of another log.
            Unavailable: it does not answer.
        """
        with self.database.writing() as connection:
            self.database.create_tables(connection)
        for record in self.records(0, 1):
            if record.log_id != self.log_id:
                msg = (
                    f"WATCHBOUND_AUDIT_LOG_ID: expected {record.log_id}, whose events the database holds, "
                    f"got {self.log_id}; a database holds one log"
                )
                raise ConfigurationError(msg)

    def append(self, event: AuditEvent) -> int:
        """See `AuditLog.append`."""
        with self.database.writing() as connection:
            index = _size(connection)
            frontier = _frontier(connection, index)
            data = canonical(AuditRecord(self.log_id, index, event))
            _, completed = frontier.append(leaf_hash(data))
            connection.execute(insert(EVENTS).values(index=index, canonical=data, **find_by(event)))
            connection.execute(insert(NODES), [_row(node, index) for node in completed])
        return index

    def about(self, act: str, object: str) -> list[AuditEvent]:
        """See `AuditLog.about`."""
        wanted = select(EVENTS.c.canonical).where(EVENTS.c.act == act, EVENTS.c.object == object)
        with self.database.reading() as connection:
            found = connection.execute(wanted.order_by(EVENTS.c.index)).scalars().all()
        return [record.event for record in _read(found)]

    def records(self, first: int, limit: int) -> list[AuditRecord]:
        """Up to `limit` events from an index on, in order.

        Raises:
            Unavailable: the database does not answer, or one of them is not what was written: `audit verify` says more.
        """
        wanted = select(EVENTS.c.canonical).where(EVENTS.c.index >= first).order_by(EVENTS.c.index).limit(limit)
        with self.database.reading() as connection:
            return _read(connection.execute(wanted).scalars().all())

    def events(self) -> Iterator[AuditEvent]:
        """Everything that was ever written, in order, a page at a time.

        Raises:
            Unavailable: as `records`.
        """
        first = 0
        while page := self.records(first, _PAGE):
            yield from (record.event for record in page)
            first += len(page)

    def root(self, size: int) -> bytes:
        """The hash of the tree of the first `size` events.

        Raises:
            Unavailable: the database does not answer, or there are not so many events.
        """
        with self.database.reading() as connection:
            return _frontier(connection, size).root()

    def size(self) -> int:
        """How many events there are.

        Raises:
            Unavailable: the database does not answer (so for every method below).
        """
        with self.database.reading() as connection:
            return _size(connection)

    def unpublished(self, limit: int) -> list[AuditRecord]:
        """The next events, at most `limit`, that the audit topic does not hold."""
        with self.database.reading() as connection:
            first = connection.execute(select(PUBLISHED.c.size)).scalar_one_or_none() or 0
        return self.records(first, limit)

    def published(self, size: int) -> None:
        """Remember that the audit topic holds the first `size` events."""
        with self.database.writing() as connection:
            known = connection.execute(select(PUBLISHED.c.size)).scalar_one_or_none()
            if known is None:
                connection.execute(insert(PUBLISHED).values(log=self.log_id, size=size))
            elif known < size:
                connection.execute(update(PUBLISHED).values(size=size))

    def put_checkpoint(self, signed: SignedCheckpoint) -> None:
        """Keep a checkpoint beside the events; one of the same size stays as it is."""
        size = signed.checkpoint.size
        with self.database.writing() as connection:
            known = select(CHECKPOINTS.c.size).where(CHECKPOINTS.c.size == size)
            if connection.execute(known).first() is None:
                connection.execute(insert(CHECKPOINTS).values(size=size, note=signed.note()))

    def checkpoints(self) -> list[tuple[int, str]]:
        """Size and note of every checkpoint that is kept beside the events, believed in nothing."""
        with self.database.reading() as connection:
            rows = connection.execute(select(CHECKPOINTS).order_by(CHECKPOINTS.c.size))
            return [(row.size if isinstance(row.size, int) else 0, str(row.note)) for row in rows]

    def search(self, query: AuditQuery, limit: int) -> list[AuditRecord]:
        """The latest events, at most `limit`, that answer a query; in their order."""
        wanted = select(EVENTS.c.canonical)
        for name, value in query.texts().items():
            wanted = wanted.where(EVENTS.c[name] == value)
        if query.since is not None:
            wanted = wanted.where(EVENTS.c.at_us >= to_micros(query.since))
        if query.until is not None:
            wanted = wanted.where(EVENTS.c.at_us < to_micros(query.until))
        wanted = wanted.order_by(EVENTS.c.index.desc()).limit(limit)
        with self.database.reading() as connection:
            return _read(connection.execute(wanted).scalars().all())[::-1]

    @contextmanager
    def snapshot(self) -> Iterator[LogSnapshot]:
        """The log as it stands now, for as long as the context lasts."""
        with self.database.reading() as connection:
            yield LogSnapshot(connection)

    def close(self) -> None:
        """Let go of the database."""
        self.database.close()


class LogSnapshot:
    """A `StoredLog`: what one transaction sees."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def stretch(self, first: int, limit: int) -> Stretch:
        """See `StoredLog.stretch`."""
        rows = self._connection.execute(
            select(EVENTS).where(EVENTS.c.index >= first).order_by(EVENTS.c.index).limit(limit)
        )
        events = [_stored(row) for row in rows.mappings()]
        completed = NODES.c.completed_by.between(first, first + limit - 1)
        nodes = {(row.level, row.position): _bytes(row.hash) for row in self._nodes(completed)}
        return Stretch(events, nodes)

    def counts(self) -> tuple[int, int]:
        """See `StoredLog.counts`."""
        return self._count(EVENTS), self._count(NODES)

    def root(self, size: int) -> bytes:
        """The hash of the tree of the first `size` events."""
        return root_of(size, self.node)

    def node(self, level: int, position: int) -> bytes:
        """A complete node's hash.

        Raises:
            Unavailable: it is missing, or no hash.
        """
        for row in self._nodes((NODES.c.level == level) & (NODES.c.position == position)):
            if node := _bytes(row.hash):
                return node
        msg = f"the audit log's tree lacks the node {position} of level {level}; run `watchbound audit verify`"
        raise Unavailable(msg)

    def canonical(self, index: int) -> bytes | None:
        """The bytes of an event, or None where there is none."""
        found = self._connection.execute(select(EVENTS.c.canonical).where(EVENTS.c.index == index)).scalar()
        return None if found is None else _bytes(found)

    def _nodes(self, condition: ColumnElement[bool]) -> Sequence[Any]:
        return self._connection.execute(select(NODES).where(condition)).all()

    def _count(self, table: Table) -> int:
        return int(self._connection.execute(select(func.count()).select_from(table)).scalar_one())


def _stored(row: RowMapping) -> StoredEvent:
    found_by = {name: row[name] for name in row if name not in ("index", "canonical")}
    return StoredEvent(row["index"], _bytes(row["canonical"]), found_by)


def _bytes(value: object) -> bytes:
    """What stands in a column of bytes.

    SQLite keeps there whatever it is given: what is no bytes is read as empty, as neither an event nor a hash can be.
    """
    return value if isinstance(value, bytes) else b""


def _size(connection: Connection) -> int:
    """How many events there are.

    Raises:
        Unavailable: an index is no number: somebody wrote it by hand.
    """
    last = connection.execute(select(func.max(EVENTS.c.index))).scalar_one()
    if last is not None and not isinstance(last, int):
        msg = f"the audit log numbers an event {last!r}, which nobody wrote; run `watchbound audit verify`"
        raise Unavailable(msg)
    return 0 if last is None else last + 1


def _frontier(connection: Connection, size: int) -> Frontier:
    """The tree of the first `size` events.

    Raises:
        Unavailable: nodes of it are missing or no hashes: somebody changed them, and nothing can be appended.
    """
    places = peaks_of(size)
    wanted = select(NODES).where(tuple_(NODES.c.level, NODES.c.position).in_(places))
    found = {(row.level, row.position): _bytes(row.hash) for row in connection.execute(wanted)} if places else {}
    if not all(found.get(place) for place in places):
        msg = f"the audit log's tree lacks nodes for its {size} events; `watchbound audit verify` says what is missing"
        raise Unavailable(msg)
    return Frontier(size, tuple(found[place] for place in places))


def _row(node: TreeNode, index: int) -> dict[str, int | bytes]:
    return {"level": node.level, "position": node.position, "completed_by": index, "hash": node.hash}


def _read(rows: Sequence[object]) -> list[AuditRecord]:
    try:
        return [read_canonical(_bytes(row)) for row in rows]
    except InvalidValue as error:
        msg = f"the audit log holds an event that nobody wrote ({error}); run `watchbound audit verify`"
        raise Unavailable(msg) from error
