"""Whether freed memory is overwritten: asked of processes, since it is decided as they start."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from watchbound.adapters.allocator import WIPES_FREED

ASK = """
import resource
from watchbound.adapters.allocator import leave_no_core, wipes_freed
leave_no_core()
assert resource.getrlimit(resource.RLIMIT_CORE)[0] == 0
print(wipes_freed())
"""


@pytest.mark.parametrize(
    ("variables", "answer"),
    [(WIPES_FREED, "True"), ({}, "False"), ({"GLIBC_TUNABLES": "glibc.malloc.perturb=165"}, "False")],
)
def test_a_process_knows_whether_it_wipes_what_it_frees(variables: dict[str, str], answer: str) -> None:
    inherited = {name: value for name, value in os.environ.items() if name != "GLIBC_TUNABLES"}
    done = subprocess.run(
        [sys.executable, "-c", ASK], env={**inherited, **variables}, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == answer
