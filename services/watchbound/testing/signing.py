"""Keys and a trust list in memory: no cryptography, the same rules."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from watchbound.domain.errors import KeyRevoked, NotTrusted
from watchbound.domain.signature import Role, Signature

_ALWAYS = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


class FakeSigner:
    """A `Signer` whose signature is a keyed hash; only a `FakeTrustList` that was given the signer can check it."""

    def __init__(self, key_id: str) -> None:
        self._key_id = key_id
        self._secret = hashlib.sha256(key_id.encode()).digest()

    @property
    def key_id(self) -> str:
        """Its name in the trust list."""
        return self._key_id

    def sign(self, message: bytes) -> Signature:
        """See `Signer.sign`."""
        return Signature(self._key_id, hmac.digest(self._secret, message, "sha512"))


@dataclass(frozen=True, slots=True)
class _Trusted:
    signer: FakeSigner
    holder: str
    roles: frozenset[Role]
    valid_from: datetime
    valid_until: datetime
    revoked: bool = False


class FakeTrustList:
    """A `TrustList` that a test fills."""

    def __init__(self) -> None:
        self._keys: dict[str, _Trusted] = {}
        self._version = 0

    def trust(
        self,
        signer: FakeSigner,
        holder: str,
        *roles: Role,
        valid_from: datetime = _ALWAYS[0],
        valid_until: datetime = _ALWAYS[1],
    ) -> None:
        """Believe a key from now on."""
        self._keys[signer.key_id] = _Trusted(signer, holder, frozenset(roles), valid_from, valid_until)
        self._version += 1

    def revoke(self, key_id: str) -> None:
        """Believe it no more."""
        self._keys[key_id] = replace(self._keys[key_id], revoked=True)
        self._version += 1

    def remove(self, key_id: str) -> None:
        """Know it no more, as a list from which somebody took it by hand."""
        del self._keys[key_id]
        self._version += 1

    def ends(self, key_id: str, at: datetime) -> None:
        """Let a key be valid until `at` and no longer."""
        self._keys[key_id] = replace(self._keys[key_id], valid_until=at)
        self._version += 1

    def forget_all(self) -> None:
        """Trust nobody, as a list does whose file cannot be read."""
        self._keys.clear()
        self._version += 1

    def holder(self, key_id: str) -> str:
        """See `TrustList.holder`."""
        return self._key(key_id).holder

    def valid_until(self, key_id: str) -> datetime:
        """See `TrustList.valid_until`."""
        return self._key(key_id).valid_until

    def verify(self, message: bytes, signature: Signature, role: Role, at: datetime) -> str:
        """See `TrustList.verify`."""
        key = self._key(signature.key_id)
        if not hmac.compare_digest(key.signer.sign(message).value, signature.value):
            msg = f"the signature of key {signature.key_id} does not hold"
            raise NotTrusted(msg)
        if role not in key.roles or not key.valid_from <= at < key.valid_until:
            msg = f"key {signature.key_id} may not act as {role.value} at {at.isoformat()}"
            raise NotTrusted(msg)
        if key.revoked:
            msg = f"key {signature.key_id} was revoked"
            raise KeyRevoked(msg)
        return key.holder

    def version(self) -> int:
        """See `TrustList.version`."""
        return self._version

    def _key(self, key_id: str) -> _Trusted:
        if key_id not in self._keys:
            msg = f"no key {key_id} is trusted"
            raise NotTrusted(msg)
        return self._keys[key_id]
