"""A picture store in memory."""

from __future__ import annotations

import threading
from collections.abc import Collection

from watchbound.domain.errors import Unavailable, UnknownReference
from watchbound.domain.picture import PictureName


class InMemoryPictureStore:
    """A `PictureStore` that forgets everything with its process.

    Attributes:
        down: every method raises Unavailable while set.
    """

    def __init__(self) -> None:
        self.down = False
        self._pictures: dict[PictureName, bytes] = {}
        self._lock = threading.RLock()

    def put(self, picture: PictureName, sealed: bytes) -> None:
        """See `PictureStore.put`."""
        with self._lock:
            self._require_up()
            self._pictures[picture] = sealed

    def get(self, picture: PictureName) -> bytes:
        """See `PictureStore.get`."""
        with self._lock:
            self._require_up()
            if picture not in self._pictures:
                msg = f"there is no picture {picture}"
                raise UnknownReference(msg)
            return self._pictures[picture]

    def pictures(self, authorisation_id: str) -> dict[PictureName, int]:
        """See `PictureStore.pictures`."""
        with self._lock:
            self._require_up()
            return {n: len(data) for n, data in self._pictures.items() if n.authorisation_id == authorisation_id}

    def remove(self, authorisation_id: str, reference: str, keep: Collection[str] = ()) -> int:
        """See `PictureStore.remove`."""
        of_entry = [name for name in self.pictures(authorisation_id) if name.reference == reference]
        return self._drop([name for name in of_entry if name.image_id not in keep])

    def sweep(self, authorisation_id: str) -> int:
        """See `PictureStore.sweep`."""
        return self._drop(list(self.pictures(authorisation_id)))

    def _drop(self, names: list[PictureName]) -> int:
        with self._lock:
            return sum(self._pictures.pop(name, None) is not None for name in names)

    def _require_up(self) -> None:
        if self.down:
            msg = "the picture store is down: a test set store.down; set it to False to go on"
            raise Unavailable(msg)
