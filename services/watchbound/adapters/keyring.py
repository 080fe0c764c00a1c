"""Makes and opens the key ring that is configured."""

from __future__ import annotations

from watchbound.adapters.key_folder import KeyFolder, make_key_folder
from watchbound.adapters.keyring_file import MasterKeyWrapper, init_ring
from watchbound.adapters.keyring_folder import FolderKeyRing, KeyWrapper
from watchbound.settings import KeySettings, Pkcs11Settings, load


def open_key_ring(settings: KeySettings) -> FolderKeyRing:
    """The ring, ready to seal and open.

    Raises:
        ConfigurationError: there is none, others can read it, the master key is not its own, or the token that should
            hold its keys cannot be used.
    """
    folder = KeyFolder(settings.folder)
    return FolderKeyRing(folder, _wrapper(settings, folder))


def init_key_ring(settings: KeySettings) -> None:
    """Make an empty ring: with a master key of its own, or for the token that is configured.

    Raises:
        ConfigurationError: it is there already, or the token cannot be used.
        Unavailable: it cannot be written.
    """
    if settings.ring == "file":
        init_ring(settings.folder, settings.master_key)
    else:
        _token_wrapper()
        make_key_folder(settings.folder)


def _wrapper(settings: KeySettings, folder: KeyFolder) -> KeyWrapper:
    return MasterKeyWrapper(settings.master_key, folder) if settings.ring == "file" else _token_wrapper()


def _token_wrapper() -> KeyWrapper:
    # Imported late: whoever keeps keys in files needs no PKCS#11 library.
    from watchbound.adapters.keyring_pkcs11 import TokenWrapper
    from watchbound.adapters.pkcs11_token import open_token

    return TokenWrapper(open_token(load(Pkcs11Settings)))
