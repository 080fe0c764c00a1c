"""Where wrapped data keys lie: `FOLDER/AUTHORISATION/PURPOSE.VERSION.key`, and `PURPOSE.destroyed` for ever after.

Writes are atomic and durable: a key file is there with all its bytes, or not at all. Several processes share a folder.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from watchbound.adapters.private_files import erase, reaching, require_private, sync_folder, write_private
from watchbound.domain.errors import ConfigurationError
from watchbound.domain.frame import require_name
from watchbound.domain.sealing import Purpose

_KEY_FILE = re.compile(r"(?P<purpose>[a-z]+)\.(?P<version>[1-9][0-9]*)\.key")


def make_key_folder(root: Path) -> Path:
    """A new, empty folder for a key ring.

    Raises:
        ConfigurationError: it is there already and holds something.
        Unavailable: it cannot be made.
    """
    root = root.expanduser()
    if root.exists() and any(root.iterdir()):
        msg = f"expected a new or empty folder for the key ring, got {root}, which holds something"
        raise ConfigurationError(msg)
    with reaching(root):
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        root.chmod(0o700)
    return root


class KeyFolder:
    """Files of wrapped keys under names that say what they are for.

    Raises:
        ConfigurationError: the folder is not there, or others can enter it.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.expanduser()
        require_private(
            self.root, "WATCHBOUND_KEYS_FOLDER says where the key ring is; make one with `watchbound ring init`"
        )

    def authorisations(self) -> list[str]:
        """Those that have keys, or had some."""
        with reaching(self.root):
            return sorted(path.name for path in self.root.iterdir() if path.is_dir())

    def versions(self, authorisation_id: str, purpose: Purpose) -> tuple[int, ...]:
        """The versions that lie here, ascending; none after they were destroyed."""
        folder = self._of(authorisation_id)
        with reaching(folder):
            # A folder that has gone as a whole is an unmounted disk, not a destroyed key.
            self.root.stat()
            if not folder.is_dir() or self.is_destroyed(authorisation_id, purpose):
                return ()
            found = (_KEY_FILE.fullmatch(name.name) for name in folder.iterdir())
            return tuple(sorted(int(f["version"]) for f in found if f and f["purpose"] == purpose.value))

    def is_destroyed(self, authorisation_id: str, purpose: Purpose) -> bool:
        """Whether a tombstone lies here."""
        return self._tombstone(authorisation_id, purpose).exists()

    def read(self, authorisation_id: str, purpose: Purpose, version: int) -> bytes | None:
        """The wrapped key; None when it has been destroyed since it was listed."""
        path = self._key(authorisation_id, purpose, version)
        with reaching(path):
            try:
                return path.read_bytes()
            except FileNotFoundError:
                return None

    def write(self, authorisation_id: str, purpose: Purpose, version: int, wrapped: bytes) -> None:
        """Keep a wrapped key; call inside `locked`.

        Raises:
            Unavailable: the disk is full or away; nothing is left half-written.
        """
        write_private(self._key(authorisation_id, purpose, version), wrapped)

    def destroy(self, authorisation_id: str, purpose: Purpose) -> int:
        """Leave a tombstone, then overwrite and unlink every version; call inside `locked`.

        In this order, so that an interrupted destruction has destroyed: the tombstone alone hides what is left, and
        destroying again finishes it.
        """
        folder = self._of(authorisation_id)
        tombstone = self._tombstone(authorisation_id, purpose)
        if not tombstone.exists():
            write_private(tombstone, b"")
        with reaching(folder):
            files = sorted(folder.glob(f"{purpose.value}.*.key*"))
            for path in files:
                erase(path)
            sync_folder(folder)
        return sum(path.suffix == ".key" for path in files)

    @contextmanager
    def locked(self, authorisation_id: str) -> Iterator[None]:
        """The only writer of an authorisation's keys, among threads and processes alike.

        Raises:
            Unavailable: its folder cannot be made or locked.
        """
        folder = self._of(authorisation_id)
        with reaching(folder):
            if not folder.is_dir():
                folder.mkdir(mode=0o700, exist_ok=True)
                sync_folder(self.root)
            handle = os.open(folder, os.O_RDONLY)
            fcntl.flock(handle, fcntl.LOCK_EX)
        try:
            yield
        finally:
            os.close(handle)

    def _of(self, authorisation_id: str) -> Path:
        require_name(authorisation_id, "an authorisation id")
        return self.root / authorisation_id

    def _key(self, authorisation_id: str, purpose: Purpose, version: int) -> Path:
        return self._of(authorisation_id) / f"{purpose.value}.{version}.key"

    def _tombstone(self, authorisation_id: str, purpose: Purpose) -> Path:
        return self._of(authorisation_id) / f"{purpose.value}.destroyed"
