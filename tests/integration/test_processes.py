"""Children that cannot outlive their parents."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.contract.log_backends import until
from watchbound.domain.errors import ConfigurationError, Unavailable
from watchbound.stack.processes import ChildProcess

PYTHON = sys.executable
FOREVER = "import time; time.sleep(600)"
# It starts a child of its own, then ignores SIGTERM.
STUBBORN = (
    "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    f"print(subprocess.Popen([sys.executable, '-c', {FOREVER!r}]).pid, flush=True); time.sleep(600)"
)


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_variables_reach_the_program_and_its_output_the_log(tmp_path: Path) -> None:
    show = "import os; print(os.environ['COLOUR'], os.getcwd())"
    with ChildProcess("show", [PYTHON, "-c", show], tmp_path, {"COLOUR": "blue=green"}) as child:
        until(lambda: not child.running())
    assert child.log_tail() == f"blue=green {tmp_path}"


def test_what_never_gets_ready_is_stopped_and_its_log_shown(tmp_path: Path) -> None:
    child = ChildProcess("slow", [PYTHON, "-c", f"print('so far', flush=True); {FOREVER}"], tmp_path)
    with pytest.raises(Unavailable, match=r"not ready after 0.5 s(?s:.*)so far"):
        child.wait_until(lambda: False, 0.5)
    assert not child.running()


def test_what_ends_early_says_why(tmp_path: Path) -> None:
    child = ChildProcess("broken", [PYTHON, "-c", "import sys; sys.exit('no licence')"], tmp_path)
    with pytest.raises(Unavailable, match=r"ended with code 1(?s:.*)no licence"):
        child.wait_until(lambda: False, 20)


def test_what_ended_with_an_error_has_not_ended_well(tmp_path: Path) -> None:
    with ChildProcess("once", [PYTHON, "-c", "pass"], tmp_path) as child:
        until(lambda: not child.running())
        child.require_ended_well()
    with ChildProcess("torn", [PYTHON, "-c", "import sys; sys.exit('no picture')"], tmp_path) as torn:
        until(lambda: not torn.running())
        with pytest.raises(Unavailable, match=r"ended with code 1(?s:.*)no picture"):
            torn.require_ended_well()


def test_a_missing_program_is_a_matter_of_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="nowhere"):
        ChildProcess("nowhere", [str(tmp_path / "nowhere")], tmp_path)


def test_stopping_ends_the_whole_group_of_one_that_will_not(tmp_path: Path) -> None:
    child = ChildProcess("stubborn", [PYTHON, "-c", STUBBORN], tmp_path, grace_s=0.2)
    child.wait_until(lambda: child.log_tail().isdigit(), 20)
    grandchild = int(child.log_tail())
    child.stop()
    child.stop()
    until(lambda: gone(grandchild))
    assert not child.running()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with a parent that was killed")
def test_a_killed_parent_leaves_no_orphan(tmp_path: Path) -> None:
    parent = (
        "import sys, time; from pathlib import Path; from watchbound.stack.processes import ChildProcess;"
        f"c = ChildProcess('c', [sys.executable, '-c', {FOREVER!r}], Path({str(tmp_path)!r}));"
        "print(c.pid, flush=True); time.sleep(600)"
    )
    with subprocess.Popen([PYTHON, "-c", parent], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        assert not gone(child)
        process.kill()
    until(lambda: gone(child))
