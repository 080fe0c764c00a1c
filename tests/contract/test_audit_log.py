"""One suite for the audit log's port, on the fake, on SQLite and on a PostgreSQL server."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from tests.contract import audit_writer
from watchbound.adapters.audit_log import SqlAuditLog, open_audit_log
from watchbound.adapters.clock import SystemClock
from watchbound.domain.audit import AuditEvent
from watchbound.domain.errors import ConfigurationError, Unavailable
from watchbound.pipeline.audit import AuditTrail
from watchbound.pipeline.audit_acts import Act
from watchbound.pipeline.audit_record import AuditRecord, canonical
from watchbound.pipeline.merkle import Frontier, leaf_hash
from watchbound.ports import AuditLog
from watchbound.settings import AuditSettings, load
from watchbound.stack.processes import free_port
from watchbound.testing.audit import FakeAuditLog

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@dataclass
class Backend:
    """A log, and how to open the same one again."""

    log: AuditLog
    events: Callable[[], list[AuditEvent]]
    url: str = ""


def event(number: int, act: str = "watchlist.approved") -> AuditEvent:
    return AuditEvent(f"e{number}", NOW, "officer-12", act, "op-1", f"REF-{number}", "on the list", (("n", "☃"),))


def database_of(url: str) -> Backend:
    log = open_audit_log(load(AuditSettings, url=url))
    return Backend(log, lambda: [record.event for record in log.records(0, 10_000)], url)


@pytest.fixture
def postgresql_url(request: pytest.FixtureRequest) -> str:
    """A database of its own for each test."""
    server = request.getfixturevalue("postgresql_server")
    name = f"audit_{abs(hash(request.node.nodeid))}"
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return str(make_url(server.url).set(database=name))


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgresql", marks=pytest.mark.real)])
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Backend]:
    if request.param == "memory":
        fake = FakeAuditLog()
        yield Backend(fake, lambda: list(fake.events))
        return
    made = database_of(url_of(request, tmp_path))
    with closing(made.log):  # type: ignore[type-var]
        yield made


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.real)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return url_of(request, tmp_path)


def url_of(request: pytest.FixtureRequest, folder: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{folder / 'audit.db'}"
    return str(request.getfixturevalue("postgresql_url"))


def test_events_are_kept_in_the_order_of_their_indices(backend: Backend) -> None:
    written = [event(number) for number in range(9)]
    assert [backend.log.append(each) for each in written] == list(range(9))
    assert backend.events() == written


def test_the_same_event_twice_is_two_events(backend: Backend) -> None:
    assert [backend.log.append(event(1)), backend.log.append(event(1))] == [0, 1]
    assert backend.events() == [event(1), event(1)]


def test_what_was_done_to_an_object_is_found_by_the_act_and_the_object(backend: Backend) -> None:
    for each in (event(1), event(2), event(1, "watchlist.removed"), replace(event(3), object="REF-1")):
        backend.log.append(each)
    assert backend.log.about("watchlist.approved", "REF-1") == [event(1), replace(event(3), object="REF-1")]
    assert backend.log.about("watchlist.approved", "REF-9") == []


def test_threads_append_at_once(backend: Backend) -> None:
    with ThreadPoolExecutor(4) as pool:
        indices = list(pool.map(lambda number: backend.log.append(event(number)), range(40)))
    assert sorted(indices) == list(range(40))
    assert {each.id: indices[int(each.id[1:])] for each in backend.events()} == {
        each.id: place for place, each in enumerate(backend.events())
    }


def test_processes_append_at_once_and_none_is_lost(url: str) -> None:
    command = [sys.executable, str(audit_writer.__file__), url]
    writers = [subprocess.Popen([*command, f"writer-{n}", "25"]) for n in range(4)]
    assert [writer.wait() for writer in writers] == [0, 0, 0, 0]
    with closing(open_audit_log(load(AuditSettings, url=url))) as log:
        records = log.records(0, 1000)
    assert [record.index for record in records] == list(range(100))
    for writer in range(4):
        own = [dict(r.event.facts)["number"] for r in records if r.event.actor == f"writer-{writer}"]
        assert own == [str(number) for number in range(25)]


def test_the_tree_over_the_events_is_that_of_their_canonical_bytes(url: str) -> None:
    with closing(open_audit_log(load(AuditSettings, url=url))) as log:
        for number in range(13):
            log.append(event(number))
        expected = Frontier()
        for number in range(13):
            expected, _ = expected.append(leaf_hash(canonical(AuditRecord("watchbound", number, event(number)))))
        assert log.root(13) == expected.root()


def test_what_was_appended_is_there_for_another_process_at_once(url: str) -> None:
    settings = load(AuditSettings, url=url)
    with closing(open_audit_log(settings)) as one, closing(open_audit_log(settings)) as other:
        one.append(event(0))
        assert [record.event for record in other.records(0, 10)] == [event(0)]
        assert other.append(event(1)) == 1


def test_a_database_holds_one_log(url: str) -> None:
    with closing(open_audit_log(load(AuditSettings, url=url))) as log:
        log.append(event(0))
    with pytest.raises(ConfigurationError, match="WATCHBOUND_AUDIT_LOG_ID: expected watchbound"):
        open_audit_log(load(AuditSettings, url=url, log_id="other"))


def test_a_broken_log_says_which_setting_to_look_at(tmp_path: Path) -> None:
    path = tmp_path / "audit.db"
    path.write_bytes(b"this is no database, whatever its name says" * 100)
    with pytest.raises(Unavailable, match="WATCHBOUND_AUDIT_URL: the audit log at sqlite"):
        open_audit_log(load(AuditSettings, url=f"sqlite:///{path}"))


def test_a_full_disk_is_unavailable_and_recovers(tmp_path: Path) -> None:
    with closing(open_audit_log(load(AuditSettings, url=f"sqlite:///{tmp_path / 'audit.db'}"))) as log:
        log.append(event(0))
        limit_pages(log, 1)
        with pytest.raises(Unavailable, match=r"WATCHBOUND_AUDIT_URL.*cannot be written.*full"):
            log.append(replace(event(1), reason="x" * 100_000))
        limit_pages(log, 1_000_000)
        assert log.append(event(1)) == 1


def limit_pages(log: SqlAuditLog, pages: int) -> None:
    """What a full disk looks like to SQLite; it never takes fewer pages than there are."""
    with log.database.reading() as connection:
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")


def test_a_server_that_is_away_is_unavailable_and_its_password_is_not_told() -> None:
    url = f"postgresql://watchbound:s3cret@127.0.0.1:{free_port()}/postgres"
    with pytest.raises(Unavailable, match="WATCHBOUND_AUDIT_URL: the audit log at postgresql") as caught:
        open_audit_log(load(AuditSettings, url=url))
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("url", ["no url at all", "mysql://u:s3cret@h/d", "sqlite://", "wrong+driver://u:s3cret@h/d"])
def test_a_url_of_another_kind_is_refused_by_its_key(url: str) -> None:
    with pytest.raises(ConfigurationError, match="WATCHBOUND_AUDIT_URL: expected") as caught:
        open_audit_log(load(AuditSettings, url=url))
    assert "s3cret" not in str(caught.value)


def test_the_trail_stamps_and_appends(backend: Backend) -> None:
    trail = AuditTrail(backend.log, SystemClock())
    written = trail.record("officer-12", Act.THRESHOLD_CHANGED, "op-1", "too many alerts", after="0.60", before="0.55")
    assert backend.events() == [written]
    assert written.object == "op-1"
    assert written.facts == (("after", "0.60"), ("before", "0.55"))
