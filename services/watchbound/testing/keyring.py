"""A key ring in memory, as strict as the real ones. Its cipher is for tests: it hides and authenticates, no more."""

from __future__ import annotations

import hashlib
import hmac
import os
import struct
import threading

from watchbound.domain.errors import KeyDestroyed, Poison, PoisonReason, Unavailable
from watchbound.domain.sealing import Purpose

_HEAD = struct.Struct(">I16s")
_TAG_BYTES = 32


class FakeKeyRing:
    """A `KeyRing` that forgets everything with its process.

    Attributes:
        down: every method raises Unavailable while set.
    """

    def __init__(self) -> None:
        self.down = False
        self._keys: dict[tuple[str, Purpose], list[bytes]] = {}
        self._destroyed: set[tuple[str, Purpose]] = set()
        self._lock = threading.RLock()

    def create(self, authorisation_id: str) -> None:
        """See `KeyRing.create`."""
        with self._lock:
            self._require_up()
            if any((authorisation_id, purpose) in self._destroyed for purpose in Purpose):
                msg = f"a key of {authorisation_id} was destroyed; draft under a new id instead"
                raise KeyDestroyed(msg)
            for purpose in Purpose:
                self._keys.setdefault((authorisation_id, purpose), [os.urandom(32)])

    def rotate(self, authorisation_id: str, purpose: Purpose) -> int:
        """See `KeyRing.rotate`."""
        with self._lock:
            versions = self._versions(authorisation_id, purpose)
            versions.append(os.urandom(32))
            return len(versions)

    def seal(self, authorisation_id: str, purpose: Purpose, plain: bytes, bound_to: str) -> bytes:
        """See `KeyRing.seal`."""
        with self._lock:
            versions = self._versions(authorisation_id, purpose)
            version, key = len(versions), versions[-1]
        nonce = os.urandom(16)
        head = _HEAD.pack(version, nonce)
        hidden = _hide(key, nonce, plain)
        return head + hidden + _tag(key, head + hidden, authorisation_id, purpose, bound_to)

    def open(self, authorisation_id: str, purpose: Purpose, sealed: bytes, bound_to: str) -> bytes:
        """See `KeyRing.open`."""
        with self._lock:
            versions = list(self._versions(authorisation_id, purpose))
        body, tag = sealed[:-_TAG_BYTES], sealed[-_TAG_BYTES:]
        version, nonce = _HEAD.unpack_from(body) if len(body) >= _HEAD.size else (0, b"")
        if not 1 <= version <= len(versions):
            raise Poison(PoisonReason.UNSEALABLE, f"sealed by no version of {authorisation_id}'s {purpose.value} key")
        key = versions[version - 1]
        if not hmac.compare_digest(tag, _tag(key, body, authorisation_id, purpose, bound_to)):
            raise Poison(PoisonReason.UNSEALABLE, f"altered, or not sealed for {bound_to}")
        return _hide(key, nonce, body[_HEAD.size :])

    def versions(self, authorisation_id: str) -> dict[Purpose, tuple[int, ...]]:
        """See `KeyRing.versions`."""
        with self._lock:
            self._require_up()
            found = {purpose: len(self._keys.get((authorisation_id, purpose), ())) for purpose in Purpose}
        return {purpose: tuple(range(1, count + 1)) for purpose, count in found.items() if count}

    def destroy(self, authorisation_id: str, purpose: Purpose) -> int:
        """See `KeyRing.destroy`."""
        with self._lock:
            self._require_up()
            self._destroyed.add((authorisation_id, purpose))
            return len(self._keys.pop((authorisation_id, purpose), ()))

    def _versions(self, authorisation_id: str, purpose: Purpose) -> list[bytes]:
        self._require_up()
        versions = self._keys.get((authorisation_id, purpose))
        if versions is None:
            msg = f"{authorisation_id} has no {purpose.value} key: it was destroyed, or never made"
            raise KeyDestroyed(msg)
        return versions

    def _require_up(self) -> None:
        if self.down:
            msg = "the key ring is down: a test set ring.down; set it to False to go on"
            raise Unavailable(msg)


class UnsealedKeyRing(FakeKeyRing):
    """Seals nothing, for example payloads and for tests that speak of something else."""

    def seal(self, authorisation_id: str, purpose: Purpose, plain: bytes, bound_to: str) -> bytes:
        """What was given."""
        return plain

    def open(self, authorisation_id: str, purpose: Purpose, sealed: bytes, bound_to: str) -> bytes:
        """What was given."""
        return sealed


def _hide(key: bytes, nonce: bytes, data: bytes) -> bytes:
    """Exclusive or with a key stream; the same again shows."""
    stream = hashlib.shake_256(key + nonce).digest(len(data))
    return (int.from_bytes(data) ^ int.from_bytes(stream)).to_bytes(len(data))


def _tag(key: bytes, body: bytes, authorisation_id: str, purpose: Purpose, bound_to: str) -> bytes:
    binding = "\0".join((authorisation_id, purpose.value, bound_to)).encode()
    return hmac.digest(key, hashlib.sha256(body).digest() + binding, "sha256")
