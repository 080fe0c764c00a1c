from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest
from tools import audit, sbom

PROJECT = tomllib.loads((sbom.ROOT / "pyproject.toml").read_text())["project"]
LOCK = (sbom.ROOT / "requirements.lock").read_text()


@pytest.fixture(scope="module")
def bill() -> dict[str, Any]:
    return sbom.bill(LOCK, PROJECT)


def test_every_pin_is_listed_once_with_its_digests(bill: dict[str, Any]) -> None:
    libraries = [each for each in bill["components"] if each["type"] == "library"]
    pins = {line.split("==")[0] for line in LOCK.splitlines() if "==" in line and not line.startswith(" ")}
    assert [each["name"] for each in libraries] == sorted(pins)
    assert all(each["properties"] for each in libraries)
    assert len({each["bom-ref"] for each in bill["components"]}) == len(bill["components"])


def test_scopes_tell_what_runs_in_production(bill: dict[str, Any]) -> None:
    scopes = {each["name"]: each.get("scope") for each in bill["components"]}
    assert scopes["kafka-python"] == scopes["numpy"] == "required"
    assert scopes["milvus-lite"] == scopes["onnxruntime"] == "optional"
    assert scopes["mypy"] == "excluded"


def test_every_dependency_is_a_component(bill: dict[str, Any]) -> None:
    known = {each["bom-ref"] for each in bill["components"]} | {bill["metadata"]["component"]["bom-ref"]}
    assert {each["ref"] for each in bill["dependencies"]} <= known
    assert all(set(each["dependsOn"]) <= known for each in bill["dependencies"])


def test_models_are_listed_with_their_digests_and_licences(bill: dict[str, Any]) -> None:
    models = [each for each in bill["components"] if each["type"] == "machine-learning-model"]
    assert [each["licenses"][0]["expression"] for each in models] == ["MIT", "Apache-2.0"]
    assert all(len(each["hashes"][0]["content"]) == 64 for each in models)


def test_the_same_lock_gives_the_same_bytes(bill: dict[str, Any]) -> None:
    assert json.dumps(sbom.bill(LOCK, PROJECT)) == json.dumps(bill)
    assert sbom.bill(LOCK + "\n", PROJECT)["serialNumber"] != bill["serialNumber"]


def package(name: str, **said: Any) -> dict[str, Any]:
    return {"name": name, "version": "1", **said}


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (None, audit.NOT_CHECKED),
        ({"dependencies": []}, audit.NOT_CHECKED),
        ({"dependencies": [package("a", vulns=[])]}, audit.CLEAN),
        ({"dependencies": [package("a", vulns=[]), package("b", skip_reason="not found")]}, audit.NOT_CHECKED),
        ({"dependencies": [package("a", vulns=[{"id": "X-1"}]), package("b", skip_reason="?")]}, audit.KNOWN),
    ],
)
def test_what_nobody_was_asked_about_is_never_clean(document: dict[str, Any] | None, code: int) -> None:
    assert audit.verdict(document)[0] == code


def test_a_known_vulnerability_is_named() -> None:
    assert "a: X-1" in audit.verdict({"dependencies": [package("a", vulns=[{"id": "X-1"}])]})[1]
