"""The audit log in a database: events with the complete nodes of the Merkle tree over them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

from sqlalchemy import Connection, func, insert, select, tuple_

from watchbound.adapters.audit_schema import EVENTS, NODES, AuditDatabase
from watchbound.domain.audit import AuditEvent
from watchbound.domain.errors import ConfigurationError, InvalidValue, Unavailable
from watchbound.domain.moment import to_micros
from watchbound.pipeline.audit_record import AuditRecord, canonical, read_canonical
from watchbound.pipeline.merkle import Frontier, TreeNode, leaf_hash, peaks_of
from watchbound.settings import AuditSettings


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
            connection.execute(insert(EVENTS).values(index=index, canonical=data, **_columns(event)))
            connection.execute(insert(NODES), [_row(node, index) for node in completed])
        return index

    def records(self, first: int, limit: int) -> list[AuditRecord]:
        """Up to `limit` events from an index on, in order.

        Raises:
            Unavailable: the database does not answer, or one of them is not what was written: `audit verify` says more.
        """
        wanted = select(EVENTS.c.canonical).where(EVENTS.c.index >= first).order_by(EVENTS.c.index).limit(limit)
        with self.database.reading() as connection:
            return _read(connection.execute(wanted).scalars().all())

    def root(self, size: int) -> bytes:
        """The hash of the tree of the first `size` events.

        Raises:
            Unavailable: the database does not answer, or there are not so many events.
        """
        with self.database.reading() as connection:
            return _frontier(connection, size).root()

    def close(self) -> None:
        """Let go of the database."""
        self.database.close()


def _size(connection: Connection) -> int:
    last = connection.execute(select(func.max(EVENTS.c.index))).scalar_one()
    return 0 if last is None else int(last) + 1


def _frontier(connection: Connection, size: int) -> Frontier:
    """The tree of the first `size` events.

    Raises:
        Unavailable: nodes of it are missing: somebody took them away, and nothing can be appended.
    """
    places = peaks_of(size)
    wanted = select(NODES).where(tuple_(NODES.c.level, NODES.c.position).in_(places))
    found = {(row.level, row.position): bytes(row.hash) for row in connection.execute(wanted)} if places else {}
    if len(found) != len(places):
        msg = f"the audit log's tree lacks nodes for its {size} events; `watchbound audit verify` says what is missing"
        raise Unavailable(msg)
    return Frontier(size, tuple(found[place] for place in places))


def _columns(event: AuditEvent) -> dict[str, str | int]:
    """What events are found by."""
    return {
        "at_us": to_micros(event.at),
        "actor": event.actor,
        "act": event.act,
        "authorisation": event.authorisation_id,
        "object": event.object,
    }


def _row(node: TreeNode, index: int) -> dict[str, int | bytes]:
    return {"level": node.level, "position": node.position, "completed_by": index, "hash": node.hash}


def _read(rows: Sequence[bytes]) -> list[AuditRecord]:
    try:
        return [read_canonical(bytes(row)) for row in rows]
    except InvalidValue as error:
        msg = f"the audit log holds an event that nobody wrote ({error}); run `watchbound audit verify`"
        raise Unavailable(msg) from error
