"""Has the C library overwrite every block of memory that is freed, whoever frees it.

Libraries free pictures and templates without wiping them: Kafka's client a frame, gRPC a probe, OpenCV and onnxruntime
their temporaries. glibc fills blocks as they are freed when it is told to (mallopt(3), M_PERTURB), except those that a
thread keeps for itself, so it is told to keep none. Both are read when a process starts, hence variables.
"""

from __future__ import annotations

import ctypes
import resource
import sys

WIPES_FREED = {"GLIBC_TUNABLES": "glibc.malloc.perturb=165:glibc.malloc.tcache_count=0"}
"""For the environment of a process that handles faces."""

_SIZES = (64, 512, 4096, 100_000)
_MARK = 0x77
"""Neither what glibc writes into freed blocks (165) nor what it writes into new ones (its complement, 90)."""
_LINKS = 32
"""Bytes at a freed block's beginning that the allocator uses for itself."""


def wipes_freed() -> bool:
    """Whether this process overwrites what it frees: blocks of several sizes are filled, freed and looked at."""
    if not sys.platform.startswith("linux"):
        return False
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    libc.malloc.argtypes = [ctypes.c_size_t]
    libc.free.argtypes = [ctypes.c_void_p]
    libc.free.restype = None
    return all(_wiped(libc, size) for size in _SIZES)


def leave_no_core() -> None:
    """Have a crash of this process leave no picture of its memory on a disk."""
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, most))


def _wiped(libc: ctypes.CDLL, size: int) -> bool:
    # The guard keeps the block from being joined to the end of the heap and given back to the kernel.
    block, guard = libc.malloc(size), libc.malloc(size)
    ctypes.memset(block, _MARK, size)
    libc.free(block)
    left = ctypes.string_at(block + _LINKS, size - _LINKS)
    libc.free(guard)
    return left.count(_MARK) < len(left) // 2
