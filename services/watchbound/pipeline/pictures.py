"""The pictures of listed people: sealed on the way in, opened for a reviewer, gone with their entry or their key."""

from __future__ import annotations

from collections.abc import Collection

from watchbound.domain.picture import PictureName
from watchbound.domain.sealing import Purpose
from watchbound.ports import KeyRing, PictureStore


class WatchlistPictures:
    """Seals with the authorisation's key for its watchlist.

    Args:
        store: where they rest.
        ring: seals and opens.
    """

    def __init__(self, store: PictureStore, ring: KeyRing) -> None:
        self._store = store
        self._ring = ring

    def keep(self, name: PictureName, jpeg: bytes) -> None:
        """Seal a picture and keep it.

        Raises:
            KeyDestroyed: the authorisation has no key for its watchlist.
            Unavailable: the store or the key ring does not answer (so for every method).
        """
        self._store.put(name, self._ring.seal(name.authorisation_id, Purpose.WATCHLIST, jpeg, str(name)))

    def show(self, name: PictureName) -> bytes:
        """The JPEG: a view of biometrics, which the caller puts down in the audit log first.

        Raises:
            UnknownReference: there is no such picture.
            KeyDestroyed: its key is gone.
            Poison: `unsealable`: it was altered, or is another's.
        """
        return self._ring.open(name.authorisation_id, Purpose.WATCHLIST, self._store.get(name), str(name))

    def remove(self, authorisation_id: str, reference: str, keep: Collection[str] = ()) -> int:
        """Erase an entry's pictures but those of the image ids in `keep`; returns how many were erased."""
        return self._store.remove(authorisation_id, reference, keep)
