"""Where a person's signing key is: a file, or `pkcs11:LABEL` for a key in the token that is configured."""

from __future__ import annotations

from pathlib import Path

from watchbound.adapters.pkcs11_token import open_token
from watchbound.adapters.signing import FileSigner
from watchbound.adapters.signing_pkcs11 import TokenSigner
from watchbound.settings import Pkcs11Settings, load

_SCHEME = "pkcs11:"


def open_signer(reference: Path) -> FileSigner | TokenSigner:
    """The key that a `--key` names.

    Raises:
        ConfigurationError: there is no such key, others can read it, or the token is not configured.
        Unavailable: the token does not answer.
    """
    label = _label(reference)
    if label is None:
        return FileSigner.load(reference.expanduser())
    return TokenSigner(open_token(load(Pkcs11Settings)), label)


def generate_signer(reference: Path) -> FileSigner | TokenSigner:
    """A new key where `reference` says.

    Raises:
        ConfigurationError: there is one already, or the token is not configured.
        Unavailable: the token does not answer.
    """
    label = _label(reference)
    if label is None:
        return FileSigner.generate(reference.expanduser())
    return TokenSigner.generate(open_token(load(Pkcs11Settings)), label)


def _label(reference: Path) -> str | None:
    text = str(reference)
    return text.removeprefix(_SCHEME) if text.startswith(_SCHEME) else None
