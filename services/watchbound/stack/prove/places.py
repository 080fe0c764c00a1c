"""Where bytes can lie, as pieces that a search can read. Reading is all that is done here."""

from __future__ import annotations

import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import BinaryIO, Protocol

BLOCK = 16 << 20
OVERLAP = 4096
"""Bytes of a block that the next one begins with, so that no finding is cut in two."""


class PlaceKind(Enum):
    """What kind of place was searched."""

    TOPIC = "topic"
    STORE = "store"
    FILES = "files"
    LOG = "log"
    PAGE = "page"
    MEMORY = "memory"
    PICTURES = "pictures"


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes, and where within their place they lie."""

    where: str
    offset: int
    data: bytes


class Unreadable(Exception):
    """A place that must be searched could not be read; the message says why."""


class Place(Protocol):
    """Somewhere to search.

    Attributes:
        text: whether decimal numbers are looked for too.
    """

    @property
    def name(self) -> str:
        """What the report calls it."""

    @property
    def kind(self) -> PlaceKind:
        """What it is."""

    @property
    def text(self) -> bool:
        """Whether people or programs write words into it."""

    def pieces(self) -> Iterator[Piece]:
        """All that is there.

        Raises:
            Unreadable: some of it could not be read.
        """


@dataclass(frozen=True, slots=True)
class Bytes:
    """Bytes that somebody has fetched already: a page, a record, an opened picture."""

    name: str
    kind: PlaceKind
    content: tuple[tuple[str, bytes], ...]
    text: bool = True

    def pieces(self) -> Iterator[Piece]:
        """Each as it is."""
        for where, data in self.content:
            yield Piece(where, 0, data)


@dataclass(frozen=True, slots=True)
class Files:
    """Every regular file among `roots` and below them. Links are not followed: what they name is searched where it is.

    Sockets, pipes and devices hold no bytes of their own and are passed over.

    Attributes:
        without: trees that another place covers.
    """

    name: str
    kind: PlaceKind
    roots: tuple[Path, ...]
    without: tuple[Path, ...] = ()
    text: bool = True

    def pieces(self) -> Iterator[Piece]:
        """Blocks of each file.

        Raises:
            Unreadable: a file is there and cannot be read.
        """
        for root in self.roots:
            for path in sorted(self._below(root)):
                try:
                    with path.open("rb") as file:
                        yield from blocks(file, str(path))
                except FileNotFoundError:
                    # Gone between listing and reading: nothing of it is left.
                    continue
                except OSError as error:
                    msg = f"{path}: {error.strerror}"
                    raise Unreadable(msg) from error

    def _below(self, path: Path) -> Iterator[Path]:
        if path in self.without:
            return
        try:
            mode = path.lstat().st_mode
            if stat.S_ISDIR(mode):
                for child in path.iterdir():
                    yield from self._below(child)
            elif stat.S_ISREG(mode):
                yield path
        except FileNotFoundError:
            return
        except OSError as error:
            msg = f"{path}: {error.strerror}"
            raise Unreadable(msg) from error


def blocks(file: BinaryIO, where: str) -> Iterator[Piece]:
    """A file's bytes, in blocks that overlap."""
    offset, tail = 0, b""
    while block := file.read(BLOCK):
        yield Piece(where, offset - len(tail), tail + block)
        offset += len(block)
        tail = block[-OVERLAP:]


def new_entries(folders: Iterable[Path], before: frozenset[Path]) -> tuple[Path, ...]:
    """What has appeared in these folders since `before` was listed."""
    return tuple(sorted(listed(folders) - before))


def listed(folders: Iterable[Path]) -> frozenset[Path]:
    """The entries of these folders now."""
    return frozenset(entry for folder in folders if folder.is_dir() for entry in folder.iterdir())
