"""Data keys wrapped by a master key in a file."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from watchbound.adapters import envelope
from watchbound.adapters.key_folder import KeyFolder, make_key_folder
from watchbound.adapters.private_files import make_private, require_private, write_private
from watchbound.domain.errors import ConfigurationError, Poison, Unavailable
from watchbound.domain.sealing import Purpose

_WRAP = "watchbound data key"
_CHECK = "watchbound key ring"
_CHECK_FILE = "ring.check"
_MASTER_VERSION = 1


class MasterKeyWrapper:
    """Wraps with AES-256-GCM under the master key, each key bound to its name, so that files cannot be exchanged.

    Args:
        path: the master key: 64 hexadecimal digits, readable by its owner only.
        folder: the ring that it opens.

    Raises:
        ConfigurationError: there is no such file, others can read it, it lies inside the ring that it should protect,
            or it is another ring's.
    """

    def __init__(self, path: Path, folder: KeyFolder) -> None:
        path = path.expanduser()
        if path.resolve().is_relative_to(folder.root.resolve()):
            msg = f"the master key {path} lies in the ring {folder.root}: one copy would hold both; move it elsewhere"
            raise ConfigurationError(msg)
        self._cipher = AESGCM(_read_master(path))
        _check(self._cipher, path, folder.root / _CHECK_FILE)

    def wrap(self, authorisation_id: str, purpose: Purpose, version: int, key: bytes) -> bytes:
        """See `KeyWrapper.wrap`."""
        binding = (_WRAP, authorisation_id, purpose.value, str(version))
        return envelope.seal(self._cipher, _MASTER_VERSION, key, *binding)

    def unwrap(self, authorisation_id: str, purpose: Purpose, version: int, wrapped: bytes) -> bytes:
        """See `KeyWrapper.unwrap`.

        Raises:
            Unavailable: the key file is damaged.
        """
        try:
            return envelope.unseal(self._cipher, wrapped, _WRAP, authorisation_id, purpose.value, str(version))
        except Poison as error:
            msg = f"the {purpose.value} key {version} of {authorisation_id} is damaged; put its file back from a copy"
            raise Unavailable(msg) from error

    def destroy(self, authorisation_id: str, purpose: Purpose) -> None:
        """See `KeyWrapper.destroy`: the master key wraps everybody's keys, and stays."""


def init_ring(folder: Path, master_key: Path) -> None:
    """Make an empty ring and a master key for it.

    Raises:
        ConfigurationError: one of them is there already.
        Unavailable: they cannot be written.
    """
    master_key = master_key.expanduser()
    if master_key.exists():
        msg = f"{master_key} is there already; what it wraps would be lost, so it is not written over"
        raise ConfigurationError(msg)
    folder = make_key_folder(folder)
    make_private(master_key.parent)
    key = os.urandom(envelope.KEY_BYTES)
    write_private(master_key, key.hex().encode() + b"\n")
    write_private(folder / _CHECK_FILE, envelope.seal(AESGCM(key), _MASTER_VERSION, b"", _CHECK))


def _read_master(path: Path) -> bytes:
    require_private(path, "WATCHBOUND_KEYS_MASTER_KEY names the file; `watchbound ring init` makes one")
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        key = b""
    if len(key) != envelope.KEY_BYTES:
        msg = f"{path}: expected a master key of {2 * envelope.KEY_BYTES} hexadecimal digits; it holds something else"
        raise ConfigurationError(msg)
    return key


def _check(cipher: AESGCM, master_key: Path, path: Path) -> None:
    """A wrong master key is refused at the start, not when the first frame cannot be opened."""
    try:
        envelope.unseal(cipher, path.read_bytes(), _CHECK)
    except OSError as error:
        msg = f"{path.parent} is no key ring ({_CHECK_FILE}: {error.strerror}); make one with `watchbound ring init`"
        raise ConfigurationError(msg) from error
    except Poison as error:
        msg = f"{master_key} is not the master key of {path.parent}; WATCHBOUND_KEYS_MASTER_KEY names the wrong file"
        raise ConfigurationError(msg) from error
