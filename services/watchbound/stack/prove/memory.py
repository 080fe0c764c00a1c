"""The memory of a running process, as Linux shows it to whoever may trace it."""

from __future__ import annotations

import mmap
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
            Unreadable: the process has gone, or something that it has mapped may not be read.
        """
        process = Path("/proc") / str(self.pid)
        try:
            mappings = written(process.joinpath("smaps").read_text(errors="replace"))
            with process.joinpath("mem").open("rb", buffering=0) as memory:
                for mapping in mappings:
                    yield from blocks(process, memory, mapping)
        except (OSError, Unreadable) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            msg = f"memory of process {self.pid}: {reason}"
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


def blocks(process: Path, memory: BinaryIO, mapping: Mapping) -> Iterator[Piece]:
    """What a mapping holds, in blocks that overlap; only what is not mapped any more is passed over.

    Args:
        process: its folder in /proc.
        memory: its `mem`.
        mapping: as it was listed.

    Raises:
        Unreadable: something that is mapped cannot be read, or the process has ended.
    """
    at = mapping.start
    while at < mapping.end:
        wanted = min(BLOCK, mapping.end - at)
        data = _read(memory, at, wanted)
        if not data:
            at = _next_mapped(process, memory, at, mapping)
            continue
        yield Piece(mapping.name, at, data)
        end = at + len(data)
        # A short read ends before a page that could not be read: what lies behind it follows on nothing.
        goes_on = len(data) == wanted > OVERLAP and end < mapping.end
        at = end - OVERLAP if goes_on else end


def _read(memory: BinaryIO, at: int, size: int) -> bytes:
    """What can be read from `at` on; nothing if not even its first page can."""
    memory.seek(at)
    try:
        return memory.read(size)
    except OSError:
        return b""


def _next_mapped(process: Path, memory: BinaryIO, at: int, mapping: Mapping) -> int:
    """Where to go on after a page that could not be read, since it has been unmapped.

    Raises:
        Unreadable: it has not.
    """
    headers = map(_HEADER.match, process.joinpath("maps").read_text(errors="replace").splitlines())
    mapped = [(int(header[1], 16), int(header[2], 16)) for header in headers if header]
    if not mapped:
        msg = "it has ended"
        raise Unreadable(msg)
    if any(start <= at < end for start, end in mapped):
        # It may have been mapped anew in between.
        if _read(memory, at, mmap.PAGESIZE):
            return at
        msg = f"{at:#x} in {mapping.name} is mapped and cannot be read"
        raise Unreadable(msg)
    return min([mapping.end, *(start for start, _ in mapped if start > at)])
