from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import watchbound
from watchbound.domain.audit import AuditEvent
from watchbound.pipeline.audit import AuditTrail
from watchbound.pipeline.audit_acts import Act
from watchbound.testing.audit import FakeAuditLog
from watchbound.testing.clock import ManualClock

from .kept import NOW

PACKAGE = Path(watchbound.__file__).parent


def acts_in(path: Path) -> Iterator[str]:
    """The acts that a file names: the second argument of every `.record(…)`."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "record"):
            continue
        given = [*node.args[1:2], *(word.value for word in node.keywords if word.arg == "act")]
        yield from (str(each.value) for each in given if isinstance(each, ast.Constant))


def test_every_act_that_is_recorded_is_listed() -> None:
    used = {(path.name, act) for path in PACKAGE.rglob("*.py") for act in acts_in(path)}
    assert {(name, act) for name, act in used if act not in set(Act)} == set()


def test_an_act_is_a_noun_and_what_was_done_to_it() -> None:
    assert [act for act in Act if len(act.split(".")) != 2] == []


def test_the_trail_writes_an_act_as_plain_text() -> None:
    log = FakeAuditLog()
    event = AuditTrail(log, ManualClock(NOW)).record("officer-12", Act.AUDIT_READ, "", "a look", object="audit log")
    assert type(event.act) is str
    assert log.events == [event]
    assert isinstance(event, AuditEvent)
