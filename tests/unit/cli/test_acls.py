from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from watchbound.cli.topics import app
from watchbound.domain.errors import ConfigurationError
from watchbound.pipeline.access import Service


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["acls", *arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def test_commands_are_those_of_kafka() -> None:
    lines = run("--service", "alert-consumer", "--as", "alert-consumer=control-room").splitlines()
    assert lines[0] == "# User:control-room: a third party that receives alerts"
    assert lines[2] == (
        "kafka-acls.sh --bootstrap-server 127.0.0.1:9092 --command-config admin.properties --add"
        " --allow-principal User:control-room --operation Read --group control-room"
        " --resource-pattern-type prefixed"
    )


def test_documents_are_the_acls_of_kafka_users() -> None:
    documents = json.loads(run("--json", "--as", "camera=north", "--as", "camera=south", "--form", "User:CN={name}"))
    assert {document["service"] for document in documents} == {service.value for service in Service}
    cameras = [document for document in documents if document["service"] == "camera"]
    assert [camera["principal"] for camera in cameras] == ["User:CN=north", "User:CN=south"]
    assert cameras[0]["acls"] == cameras[1]["acls"]
    frames = {"type": "topic", "name": "watchbound.frames.v1", "patternType": "literal"}
    assert {"resource": frames, "operations": ["Write"]} in cameras[0]["acls"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--as", "camera"], "--as: expected SERVICE=NAME"),
        (["--as", "spy=eve"], "--as: expected SERVICE=NAME with SERVICE one of camera"),
        (["--form", "User:me"], "--form: expected {name}"),
        (["--prune"], "--prune: expected it with --apply"),
    ],
)
def test_what_cannot_be_meant_is_refused(arguments: list[str], expected: str) -> None:
    with pytest.raises(ConfigurationError, match=expected):
        run(*arguments)
