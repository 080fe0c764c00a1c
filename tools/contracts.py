"""Which message travels on which topic, and between whom: what the generated documents and the contract tests share."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from watchbound.adapters import codecs
from watchbound.pipeline import topics
from watchbound.pipeline.topics import Topic
from watchbound.testing.keyring import UnsealedKeyRing

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PROTO = ROOT / "proto"
EXAMPLES = PROTO / "examples"


@dataclass(frozen=True, slots=True)
class Contract:
    """One topic with the shape of its values.

    Attributes:
        codec: reads and writes the topic's values.
        says: what one record tells, in a sentence.
        senders, readers: parts of the product; empty where this version has none.
    """

    topic: Topic
    codec: codecs.ProtobufCodec[Any, Any]
    says: str
    senders: tuple[str, ...]
    readers: tuple[str, ...]

    @property
    def message(self) -> str:
        """The full protobuf name, such as `watchbound.v1.Frame`."""
        return str(self.codec.message_type.DESCRIPTOR.full_name)

    @property
    def proto(self) -> Path:
        """The file that defines the message."""
        return PROTO / str(self.codec.message_type.DESCRIPTOR.file.name)

    @property
    def compacted(self) -> bool:
        """Whether the broker keeps the latest record of each key for good."""
        return self.topic.cleanup is topics.Cleanup.COMPACT

    def examples(self) -> Mapping[str, dict[str, Any]]:
        """The valid examples by name, in protobuf's JSON form."""
        return {path.stem: json.loads(path.read_text()) for path in sorted((EXAMPLES / self.topic.name).glob("*.json"))}


CONTRACTS: tuple[Contract, ...] = (
    Contract(
        topics.FRAMES,
        codecs.FRAME,
        "One sampled picture of one camera, published only under an authorisation that covers it.",
        ("camera",),
        ("matching",),
    ),
    Contract(
        topics.MATCHES,
        codecs.MATCH,
        "Evidence from one track that an entry of the watchlist may have passed: a prompt, not an identification.",
        ("matching",),
        ("alerting",),
    ),
    Contract(
        topics.ALERTS,
        codecs.ALERT,
        "The state of one person's passage after an event: opened, updated by better evidence, or expired.",
        ("alerting",),
        ("watchbound alerts tail", "watchbound.client.AlertConsumer", "any consumer"),
    ),
    Contract(
        topics.DECISIONS,
        codecs.DECISION,
        "What a reviewer decided about an alert.",
        ("watchbound decide",),
        ("alerting", "watchbound record"),
    ),
    Contract(
        topics.AUTHORISATIONS,
        codecs.AUTHORISATION,
        "The authority of one deployment: its terms, and every act that was done to it, each signed.",
        ("watchbound authorise",),
        ("camera", "matching", "alerting", "governance"),
    ),
    Contract(
        topics.WATCHLIST_CHANGES,
        codecs.watchlist_change(UnsealedKeyRing()),
        "One entry, entire, as two officers put their names to it; or that it was removed.",
        ("watchbound watchlist approve", "watchbound watchlist remove"),
        ("matching", "alerting", "governance"),
    ),
    Contract(
        topics.WATCHLIST_PROPOSALS,
        codecs.watchlist_proposal(UnsealedKeyRing()),
        "One entry as one officer wants it to stand; nobody matches it before another officer has approved it.",
        ("watchbound watchlist enrol",),
        ("governance",),
    ),
    Contract(
        topics.TALLIES,
        codecs.TALLY,
        "What one service counted for one camera in one span; increments, to be added up.",
        ("camera", "matching"),
        ("alerting", "watchbound record", "watchbound demo"),
    ),
    Contract(
        topics.AUDIT,
        codecs.AUDIT_RECORD,
        "One act (who did what to what, and why; no biometrics), or a signed checkpoint of the log.",
        ("whoever holds the log's key",),
        (),
    ),
    Contract(
        topics.DEAD_LETTERS,
        codecs.DEAD_LETTER,
        "A record that no retry can make valid, with its place and the reason; frames without their pixels.",
        ("matching", "alerting"),
        ("watchbound replay",),
    ),
)
