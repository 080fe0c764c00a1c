"""A `KeyRing` over a folder of wrapped keys; what wraps them is a master key or a hardware security module."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from watchbound.adapters import envelope
from watchbound.adapters.key_folder import KeyFolder
from watchbound.domain.errors import KeyDestroyed, Poison, PoisonReason
from watchbound.domain.sealing import Purpose

REMEMBERED_S = 0.5
"""Longest time for which an unwrapped key is used without looking whether it still exists."""

SEALS_PER_VERSION = 2**26
"""How often one process seals with a version before it rotates.

Random 96-bit nonces are safe for 2^32 seals with one key (NIST SP 800-38D, 8.3): this leaves room for 64 processes that
seal at once, since all turn to a new version as soon as the first of them makes it.
"""


class KeyWrapper(Protocol):
    """What keeps data keys unreadable where they lie."""

    def wrap(self, authorisation_id: str, purpose: Purpose, version: int, key: bytes) -> bytes:
        """The key in a form that only `unwrap` reads.

        Raises:
            Unavailable: the module does not answer (so for every method).
        """

    def unwrap(self, authorisation_id: str, purpose: Purpose, version: int, wrapped: bytes) -> bytes:
        """The key again.

        Raises:
            KeyDestroyed: what wrapped it is gone.
        """

    def destroy(self, authorisation_id: str, purpose: Purpose) -> None:
        """Forget what wrapped the keys of a purpose, if they have something of their own."""


@dataclass(slots=True)
class _Held:
    """The unwrapped keys of a purpose, by version, and when they were read."""

    ciphers: dict[int, AESGCM]
    read_at_s: float
    sealed: int = 0


class FolderKeyRing:
    """Seals and opens with keys that it unwraps when needed and remembers for `REMEMBERED_S`.

    So a key that one process destroys stops opening in all of them within that time.

    Args:
        folder: where the wrapped keys lie.
        wrapper: what wraps them.
        monotonic: counts the seconds.
        seals_per_version: see `SEALS_PER_VERSION`.
    """

    def __init__(
        self,
        folder: KeyFolder,
        wrapper: KeyWrapper,
        monotonic: Callable[[], float] = time.monotonic,
        seals_per_version: int = SEALS_PER_VERSION,
    ) -> None:
        self._folder = folder
        self._wrapper = wrapper
        self._monotonic = monotonic
        self._seals_per_version = seals_per_version
        self._held: dict[tuple[str, Purpose], _Held] = {}
        self._lock = threading.RLock()

    def create(self, authorisation_id: str) -> None:
        """See `KeyRing.create`."""
        with self._folder.locked(authorisation_id):
            for purpose in Purpose:
                if self._folder.is_destroyed(authorisation_id, purpose):
                    msg = f"the {purpose.value} key of {authorisation_id} was destroyed; draft under a new id instead"
                    raise KeyDestroyed(msg)
            for purpose in Purpose:
                if not self._folder.versions(authorisation_id, purpose):
                    self._add(authorisation_id, purpose, 1)

    def rotate(self, authorisation_id: str, purpose: Purpose) -> int:
        """See `KeyRing.rotate`."""
        with self._folder.locked(authorisation_id):
            versions = self._folder.versions(authorisation_id, purpose)
            if not versions:
                raise _no_key(authorisation_id, purpose)
            self._add(authorisation_id, purpose, versions[-1] + 1)
        with self._lock:
            self._held.pop((authorisation_id, purpose), None)
        return versions[-1] + 1

    def seal(self, authorisation_id: str, purpose: Purpose, plain: bytes, bound_to: str) -> bytes:
        """See `KeyRing.seal`."""
        with self._lock:
            held = self._keys(authorisation_id, purpose)
            if held.sealed >= self._seals_per_version:
                self.rotate(authorisation_id, purpose)
                held = self._keys(authorisation_id, purpose)
            held.sealed += 1
            version = max(held.ciphers)
            cipher = held.ciphers[version]
        return envelope.seal(cipher, version, plain, authorisation_id, purpose.value, bound_to)

    def open(self, authorisation_id: str, purpose: Purpose, sealed: bytes, bound_to: str) -> bytes:
        """See `KeyRing.open`."""
        version = envelope.version_of(sealed)
        with self._lock:
            held = self._keys(authorisation_id, purpose)
            if version not in held.ciphers:
                # It may be newer than what is remembered.
                held = self._read(authorisation_id, purpose)
            cipher = held.ciphers.get(version)
        if cipher is None:
            detail = f"sealed by key version {version}; {authorisation_id} has {sorted(held.ciphers)}"
            raise Poison(PoisonReason.UNSEALABLE, detail)
        return envelope.unseal(cipher, sealed, authorisation_id, purpose.value, bound_to)

    def versions(self, authorisation_id: str) -> dict[Purpose, tuple[int, ...]]:
        """See `KeyRing.versions`."""
        found = {purpose: self._folder.versions(authorisation_id, purpose) for purpose in Purpose}
        return {purpose: versions for purpose, versions in found.items() if versions}

    def destroy(self, authorisation_id: str, purpose: Purpose) -> int:
        """See `KeyRing.destroy`."""
        with self._folder.locked(authorisation_id):
            count = self._folder.destroy(authorisation_id, purpose)
            self._wrapper.destroy(authorisation_id, purpose)
        with self._lock:
            self._held.pop((authorisation_id, purpose), None)
        return count

    def authorisations(self) -> list[str]:
        """Those that have keys, or had some."""
        return self._folder.authorisations()

    def _add(self, authorisation_id: str, purpose: Purpose, version: int) -> None:
        key = os.urandom(envelope.KEY_BYTES)
        wrapped = self._wrapper.wrap(authorisation_id, purpose, version, key)
        self._folder.write(authorisation_id, purpose, version, wrapped)

    def _keys(self, authorisation_id: str, purpose: Purpose) -> _Held:
        """The keys of a purpose, as they were at most `REMEMBERED_S` ago; call with the lock held."""
        held = self._held.get((authorisation_id, purpose))
        if held is None or self._monotonic() - held.read_at_s >= REMEMBERED_S:
            return self._read(authorisation_id, purpose)
        return held

    def _read(self, authorisation_id: str, purpose: Purpose) -> _Held:
        before = self._held.pop((authorisation_id, purpose), None)
        read_at_s = self._monotonic()
        ciphers: dict[int, AESGCM] = {}
        for version in self._folder.versions(authorisation_id, purpose):
            wrapped = self._folder.read(authorisation_id, purpose, version)
            if wrapped is None:
                raise _no_key(authorisation_id, purpose)
            ciphers[version] = AESGCM(self._wrapper.unwrap(authorisation_id, purpose, version, wrapped))
        if not ciphers:
            raise _no_key(authorisation_id, purpose)
        # Seals are counted for the version that made them.
        counted = before.sealed if before is not None and max(before.ciphers) == max(ciphers) else 0
        held = self._held[authorisation_id, purpose] = _Held(ciphers, read_at_s, counted)
        return held


def _no_key(authorisation_id: str, purpose: Purpose) -> KeyDestroyed:
    msg = (
        f"{authorisation_id} has no {purpose.value} key: it was destroyed, or never made;"
        " see `watchbound ring list`, and that every service reads the same key ring"
    )
    return KeyDestroyed(msg)
