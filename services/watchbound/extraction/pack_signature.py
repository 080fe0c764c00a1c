"""Who vouches for a model pack: a signature over its manifest, which in turn pins the digests of its files.

It lies beside the manifest, as JSON: `{"key": …, "signed_at": …, "signature": …}`.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import AwareDatetime, Base64Bytes, BaseModel, ConfigDict, Field, ValidationError

from watchbound.domain.errors import InvalidValue, ModelPackError, NotTrusted
from watchbound.domain.signature import Role, Signature
from watchbound.ports import Signer, TrustList

SIGNATURE_NAME = "manifest.sig"

_KIND = b"watchbound model pack v1\n"
"""Begins what is signed, so that the signature passes for no other statement's."""


class _SignatureFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    key: str = Field(min_length=1)
    signed_at: AwareDatetime
    signature: Base64Bytes


@dataclass(frozen=True, slots=True)
class Vouching:
    """Who signed, with what, and when."""

    holder: str
    key_id: str
    signed_at: datetime


def statement(manifest: bytes, signed_at: datetime) -> bytes:
    """What is signed: when, and the digest of the manifest as it lies on disk."""
    when = signed_at.astimezone(UTC).isoformat()
    return _KIND + f"{when}\n{hashlib.sha256(manifest).hexdigest()}\n".encode()


def sign_pack(root: Path, manifest: bytes, signer: Signer, at: datetime) -> Path:
    """Write the signature of a manifest beside it, in the place of an earlier one; returns the file.

    Raises:
        ModelPackError: it cannot be written.
        Unavailable: the token that holds the key does not answer.
    """
    signature = signer.sign(statement(manifest, at))
    document = _SignatureFile(key=signature.key_id, signed_at=at, signature=base64.b64encode(signature.value))
    path = root / SIGNATURE_NAME
    try:
        path.write_text(document.model_dump_json(indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        msg = f"{path}: expected to write the signature there, got {error.strerror}"
        raise ModelPackError(msg) from error
    return path


def require_signed(root: Path, manifest: bytes, trust: TrustList) -> Vouching:
    """Who vouches for these very bytes of a manifest.

    Raises:
        ModelPackError: nobody does, or nobody whom the trust list knows as a model keeper.
    """
    path = root / SIGNATURE_NAME
    try:
        found = _SignatureFile.model_validate_json(path.read_bytes())
        signature = Signature(found.key, found.signature)
        holder = trust.verify(statement(manifest, found.signed_at), signature, Role.MODEL_KEEPER, found.signed_at)
    except OSError as error:
        msg = f"{path}: expected a model keeper's signature, got {error.strerror}; `watchbound models sign` makes one"
        raise ModelPackError(msg) from error
    except (ValidationError, InvalidValue) as error:
        msg = f"{path}: expected a key, a moment and an Ed25519 signature as `watchbound models sign` writes them"
        raise ModelPackError(msg) from error
    except NotTrusted as error:
        msg = f"{path}: {error}; have a model keeper look at the pack and sign it (`watchbound models sign`)"
        raise ModelPackError(msg) from error
    return Vouching(holder, found.key, found.signed_at)
