"""The search of a running process's memory, on a real process that holds what it should not."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.unit.stack.prove.material import CROP, JPEG, TEMPLATE, searches
from watchbound.stack.prove.forbidden import Material
from watchbound.stack.prove.memory import ProcessMemory
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
