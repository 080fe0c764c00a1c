"""Becomes a program that ends when its parent does; run by path: `tied.py PARENT [NAME=VALUE…] -- PROGRAM…`.

It stands between `processes.ChildProcess` and the program because a `preexec_fn` is unsafe in a process with threads.
It imports nothing of ours, so that it starts in milliseconds.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
"""Linux, prctl(2): the signal that the kernel sends to us once our parent is gone, `kill -9` of it included."""


def main(parent: int, arguments: list[str]) -> None:
    """Tie this process to its parent, put the variables, become the program."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    # The parent may have died before the call above: then nothing would ever end the program.
    if os.getppid() != parent:
        sys.exit("the parent process is gone; not starting anything")
    end = arguments.index("--")
    for assignment in arguments[:end]:
        name, _, value = assignment.partition("=")
        os.putenv(name, value)
    program = arguments[end + 1 :]
    os.execv(program[0], program)  # noqa: S606 - our own programs, no shell


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
