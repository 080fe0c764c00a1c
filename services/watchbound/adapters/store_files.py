"""A vector store's own files, searched for templates that should be gone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from watchbound.domain.errors import Unavailable
from watchbound.domain.fingerprint import WINDOW_BYTES, Fingerprints, FingerprintSearch

_CHUNK = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class FilesSearched:
    """What a search of the files came to.

    Attributes:
        templates: how many templates were found in at least one file.
        holding: how many files hold one.
        files: how many were searched.
        bytes_searched: how much there was in them.
    """

    templates: int
    holding: int
    files: int
    bytes_searched: int


class StoreFiles:
    """The data folders of a vector store: segments, indexes and message logs, whatever their format.

    Floats of templates do not compress, so a copy lies in the file byte by byte even where the format compresses.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = tuple(folder.expanduser() for folder in folders)

    def search(self, wanted: Fingerprints) -> FilesSearched:
        """Look through every file.

        Raises:
            Unavailable: a folder is not there, or a file cannot be read; what cannot be read is not called clean.
        """
        search = FingerprintSearch(wanted)
        found: set[int] = set()
        holding = files = total = 0
        for path in self._paths():
            inside: set[int] = set()
            for chunk, fresh in _chunks(path):
                inside |= search.templates_in(chunk)
                total += fresh
            files += 1
            holding += bool(inside)
            found |= inside
        return FilesSearched(len(found), holding, files, total)

    def _paths(self) -> Iterator[Path]:
        for folder in self._folders:
            if not folder.is_dir():
                msg = (
                    f"{folder} is no folder; WATCHBOUND_PURGE_STORE_FOLDERS names where the vector store keeps its data"
                )
                raise Unavailable(msg)
            yield from (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink())


def _chunks(path: Path) -> Iterator[tuple[bytes, int]]:
    """Pieces that overlap by less than a stretch, each with how many bytes of it are new."""
    try:
        with path.open("rb") as file:
            tail = b""
            while fresh := file.read(_CHUNK):
                yield tail + fresh, len(fresh)
                tail = (tail + fresh)[-(WINDOW_BYTES - 1) :]
    except FileNotFoundError:
        # Deleted between listing and reading: gone is what we came to see.
        return
    except OSError as error:
        msg = f"{path} cannot be searched: {error.strerror}; give this command read access to the store's files"
        raise Unavailable(msg) from error
