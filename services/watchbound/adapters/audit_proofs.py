"""Proofs that leave the house: what somebody with the log's public key and nothing of ours can verify."""

from __future__ import annotations

import base64
from typing import Any

from watchbound.adapters.audit_log import LogSnapshot
from watchbound.domain.errors import UnknownReference
from watchbound.pipeline.checkpoint import SignedCheckpoint
from watchbound.pipeline.merkle import consistency_proof, inclusion_proof


def prove_inclusion(log: LogSnapshot, index: int, signed: SignedCheckpoint) -> dict[str, Any]:
    """That an event stands at its index in the log that a checkpoint vouches for.

    Raises:
        UnknownReference: there is no such event, or it came after the checkpoint.
        Unavailable: the database does not answer, or its tree has holes.
    """
    event, size = log.canonical(index), signed.checkpoint.size
    if event is None or not 0 <= index < size:
        msg = f"expected the index of an event that is signed for, below {size}, got {index}"
        raise UnknownReference(msg)
    return {
        "kind": "inclusion",
        "index": index,
        "event": _text(event),
        "proof": [_text(step) for step in inclusion_proof(index, size, log.node)],
        "checkpoint": signed.note(),
    }


def prove_consistency(log: LogSnapshot, old: SignedCheckpoint, new: SignedCheckpoint) -> dict[str, Any]:
    """That the log of one checkpoint is the beginning of that of another.

    Raises:
        InvalidValue: the second is not of a larger log.
        Unavailable: the database does not answer, or its tree has holes.
    """
    proof = consistency_proof(old.checkpoint.size, new.checkpoint.size, log.node)
    return {
        "kind": "consistency",
        "from": old.note(),
        "proof": [_text(step) for step in proof],
        "checkpoint": new.note(),
    }


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
