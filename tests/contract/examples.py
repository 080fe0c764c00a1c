"""The example payloads of `proto/examples`, as bytes, and the trust list that the authorisations among them need."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from google.protobuf import json_format
from tools.contracts import CONTRACTS, EXAMPLES, Contract

from watchbound.adapters.signing import key_id_of
from watchbound.adapters.trust_list import FileTrustList

BY_TOPIC = {contract.topic.name: contract for contract in CONTRACTS}
VALID = sorted(EXAMPLES.glob("*/*.json"))
INVALID = sorted(EXAMPLES.glob("*/invalid/*.json"))

# RFC 8032, section 7.1: the public keys of tests 1 and 2.
_KEYS = {
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a": ("inspector.41", "drafter"),
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c": ("superintendent.118", "authorising-officer"),
}


def name(path: Path) -> str:
    """`frames/sampled`: the topic without its common parts, and the example."""
    topic = path.relative_to(EXAMPLES).parts[0]
    return f"{topic.removeprefix('watchbound.').removesuffix('.v1')}/{path.stem}"


def parse(path: Path) -> tuple[Contract, bytes]:
    """The topic's contract and the example's bytes; a field that the message does not have is an error."""
    contract = BY_TOPIC[path.relative_to(EXAMPLES).parts[0]]
    message = json_format.Parse(path.read_text(), contract.codec.message_type(), ignore_unknown_fields=False)
    return contract, message.SerializeToString(deterministic=True)


def of_topic(topic: str) -> dict[str, bytes]:
    """The valid examples of a topic, by name."""
    return {path.stem: parse(path)[1] for path in VALID if path.parent.name == topic}


def example_trust(folder: Path) -> FileTrustList:
    """The list that believes whoever signed the authorisations."""
    keys = [
        {
            "id": key_id_of(bytes.fromhex(public)),
            "holder": holder,
            "roles": [role],
            "public_key": base64.b64encode(bytes.fromhex(public)).decode(),
            "valid_from": "2026-01-01T00:00:00Z",
            "valid_until": "2027-01-01T00:00:00Z",
        }
        for public, (holder, role) in _KEYS.items()
    ]
    path = folder / "trust.json"
    path.write_text(json.dumps({"keys": keys}))
    path.chmod(0o644)
    return FileTrustList(path)
