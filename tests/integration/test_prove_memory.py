"""The search of a running process's memory, on a real process that holds what it should not."""

from __future__ import annotations

import ctypes
import mmap
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.unit.stack.prove.material import CROP, JPEG, TEMPLATE, searches
from watchbound.stack.prove.forbidden import Material
from watchbound.stack.prove.memory import Mapping, ProcessMemory, blocks
from watchbound.stack.prove.places import Unreadable
from watchbound.stack.prove.scan import scan

SEARCHES = searches()

HOLDER = """
import sys
held = bytearray(open(sys.argv[1], "rb").read())
if sys.argv[2] == "wiped":
    held[:] = bytes(len(held))
print("ready", flush=True)
sys.stdin.read()
"""


@contextmanager
def holding(folder: Path, data: bytes, state: str) -> Iterator[int]:
    """A process that has read `data`, and kept it or wiped it; its id."""
    secret = folder / "secret"
    secret.write_bytes(data)
    process = subprocess.Popen(
        [sys.executable, "-S", "-c", HOLDER, str(secret), state], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield process.pid


@pytest.mark.parametrize(
    ("data", "material"), [(TEMPLATE.tobytes(), Material.TEMPLATE), (CROP, Material.CROP), (JPEG, Material.JPEG)]
)
def test_what_a_process_holds_is_found_in_its_memory(tmp_path: Path, data: bytes, material: Material) -> None:
    with holding(tmp_path, data, "kept") as pid:
        report = scan(ProcessMemory("leaky", pid), SEARCHES)
    assert report.unreadable is None
    assert material in {finding.material for finding in report.findings}
    assert {finding.whose for finding in report.findings} == {"canary"}


def test_a_process_that_has_ended_cannot_be_vouched_for(tmp_path: Path) -> None:
    with holding(tmp_path, CROP, "kept") as pid:
        pass
    report = scan(ProcessMemory("gone", pid), SEARCHES)
    assert report.unreadable is not None
    assert not report.clean


PAGE = mmap.PAGESIZE
OURSELVES = Path("/proc/self")


def address(pages: mmap.mmap) -> int:
    return ctypes.addressof(ctypes.c_char.from_buffer(pages))


def read(start: int, size: int) -> dict[int, bytes]:
    """The pieces of a stretch of our own memory, by the page at which they begin."""
    with OURSELVES.joinpath("mem").open("rb", buffering=0) as memory:
        found = blocks(OURSELVES, memory, Mapping(start, start + size, "test"))
        return {(piece.offset - start) // PAGE: piece.data for piece in found}


def test_what_was_unmapped_meanwhile_hides_nothing_that_lies_behind_it() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    private_anonymous, readable = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, mmap.PROT_READ | mmap.PROT_WRITE
    start = libc.mmap(None, ctypes.c_size_t(6 * PAGE), readable, private_anonymous, -1, ctypes.c_long(0))
    for page in range(6):
        ctypes.memset(start + page * PAGE, page + 1, PAGE)
    for page in (0, 2, 3):
        assert libc.munmap(ctypes.c_void_p(start + page * PAGE), ctypes.c_size_t(PAGE)) == 0
    found = read(start, 6 * PAGE)
    assert libc.munmap(ctypes.c_void_p(start), ctypes.c_size_t(6 * PAGE)) == 0
    assert found == {1: b"\2" * PAGE, 4: b"\5" * PAGE + b"\6" * PAGE}


def test_what_is_mapped_and_cannot_be_read_is_not_vouched_for(tmp_path: Path) -> None:
    path = tmp_path / "shrinks"
    path.write_bytes(b"x" * 2 * PAGE)
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 2 * PAGE, mmap.MAP_PRIVATE) as pages:
        start = address(pages)
        file.truncate(PAGE)
        with pytest.raises(Unreadable, match="is mapped and cannot be read"):
            read(start, 2 * PAGE)
