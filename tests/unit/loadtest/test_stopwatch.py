"""CPU is counted once, for the thread that spends it; what is not there cannot be replaced."""

import threading
import time
import types

import pytest
from loadtest.stopwatch import Stopwatch, replace


def busy(seconds: float) -> None:
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def place() -> types.ModuleType:
    module = types.ModuleType("place")
    module.inner = lambda: busy(0.01)  # type: ignore[attr-defined]

    def outer() -> None:
        busy(0.01)
        module.inner()

    module.outer = outer  # type: ignore[attr-defined]
    return module


def test_a_watched_function_inside_another_counts_once() -> None:
    module, stopwatch = place(), Stopwatch()
    stopwatch.watch(module, "inner")
    stopwatch.watch(module, "outer")
    module.outer()
    assert stopwatch.calls == 1
    assert 0.02 <= stopwatch.cpu_s < 0.2


def test_threads_and_failures_count_too_and_waiting_does_not() -> None:
    stopwatch, module = Stopwatch(), place()

    def fail() -> None:
        busy(0.01)
        time.sleep(0.3)
        msg = "as it must"
        raise RuntimeError(msg)

    module.fail = fail  # type: ignore[attr-defined]
    stopwatch.watch(module, "fail")

    def attempt() -> None:
        with pytest.raises(RuntimeError):
            module.fail()

    threads = [threading.Thread(target=attempt) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stopwatch.calls == 2
    assert 0.02 <= stopwatch.cpu_s < 0.25


def test_what_the_product_no_longer_has_is_said_aloud() -> None:
    with pytest.raises(AttributeError, match="expected gone in place"):
        replace(place(), "gone", None)
