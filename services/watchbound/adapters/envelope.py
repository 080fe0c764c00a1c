"""The form of sealed bytes: which key version sealed them, a nonce, and AES-256-GCM's ciphertext with its tag.

```
format (1 byte) | key version (4 bytes, big-endian) | nonce (12 bytes) | ciphertext | tag (16 bytes)
```

Nothing says whose they are: that is associated data, which the reader must know and give again, so that bytes moved to
another record open nowhere.
"""

from __future__ import annotations

import os
import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from watchbound.domain.errors import Poison, PoisonReason

KEY_BYTES = 32

_FORMAT = 1
_HEAD = struct.Struct(">BI")
_NONCE_BYTES = 12
_TAG_BYTES = 16
_LENGTH = struct.Struct(">I")

OVERHEAD_BYTES = _HEAD.size + _NONCE_BYTES + _TAG_BYTES
"""How much longer sealed bytes are than what they hold."""


def seal(cipher: AESGCM, version: int, plain: bytes, *binding: str) -> bytes:
    """Encrypt under a fresh random nonce.

    Args:
        cipher: the key.
        version: its number, which the result names.
        plain: what to seal.
        binding: what the result belongs to, part by part.
    """
    head = _HEAD.pack(_FORMAT, version)
    nonce = os.urandom(_NONCE_BYTES)
    return head + nonce + cipher.encrypt(nonce, plain, head + associated(*binding))


def version_of(sealed: bytes) -> int:
    """Which key version claims to have sealed this; only opening it proves the claim.

    Raises:
        Poison: `unsealable`: not of this form.
    """
    if len(sealed) < OVERHEAD_BYTES or sealed[0] != _FORMAT:
        detail = f"expected at least {OVERHEAD_BYTES} bytes of sealed format {_FORMAT}, got {len(sealed)} bytes"
        raise Poison(PoisonReason.UNSEALABLE, detail)
    version: int = _HEAD.unpack_from(sealed)[1]
    return version


def unseal(cipher: AESGCM, sealed: bytes, *binding: str) -> bytes:
    """What was sealed.

    Raises:
        Poison: `unsealable`: altered, cut short, sealed by another key or for something else.
    """
    version_of(sealed)
    head, nonce = sealed[: _HEAD.size], sealed[_HEAD.size : _HEAD.size + _NONCE_BYTES]
    try:
        return cipher.decrypt(nonce, sealed[_HEAD.size + _NONCE_BYTES :], head + associated(*binding))
    except InvalidTag:
        detail = f"altered, or not sealed for {' '.join(binding)}"
        raise Poison(PoisonReason.UNSEALABLE, detail) from None


def associated(*binding: str) -> bytes:
    """What a ciphertext belongs to, as associated data: each part after its length, so that no two read the same."""
    parts = [part.encode() for part in binding]
    return b"".join(_LENGTH.pack(len(part)) + part for part in parts)
