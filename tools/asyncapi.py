"""`docs/asyncapi.yaml`: AsyncAPI 3.0 of every topic, made from the topics, the messages and the example payloads."""

from __future__ import annotations

import os
import tomllib
from typing import Any

import yaml

from tools.contracts import CONTRACTS, DOCS, ROOT, Contract
from watchbound.pipeline.topics import CLOCK, Topic

PROTOBUF = "application/vnd.google.protobuf;version=3"
BINDING = "0.5.0"

_DESCRIPTION = (
    "Values are protobuf, given here by reference to their .proto files; examples are in protobuf's JSON form. "
    "Delivery is at least once. Ids are hashes of what they speak about, so a consumer that keeps the ids it has seen "
    "(and, of an alert, the highest revision) handles everything once."
)

_CLOCK_SAYS = "Records without key and value, sent by services for the time that the broker writes on them."


def document() -> dict[str, Any]:
    """The whole description."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Watchbound",
            "version": tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"],
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/x-protobuf",
        "channels": {
            **{_name(contract.topic): _channel(contract) for contract in CONTRACTS},
            _name(CLOCK): _bare_channel(CLOCK, _CLOCK_SAYS),
        },
        "operations": {
            f"{action}-{_name(contract.topic)}": _operation(contract, action, parties)
            for contract in CONTRACTS
            for action, parties in (("send", contract.senders), ("receive", contract.readers))
            if parties
        },
        "components": {"messages": {contract.message: _message(contract) for contract in CONTRACTS}},
    }


def _name(topic: Topic) -> str:
    return topic.name.removeprefix("watchbound.").removesuffix(".v1")


def _channel(contract: Contract) -> dict[str, Any]:
    messages = {contract.message: {"$ref": f"#/components/messages/{contract.message}"}}
    return {**_bare_channel(contract.topic, contract.says), "messages": messages}


def _bare_channel(topic: Topic, says: str) -> dict[str, Any]:
    """A channel without its messages."""
    configuration: dict[str, Any] = {"cleanup.policy": [topic.cleanup.value]}
    if topic.retention is not None:
        configuration["retention.ms"] = int(topic.retention.total_seconds() * 1000)
    configuration["max.message.bytes"] = topic.max_message_bytes
    return {
        "address": topic.name,
        "description": says,
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": configuration,
                "bindingVersion": BINDING,
            }
        },
    }


def _operation(contract: Contract, action: str, parties: tuple[str, ...]) -> dict[str, Any]:
    channel = f"#/channels/{_name(contract.topic)}"
    return {
        "action": action,
        "channel": {"$ref": channel},
        "summary": f"{'Sent' if action == 'send' else 'Read'} by {', '.join(parties)}.",
        "messages": [{"$ref": f"{channel}/messages/{contract.message}"}],
    }


def _message(contract: Contract) -> dict[str, Any]:
    key = {"type": "string", "description": contract.topic.key}
    return {
        "name": contract.message,
        "contentType": "application/x-protobuf",
        "payload": {"schemaFormat": PROTOBUF, "schema": {"$ref": os.path.relpath(contract.proto, DOCS)}},
        "bindings": {"kafka": {"key": key, "bindingVersion": BINDING}},
        "examples": [{"name": name, "payload": payload} for name, payload in contract.examples().items()],
    }


def render() -> str:
    """The file's text."""
    note = "# Made by `make docs` from pipeline/topics.py, proto/ and proto/examples/. Do not edit.\n"
    return note + yaml.safe_dump(document(), sort_keys=False, allow_unicode=True, width=120)
