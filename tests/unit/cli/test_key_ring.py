from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from watchbound.adapters.audit_log import open_audit_log
from watchbound.adapters.keyring import open_key_ring
from watchbound.cli.key_ring import app
from watchbound.domain.errors import ConfigurationError, KeyDestroyed
from watchbound.domain.sealing import Purpose
from watchbound.settings import AuditSettings, KeySettings, load


@pytest.fixture
def where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("WATCHBOUND_AUDIT_URL", f"sqlite:///{tmp_path}/audit.db")
    return ["--folder", str(tmp_path / "ring"), "--master-key", str(tmp_path / "master.key")]


def told(*arguments: str) -> dict[str, object]:
    result = CliRunner().invoke(app, [*arguments, "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    answer: dict[str, object] = json.loads(result.stdout)
    return answer


def test_a_ring_from_its_making_to_a_rotation(where: list[str], tmp_path: Path) -> None:
    assert told("init", *where)["opened_by"] == str(tmp_path / "master.key")
    open_key_ring(load(KeySettings, folder=tmp_path / "ring", master_key=tmp_path / "master.key")).create("op-1")
    stated = ["--actor", "admin-3", "--reason", "monthly"]
    assert told("rotate", "op-1", "--purpose", "frames", *stated, *where)["versions"] == {"frames": 2}
    assert told("list", *where) == {"op-1": {"frames": [1, 2], "watchlist": [1], "alerts": [1]}}
    (record,) = open_audit_log(load(AuditSettings)).records(0, 10)
    assert (record.event.act, record.event.actor, record.event.reason) == ("key.rotated", "admin-3", "monthly")


def test_what_is_destroyed_is_listed_by_its_absence_and_not_rotated(where: list[str], tmp_path: Path) -> None:
    told("init", *where)
    ring = open_key_ring(load(KeySettings, folder=tmp_path / "ring", master_key=tmp_path / "master.key"))
    ring.create("op-1")
    for purpose in Purpose:
        ring.destroy("op-1", purpose)
    assert told("list", *where) == {"op-1": {}}
    with pytest.raises(KeyDestroyed):
        told("rotate", "op-1", "--actor", "admin-3", "--reason", "monthly", *where)


def test_a_ring_is_never_made_over_another(where: list[str]) -> None:
    told("init", *where)
    with pytest.raises(ConfigurationError, match="not written over"):
        told("init", *where)
