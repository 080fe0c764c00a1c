"""Ed25519 signing keys (RFC 8032) in PEM files that only their holder can read."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from watchbound.domain.errors import ConfigurationError
from watchbound.domain.signature import Signature

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_ID_DIGITS = 16


def key_id_of(public_key: bytes) -> str:
    """A key's name everywhere: the beginning of its sha256, so that no two lists can disagree about it.

    Args:
        public_key: 32 bytes, as RFC 8032 writes it.
    """
    return hashlib.sha256(public_key).hexdigest()[:_ID_DIGITS]


def signature_holds(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the key behind `public_key` (32 bytes) signed this very message."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except InvalidSignature:
        return False
    return True


class FileSigner:
    """A `Signer` whose key was read from a file."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public_key = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self._key_id = key_id_of(self.public_key)

    @classmethod
    def generate(cls, path: Path) -> FileSigner:
        """Make a new key and write it where there is no file yet, readable by its owner alone.

        Raises:
            ConfigurationError: there is a file already, or it cannot be written.
        """
        key = Ed25519PrivateKey.generate()
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        try:
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(pem)
        except FileExistsError as error:
            msg = f"expected no file at {path}, found one; a key is never overwritten, choose another name"
            raise ConfigurationError(msg) from error
        except OSError as error:
            msg = f"the key cannot be written to {path}: {error.strerror}"
            raise ConfigurationError(msg) from error
        return cls(key)

    @classmethod
    def load(cls, path: Path) -> FileSigner:
        """Read a key in PEM (PKCS #8), as `watchbound keys generate` or `openssl genpkey` writes it.

        Raises:
            ConfigurationError: there is no such file, others may read it, or it holds no Ed25519 key.
        """
        try:
            with path.open("rb") as file:
                mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
                pem = file.read()
        except OSError as error:
            msg = f"expected a signing key at {path}: {error.strerror}; `watchbound keys generate` makes one"
            raise ConfigurationError(msg) from error
        if mode & _OTHERS:
            msg = f"expected the key {path} to be its owner's alone, got mode {mode:04o}; run: chmod 600 {path}"
            raise ConfigurationError(msg)
        try:
            key = load_pem_private_key(pem, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            msg = f"expected an Ed25519 key without password in PEM, got something else in {path}"
            raise ConfigurationError(msg) from error
        if not isinstance(key, Ed25519PrivateKey):
            msg = f"expected an Ed25519 key, got {type(key).__name__} in {path}"
            raise ConfigurationError(msg)
        return cls(key)

    @property
    def key_id(self) -> str:
        """Its name in the trust list."""
        return self._key_id

    def sign(self, message: bytes) -> Signature:
        """See `Signer.sign`."""
        return Signature(self._key_id, self._key.sign(message))
