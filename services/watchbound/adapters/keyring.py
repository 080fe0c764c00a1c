"""Opens the key ring that is configured."""

from __future__ import annotations

from watchbound.adapters.key_folder import KeyFolder
from watchbound.adapters.keyring_file import MasterKeyWrapper
from watchbound.adapters.keyring_folder import FolderKeyRing
from watchbound.settings import KeySettings


def open_key_ring(settings: KeySettings) -> FolderKeyRing:
    """The ring, ready to seal and open.

    Raises:
        ConfigurationError: there is none, others can read it, or the master key is not its own.
    """
    folder = KeyFolder(settings.folder)
    return FolderKeyRing(folder, MasterKeyWrapper(settings.master_key, folder))
