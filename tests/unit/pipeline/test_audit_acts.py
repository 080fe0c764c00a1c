from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import watchbound
from watchbound.domain.act import ActKind
from watchbound.domain.audit import AuditEvent
from watchbound.pipeline.audit import AuditTrail
from watchbound.pipeline.audit_acts import ACT_OF, Act
from watchbound.testing.audit import FakeAuditLog
from watchbound.testing.clock import ManualClock

from .kept import NOW

PACKAGE = Path(watchbound.__file__).parent


# Who hands an act on to the trail: `AuditTrail.record` takes nothing but a member of `Act`, and so do these.
RECORDING = {"record", "audited_run", "_tell"}


def acts_in(path: Path) -> Iterator[str]:
    """The members of `Act` that a file names in what it hands to the trail."""
    for call in ast.walk(ast.parse(path.read_text())):
        if isinstance(call, ast.Call) and _name(call.func) in RECORDING:
            for node in (part for given in (*call.args, *call.keywords) for part in ast.walk(given)):
                if isinstance(node, ast.Attribute) and _name(node.value) == "Act":
                    yield node.attr


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def test_every_act_that_is_listed_is_recorded_somewhere() -> None:
    recorded = {Act[name] for path in PACKAGE.rglob("*.py") for name in acts_in(path)}
    # That the desk records all of these, `tests/unit/governance/test_authorise.py` holds by doing each.
    assert set(Act) - recorded - set(ACT_OF.values()) == set()


def test_everything_that_can_be_done_to_an_authorisation_has_an_act_of_its_own() -> None:
    assert set(ACT_OF) == set(ActKind)
    assert len(set(ACT_OF.values())) == len(ActKind)


def test_every_act_is_in_the_documentation() -> None:
    text = (PACKAGE.parents[1] / "docs" / "audit.md").read_text()
    documented = set(re.findall(r"`([a-z-]+\.[a-z-]+)`", text.partition("## The tree")[0]))
    assert documented == set(Act)


def test_an_act_is_a_noun_and_what_was_done_to_it() -> None:
    assert [act for act in Act if len(act.split(".")) != 2] == []


def test_the_trail_writes_an_act_as_plain_text() -> None:
    log = FakeAuditLog()
    event = AuditTrail(log, ManualClock(NOW)).record("officer-12", Act.AUDIT_READ, "", "a look", object="audit log")
    assert type(event.act) is str
    assert log.events == [event]
    assert isinstance(event, AuditEvent)
