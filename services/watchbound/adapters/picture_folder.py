"""Sealed pictures in a folder: `FOLDER/AUTHORISATION/REFERENCE/IMAGE.sealed`."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

from watchbound.adapters.private_files import erase, make_private, reaching, require_private, sync_folder, write_private
from watchbound.domain.errors import UnknownReference
from watchbound.domain.frame import require_name
from watchbound.domain.picture import PictureName
from watchbound.settings import PictureSettings

_SUFFIX = ".sealed"


def open_picture_store(settings: PictureSettings) -> FolderPictureStore:
    """The store, made where there is none.

    Raises:
        ConfigurationError: others can read it.
        Unavailable: it cannot be made.
    """
    root = settings.folder.expanduser()
    make_private(root)
    return FolderPictureStore(root)


class FolderPictureStore:
    """A `PictureStore` of files. Several processes may share it.

    Raises:
        ConfigurationError: the folder is not there, or others can read it.
    """

    def __init__(self, root: Path) -> None:
        require_private(root, "WATCHBOUND_PICTURES_FOLDER names the folder")
        self._root = root

    def put(self, picture: PictureName, sealed: bytes) -> None:
        """See `PictureStore.put`."""
        path = self._path(picture)
        for folder in (path.parent.parent, path.parent):
            make_private(folder)
        write_private(path, sealed)

    def get(self, picture: PictureName) -> bytes:
        """See `PictureStore.get`."""
        path = self._path(picture)
        with reaching(path):
            try:
                return path.read_bytes()
            except FileNotFoundError as error:
                # A store that has gone as a whole is an unmounted disk.
                self._root.stat()
                msg = f"there is no picture {picture}"
                raise UnknownReference(msg) from error

    def pictures(self, authorisation_id: str) -> dict[PictureName, int]:
        """See `PictureStore.pictures`."""
        with reaching(self._root):
            return {self._name(path): path.stat().st_size for path in self._files(authorisation_id)}

    def remove(self, authorisation_id: str, reference: str, keep: Collection[str] = ()) -> int:
        """See `PictureStore.remove`."""
        require_name(reference, "an entry reference")
        of_entry = [path for path in self._files(authorisation_id) if path.parent.name == reference]
        return self._erase([path for path in of_entry if self._name(path).image_id not in keep])

    def sweep(self, authorisation_id: str) -> int:
        """See `PictureStore.sweep`."""
        return self._erase(self._files(authorisation_id))

    def _erase(self, files: Iterable[Path]) -> int:
        count = 0
        with reaching(self._root):
            for path in files:
                erase(path)
                sync_folder(path.parent)
                count += 1
        return count

    def _files(self, authorisation_id: str) -> list[Path]:
        require_name(authorisation_id, "an authorisation id")
        with reaching(self._root):
            self._root.stat()
            return sorted((self._root / authorisation_id).glob(f"*/*{_SUFFIX}"))

    def _path(self, picture: PictureName) -> Path:
        return self._root / picture.authorisation_id / picture.reference / f"{picture.image_id}{_SUFFIX}"

    def _name(self, path: Path) -> PictureName:
        return PictureName(path.parents[1].name, path.parent.name, path.name.removesuffix(_SUFFIX))
