"""The memory of a running process, as Linux shows it to whoever may trace it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from watchbound.stack.prove.places import BLOCK, OVERLAP, Piece, PlaceKind, Unreadable

_HEADER = re.compile(r"^([0-9a-f]+)-([0-9a-f]+) ([-rwxsp]{4}) [0-9a-f]+ [0-9a-f:]+ \d+ *(.*)$")
_HELD = ("Private_Dirty", "Shared_Dirty", "Anonymous", "Swap", "Private_Hugetlb", "Shared_Hugetlb")
_BY_KERNEL = ("[vvar]", "[vvar_vclock]", "[vdso]", "[vsyscall]")


@dataclass(frozen=True, slots=True)
class Mapping:
    """A stretch of addresses that holds bytes which no file on disk holds."""

    start: int
    end: int
    name: str


@dataclass(frozen=True, slots=True)
class ProcessMemory:
    """Everything that a process has written into its memory: heap, stacks, anonymous maps, dirty pages of others.

    Pages that are the same as on disk are left out: the program's own code, and libraries. What is swapped out is read
    like the rest.
    """

    name: str
    pid: int
    kind: PlaceKind = PlaceKind.MEMORY
    text: bool = False

    def pieces(self) -> Iterator[Piece]:
        """Blocks of each mapping; the process goes on meanwhile.

        Raises:
            Unreadable: the process has gone, or may not be read.
        """
        process = Path("/proc") / str(self.pid)
        try:
            mappings = written(process.joinpath("smaps").read_text(errors="replace"))
            with process.joinpath("mem").open("rb", buffering=0) as memory:
                for mapping in mappings:
                    yield from _blocks(memory, mapping)
        except OSError as error:
            msg = f"memory of process {self.pid}: {error.strerror}"
            raise Unreadable(msg) from error
        if not mappings:
            msg = f"memory of process {self.pid}: it has ended"
            raise Unreadable(msg)


def written(smaps: str) -> list[Mapping]:
    """The mappings of /proc/PID/smaps that hold something of the process's own (proc(5))."""
    found: list[Mapping] = []
    current: Mapping | None = None
    for line in smaps.splitlines():
        header = _HEADER.match(line)
        if header:
            name = header[4] or "[anonymous]"
            current = None if name in _BY_KERNEL else Mapping(int(header[1], 16), int(header[2], 16), name)
        elif current is not None:
            field, _, value = line.partition(":")
            if field in _HELD and not value.strip().startswith("0 "):
                found.append(current)
                current = None
    return found


def _blocks(memory: BinaryIO, mapping: Mapping) -> Iterator[Piece]:
    at = mapping.start
    while at < mapping.end:
        memory.seek(at)
        try:
            data = memory.read(min(BLOCK, mapping.end - at))
        except OSError:
            # Unmapped since it was listed: nothing is there any more. The page after it belongs to the next mapping.
            return
        if not data:
            return
        yield Piece(mapping.name, at, data)
        at += len(data) if at + len(data) >= mapping.end else max(len(data) - OVERLAP, 1)
