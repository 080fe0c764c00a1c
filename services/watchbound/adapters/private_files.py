"""Files and folders that are one user's alone: refused when others could read them, whole and durable when written."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from watchbound.domain.errors import ConfigurationError, Unavailable

_PART = ".part"


def require_private(path: Path, remedy: str) -> None:
    """Refuse a file or folder that another user could read or replace.

    Raises:
        ConfigurationError: it is not there, or is open to others; the message says `remedy` or the chmod to run.
    """
    try:
        found = path.stat()
    except OSError as error:
        msg = f"expected {path}, got {error.strerror}; {remedy}"
        raise ConfigurationError(msg) from error
    wanted = "700" if stat.S_ISDIR(found.st_mode) else "600"
    if found.st_mode & 0o077:
        msg = f"{path} has mode {stat.S_IMODE(found.st_mode):o}: others could read it; chmod {wanted} {path}"
        raise ConfigurationError(msg)
    if found.st_uid != os.geteuid():
        msg = f"{path} belongs to user {found.st_uid} and we are {os.geteuid()}; chown it, or run as its owner"
        raise ConfigurationError(msg)


def read_unshared(path: Path, key: str) -> bytes:
    """A secret that somebody else provides, such as a mounted one: its group may read it, the others may not.

    Args:
        path: the file.
        key: the setting that named it, for messages.

    Raises:
        ConfigurationError: it is not there, or everybody can read it or others than its owner can replace it.
    """
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            data = file.read()
    except OSError as error:
        msg = f"{key}: expected a file at {path}, got {error.strerror}"
        raise ConfigurationError(msg) from error
    if mode & 0o027:
        msg = f"{key}: {path} has mode {mode:o}: others could read or replace it; chmod 640 {path}"
        raise ConfigurationError(msg)
    return data


def make_private(folder: Path) -> None:
    """Make a folder that only its owner can enter, if it is not there.

    Raises:
        Unavailable: it cannot be made.
    """
    with reaching(folder):
        if not folder.is_dir():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            sync_folder(folder.parent)


def write_private(path: Path, data: bytes) -> None:
    """Write a file that only its owner can read, whole and durable or not at all.

    Raises:
        Unavailable: the disk is full or away.
    """
    part = path.with_name(path.name + _PART)
    with reaching(path):
        try:
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.rename(path)
            sync_folder(path.parent)
        except OSError:
            part.unlink(missing_ok=True)
            raise


def erase(path: Path) -> None:
    """Put noise in a file's place, so that the blocks of a disk that writes in place hold nothing of it; then unlink.

    Raises:
        OSError: it could not be.
    """
    with path.open("r+b") as file:
        file.write(os.urandom(path.stat().st_size))
        file.flush()
        os.fsync(file.fileno())
    path.unlink()


def sync_folder(folder: Path) -> None:
    """Make what was made, renamed or unlinked in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def reaching(path: Path) -> Iterator[None]:
    """What the operating system refuses is `Unavailable`, with the path and what to look at."""
    try:
        yield
    except OSError as error:
        msg = f"{path} cannot be reached or written: {error.strerror}; see that the disk is there and not full"
        raise Unavailable(msg) from error
