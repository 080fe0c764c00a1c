"""Data keys wrapped inside a hardware security module."""

from __future__ import annotations

import os
from typing import Any

import pkcs11
from pkcs11 import Attribute, GCMParams, KeyType, Mechanism, MechanismFlag, ObjectClass

from watchbound.adapters.envelope import associated
from watchbound.adapters.pkcs11_token import Token
from watchbound.domain.errors import KeyDestroyed
from watchbound.domain.sealing import Purpose

_WRAP = "watchbound data key"
_NONCE_BYTES = 12
_TAG_BITS = 128


class TokenWrapper:
    """Wraps with AES-256-GCM under keys that the token made and never lets out: one an authorisation and purpose.

    Destroying it is final whatever copies of the folder exist: nobody ever held the key that opens them.
    """

    def __init__(self, token: Token) -> None:
        self._token = token

    def wrap(self, authorisation_id: str, purpose: Purpose, version: int, key: bytes) -> bytes:
        """See `KeyWrapper.wrap`; the wrapping key is made with the first version."""
        nonce = os.urandom(_NONCE_BYTES)
        with self._token.session() as session:
            held = _find(session, authorisation_id, purpose) or [_make(session, authorisation_id, purpose)]
            ciphertext: bytes = held[0].encrypt(key, **_gcm(nonce, authorisation_id, purpose, version))
        return nonce + ciphertext

    def unwrap(self, authorisation_id: str, purpose: Purpose, version: int, wrapped: bytes) -> bytes:
        """See `KeyWrapper.unwrap`.

        Raises:
            Unavailable: the key file is damaged; tokens do not tell that apart from other failures.
        """
        nonce, ciphertext = wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:]
        with self._token.session() as session:
            held = _find(session, authorisation_id, purpose)
            if not held:
                msg = f"the token holds no key for the {purpose.value} of {authorisation_id}: it was destroyed there"
                raise KeyDestroyed(msg)
            key: bytes = held[0].decrypt(ciphertext, **_gcm(nonce, authorisation_id, purpose, version))
        return key

    def destroy(self, authorisation_id: str, purpose: Purpose) -> None:
        """See `KeyWrapper.destroy`."""
        with self._token.session() as session:
            for held in _find(session, authorisation_id, purpose):
                held.destroy()


def _label(authorisation_id: str, purpose: Purpose) -> str:
    return f"watchbound/{authorisation_id}/{purpose.value}"


def _find(session: pkcs11.Session, authorisation_id: str, purpose: Purpose) -> list[Any]:
    wanted = {Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.LABEL: _label(authorisation_id, purpose)}
    return list(session.get_objects(wanted))


def _make(session: pkcs11.Session, authorisation_id: str, purpose: Purpose) -> Any:
    template = {Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False, Attribute.PRIVATE: True}
    label = _label(authorisation_id, purpose)
    uses = MechanismFlag.ENCRYPT | MechanismFlag.DECRYPT
    return session.generate_key(KeyType.AES, 256, label=label, store=True, capabilities=uses, template=template)


def _gcm(nonce: bytes, authorisation_id: str, purpose: Purpose, version: int) -> dict[str, object]:
    name = associated(_WRAP, authorisation_id, purpose.value, str(version))
    return {
        "mechanism": Mechanism.AES_GCM,
        "mechanism_param": GCMParams(nonce=nonce, aad=name, tag_bits=_TAG_BITS),
    }
