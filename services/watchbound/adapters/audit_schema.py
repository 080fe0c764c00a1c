"""The tables of the audit log, and how its database is opened: SQLite or PostgreSQL."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    create_engine,
    event,
    inspect,
    text,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from watchbound.domain.errors import ConfigurationError, Unavailable
from watchbound.settings import AuditSettings

_metadata = MetaData()

# The texts beside the canonical bytes only find events; what is shown and verified are the bytes.
EVENTS = Table(
    "audit_events",
    _metadata,
    Column("index", BigInteger, primary_key=True, autoincrement=False),
    Column("canonical", LargeBinary, nullable=False),
    Column("at_us", BigInteger, nullable=False, index=True),
    Column("actor", Text, nullable=False, index=True),
    Column("act", Text, nullable=False, index=True),
    Column("authorisation", Text, nullable=False, index=True),
    Column("object", Text, nullable=False, index=True),
)

# Every complete node of the tree; level 0 holds the leaf hashes. `completed_by` is the event that completed it.
NODES = Table(
    "audit_nodes",
    _metadata,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("completed_by", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Index("audit_nodes_completed", "completed_by"),
)

CHECKPOINTS = Table(
    "audit_checkpoints",
    _metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("note", Text, nullable=False),
)

# How far the audit topic has been told: one row.
PUBLISHED = Table(
    "audit_published",
    _metadata,
    Column("log", Text, primary_key=True),
    Column("size", BigInteger, nullable=False),
)

_LOCK = int.from_bytes(hashlib.sha256(b"watchbound audit log").digest()[:8], signed=True)
_WRITES = "watchbound_writes"


class AuditDatabase:
    """Transactions on the audit log's database. Safe to share between threads.

    Args:
        settings: where it is.
        make: whether a database of a file is made where there is none.

    Raises:
        ConfigurationError: the URL is none of a database that is supported, or there is no such file.
    """

    def __init__(self, settings: AuditSettings, *, make: bool = True) -> None:
        self._timeout_s = settings.timeout_s
        url = _url(settings.url.get_secret_value())
        self._shown = url.render_as_string(hide_password=True)
        self._sqlite = url.get_backend_name() == "sqlite"
        self._engine = self._open_sqlite(url, make) if self._sqlite else self._open_postgresql(url)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction that is alone in writing; what it did is on the disk when the context ends.

        Raises:
            Unavailable: the database does not answer, or takes no more.
        """
        with self._telling("written"), self._engine.connect() as connection:
            connection = connection.execution_options(**{_WRITES: True})
            with connection.begin():
                if not self._sqlite:
                    # Commits that the database is configured to acknowledge early are waited for here.
                    connection.execute(text("SET LOCAL synchronous_commit = on"))
                    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
                yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One transaction that sees the log as it stood at its beginning, whatever is written meanwhile.

        Raises:
            Unavailable: the database does not answer.
        """
        with self._telling("read"), self._engine.connect() as connection:
            if not self._sqlite:
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield connection

    def create_tables(self, connection: Connection) -> None:
        """Make the tables that are missing."""
        _metadata.create_all(connection)

    def require_tables(self, connection: Connection) -> None:
        """Return if every table is there.

        Raises:
            ConfigurationError: one is missing.
        """
        missing = sorted(set(_metadata.tables) - set(inspect(connection).get_table_names()))
        if missing:
            msg = (
                f"WATCHBOUND_AUDIT_URL: expected an audit log at {self._shown}, which lacks {', '.join(missing)}; "
                "if services have written there, the log was taken away"
            )
            raise ConfigurationError(msg)

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()

    @contextmanager
    def _telling(self, doing: str) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            cause = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
            msg = f"WATCHBOUND_AUDIT_URL: the audit log at {self._shown} cannot be {doing} ({cause})"
            raise Unavailable(msg) from error

    def _open_sqlite(self, url: URL, make: bool) -> Engine:
        if url.database in (None, "", ":memory:"):
            msg = f"WATCHBOUND_AUDIT_URL: expected a file, such as sqlite:////var/lib/watchbound/audit.db, got {url}"
            raise ConfigurationError(msg)
        path = Path(str(url.database)).expanduser().resolve()
        if not make and not path.is_file():
            msg = (
                f"WATCHBOUND_AUDIT_URL: expected an audit log at {path}: there is nothing; "
                "if services have written there, the log was taken away"
            )
            raise ConfigurationError(msg)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            msg = f"WATCHBOUND_AUDIT_URL: the folder {path.parent} cannot be made ({error.strerror})"
            raise ConfigurationError(msg) from error
        engine = create_engine(url.set(database=str(path)), connect_args={"timeout": self._timeout_s})
        event.listen(engine, "connect", _configure_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine

    def _open_postgresql(self, url: URL) -> Engine:
        limit_ms = int(self._timeout_s * 1000)
        arguments = {
            "connect_timeout": max(1, int(self._timeout_s)),
            "options": f"-c statement_timeout={limit_ms} -c lock_timeout={limit_ms}",
        }
        return create_engine(url, connect_args=arguments, pool_pre_ping=True)


def _url(given: str) -> URL:
    """The database's address.

    Raises:
        ConfigurationError: it is none, or of a database that is not supported.
    """
    try:
        url = make_url(given)
        name = url.get_backend_name()
    except (ArgumentError, NoSuchModuleError) as error:
        # The text may hold a password, and so does the error's.
        msg = "WATCHBOUND_AUDIT_URL: expected an SQLAlchemy URL, such as sqlite:////var/lib/watchbound/audit.db"
        raise ConfigurationError(msg) from error
    if name == "sqlite":
        return url.set(drivername="sqlite")
    if name == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    msg = f"WATCHBOUND_AUDIT_URL: expected sqlite or postgresql, got {name}"
    raise ConfigurationError(msg)


def _text(data: bytes) -> str:
    """A text as it stands there; what is not UTF-8 was never written by us, and is to be read and found, too."""
    return data.decode(errors="surrogateescape")


def _configure_sqlite(connection: Any, _record: object) -> None:
    connection.text_factory = _text
    # Transactions are begun by `_begin_sqlite`; the driver would begin them too late to hold the lock.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    # In WAL mode the default (NORMAL) may lose the last commits when the power fails.
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
