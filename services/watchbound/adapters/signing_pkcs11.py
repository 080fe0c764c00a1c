"""Ed25519 signing keys that live in a token and never leave it."""

from __future__ import annotations

from typing import Any

import pkcs11
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass
from pkcs11.util.ec import encode_named_curve_parameters

from watchbound.adapters.pkcs11_token import Token
from watchbound.adapters.signing import key_id_of
from watchbound.domain.errors import ConfigurationError
from watchbound.domain.signature import Signature

_ED25519 = "1.3.101.112"
_PUBLIC_KEY_BYTES = 32


class TokenSigner:
    """A `Signer` whose key is a token's.

    Args:
        token: holds the key.
        label: of the key pair.

    Raises:
        ConfigurationError: the token has no such Ed25519 key, or several.
        Unavailable: the token does not answer.
    """

    def __init__(self, token: Token, label: str) -> None:
        self._token = token
        self._label = label
        with token.session() as session:
            public_keys = _find(session, label, ObjectClass.PUBLIC_KEY)
            if len(public_keys) != 1 or len(_find(session, label, ObjectClass.PRIVATE_KEY)) != 1:
                msg = (
                    f"pkcs11:{label}: expected one Ed25519 key pair with this label in the token, found "
                    f"{len(public_keys)}; `watchbound keys generate pkcs11:{label}` makes one"
                )
                raise ConfigurationError(msg)
            # The point is a DER octet string around the 32 bytes of RFC 8032.
            self.public_key = bytes(public_keys[0][Attribute.EC_POINT])[-_PUBLIC_KEY_BYTES:]
        self._key_id = key_id_of(self.public_key)

    @classmethod
    def generate(cls, token: Token, label: str) -> TokenSigner:
        """Make a key pair inside the token.

        Raises:
            ConfigurationError: the label is taken.
            Unavailable: the token does not answer, or knows no Ed25519.
        """
        with token.session() as session:
            if _find(session, label, ObjectClass.PRIVATE_KEY):
                msg = f"pkcs11:{label}: the token holds this key already, and a key is never overwritten"
                raise ConfigurationError(msg)
            curve = {Attribute.EC_PARAMS: encode_named_curve_parameters(_ED25519)}
            parameters = session.create_domain_parameters(KeyType.EC_EDWARDS, curve, local=True)
            parameters.generate_keypair(
                mechanism=Mechanism.EC_EDWARDS_KEY_PAIR_GEN,
                label=label,
                store=True,
                private_template={Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False},
            )
        return cls(token, label)

    @property
    def key_id(self) -> str:
        """Its name in the trust list."""
        return self._key_id

    def sign(self, message: bytes) -> Signature:
        """See `Signer.sign`."""
        with self._token.session() as session:
            key: Any = session.get_key(ObjectClass.PRIVATE_KEY, label=self._label)
            return Signature(self._key_id, key.sign(message, mechanism=Mechanism.EDDSA))


def _find(session: pkcs11.Session, label: str, kind: ObjectClass) -> list[pkcs11.Object]:
    wanted = {Attribute.CLASS: kind, Attribute.KEY_TYPE: KeyType.EC_EDWARDS, Attribute.LABEL: label}
    return list(session.get_objects(wanted))
