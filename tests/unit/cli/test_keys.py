from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from watchbound.adapters.signing import FileSigner
from watchbound.adapters.trust_list import FileTrustList
from watchbound.cli import keys
from watchbound.domain.errors import ConfigurationError, UnknownReference


def invoke(*arguments: str) -> Any:
    return CliRunner().invoke(keys.app, arguments)


def printed(*arguments: str) -> dict[str, Any]:
    result = invoke(*arguments, "--json")
    assert result.exception is None, result.exception
    parsed: dict[str, Any] = json.loads(result.stdout)
    return parsed


def test_a_key_is_generated_trusted_listed_and_revoked(tmp_path: Path) -> None:
    trust_list = tmp_path / "trust.json"
    at = ("--list", str(trust_list))
    made = printed("generate", str(tmp_path / "officer.pem"))
    assert "PRIVATE" not in json.dumps(made)
    roles = ("--role", "authorising-officer", "--role", "reviewer")
    printed("trust", made["public_key"], "--holder", "supt", *roles, *at)
    assert FileTrustList(trust_list).holder(FileSigner.load(tmp_path / "officer.pem").key_id) == "supt"
    assert printed("list", *at)["keys"][0]["roles"] == ["authorising-officer", "reviewer"]
    first = printed("revoke", made["id"], "--reason", "lost", *at)["revoked_at"]
    assert printed("revoke", made["id"], "--reason", "again", *at)["revoked_at"] == first
    assert "REVOKED" in invoke("list", *at).stdout


def test_a_key_is_not_trusted_twice(tmp_path: Path) -> None:
    at = ("--list", str(tmp_path / "trust.json"))
    made = printed("generate", str(tmp_path / "officer.pem"))
    arguments = ("trust", made["public_key"], "--holder", "supt", "--role", "drafter", *at)
    assert invoke(*arguments).exception is None
    assert isinstance(invoke(*arguments).exception, ConfigurationError)


def test_what_is_no_key_is_a_usage_error(tmp_path: Path) -> None:
    at = ("--list", str(tmp_path / "trust.json"))
    assert isinstance(invoke("trust", "AAAA", "--holder", "x", "--role", "drafter", *at).exception, ConfigurationError)
    assert isinstance(invoke("list", *at).exception, ConfigurationError)
    made = printed("generate", str(tmp_path / "officer.pem"))
    invoke("trust", made["public_key"], "--holder", "supt", "--role", "drafter", *at)
    assert isinstance(invoke("revoke", "none", "--reason", "x", *at).exception, UnknownReference)


def test_the_list_is_asked_for_when_nothing_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WATCHBOUND_TRUST_LIST", raising=False)
    problem = invoke("list").exception
    assert isinstance(problem, ConfigurationError)
    assert "WATCHBOUND_TRUST_LIST" in str(problem)
