"""Files that a process holds open although no folder lists them: deleted ones, and those of shared memory."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from watchbound.stack.prove.places import Piece, PlaceKind, Unreadable, blocks

_DELETED = " (deleted)"


@dataclass(frozen=True, slots=True)
class HiddenFiles:
    """What only the process can still reach, through /proc/PID/fd (proc(5))."""

    name: str
    pid: int
    kind: PlaceKind = PlaceKind.FILES
    text: bool = True

    def pieces(self) -> Iterator[Piece]:
        """Blocks of each such file.

        Raises:
            Unreadable: the process has gone, or may not be looked at.
        """
        folder = Path("/proc") / str(self.pid) / "fd"
        try:
            descriptors = sorted(folder.iterdir())
        except OSError as error:
            msg = f"open files of process {self.pid}: {error.strerror}"
            raise Unreadable(msg) from error
        for descriptor in descriptors:
            try:
                target = str(descriptor.readlink())
                if not stat.S_ISREG(descriptor.stat().st_mode) or not _hidden(target):
                    continue
                with descriptor.open("rb") as file:
                    yield from blocks(file, target)
            except FileNotFoundError:
                # Closed meanwhile.
                continue
            except OSError as error:
                msg = f"{target} of process {self.pid}: {error.strerror}"
                raise Unreadable(msg) from error


def _hidden(target: str) -> bool:
    return target.endswith(_DELETED) or target.startswith("/dev/shm/")  # noqa: S108 - looked at, not used
