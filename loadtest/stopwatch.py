"""CPU time inside chosen functions, and other functions in their place: both in the process that measures, only."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable
from typing import Any


class Stopwatch:
    """Adds up the CPU time of whichever threads are inside the functions that it watches.

    A watched function that calls another counts once.

    Attributes:
        cpu_s: seconds so far; what a function's own threads use besides is not seen.
        calls: how often one was entered from outside.
    """

    def __init__(self) -> None:
        self.cpu_s = 0.0
        self.calls = 0
        self._here = threading.local()
        self._lock = threading.Lock()

    def watch(self, place: Any, name: str) -> None:
        """Watch a module's function or a class's method from now on; whoever imported it before is not watched."""
        replace(place, name, self._timed(getattr(place, name)))

    def _timed(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def timed(*args: Any, **kwargs: Any) -> Any:
            if getattr(self._here, "inside", False):
                return function(*args, **kwargs)
            self._here.inside = True
            started = time.thread_time()
            try:
                return function(*args, **kwargs)
            finally:
                spent = time.thread_time() - started
                self._here.inside = False
                with self._lock:
                    self.cpu_s += spent
                    self.calls += 1

        return timed


def replace(place: Any, name: str, other: Any) -> None:
    """Put something in the place of a module's or a class's attribute.

    Raises:
        AttributeError: there is none of that name: the product has moved on, and the benchmark must follow.
    """
    if not hasattr(place, name):
        msg = f"expected {name} in {place.__name__}, found none; follow the product in loadtest"
        raise AttributeError(msg)
    setattr(place, name, other)
