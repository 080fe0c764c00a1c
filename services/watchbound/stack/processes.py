"""Child processes that cannot outlive us, whatever ends us."""

from __future__ import annotations

import atexit
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from watchbound.domain.errors import ConfigurationError, Unavailable

_TAIL_BYTES = 2000
_LOOK_AGAIN_S = 0.02

_TIED = Path(__file__).with_name("tied.py")


def free_port() -> int:
    """A TCP port that nobody on loopback listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def accepts(port: int) -> bool:
    """Whether something on loopback answers on the port."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class ChildProcess:
    """A program in a process group of its own, with its output in a file, ended with all it has started.

    It ends with the thread that made it, whatever ended that (on Linux; elsewhere only when we end in order), so make
    it from a thread that lives as long as it should.

    Args:
        name: for messages, and the name of the log file.
        command: the program's path and its arguments.
        folder: where it runs and where `<name>.log` is written.
        environment: variables on top of those that it inherits.
        grace_s: how long it may take to end by itself after SIGTERM.

    Raises:
        ConfigurationError: there is no such program.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        folder: Path,
        environment: Mapping[str, str] | None = None,
        grace_s: float = 5.0,
    ) -> None:
        self.name = name
        self.log_path = folder / f"{name}.log"
        self._grace_s = grace_s
        if not Path(command[0]).is_file():
            msg = f"{name}: expected the program {command[0]}, found none; install watchbound[embedded]"
            raise ConfigurationError(msg)
        folder.mkdir(parents=True, exist_ok=True)
        variables = [f"{key}={value}" for key, value in (environment or {}).items()]
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own programs, no shell
                [sys.executable, "-S", str(_TIED), str(os.getpid()), *variables, "--", *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=folder,
                start_new_session=True,
            )
        self._stopped = False
        atexit.register(self.stop)

    @property
    def pid(self) -> int:
        """The process id, also the id of its group."""
        return self._process.pid

    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def require_ended_well(self) -> None:
        """Once it has ended by itself, it must have done so in order.

        Raises:
            Unavailable: it ended with an error; the message shows the end of its log.
        """
        if self._process.poll():
            msg = f"{self.name} ended with code {self._process.poll()}; the end of {self.log_path}:\n{self.log_tail()}"
            raise Unavailable(msg)

    def wait_until(self, ready: Callable[[], bool], timeout_s: float) -> None:
        """Return as soon as `ready()` holds.

        Raises:
            Unavailable: it ended or was not ready in time; the message shows the end of its log. It is stopped then.
        """
        deadline = time.monotonic() + timeout_s
        while self.running() and time.monotonic() < deadline:
            if ready():
                return
            time.sleep(_LOOK_AGAIN_S)
        code = self._process.poll()
        problem = f"was not ready after {timeout_s:g} s" if code is None else f"ended with code {code}"
        self.stop()
        msg = f"{self.name} {problem}; the end of {self.log_path}:\n{self.log_tail()}"
        raise Unavailable(msg)

    def log_tail(self) -> str:
        """The last lines that it wrote."""
        with self.log_path.open("rb") as log:
            log.seek(max(0, self.log_path.stat().st_size - _TAIL_BYTES))
            return log.read().decode(errors="replace").strip() or "(it wrote nothing)"

    def kill(self) -> None:
        """End it and its group at once, as a crash would."""
        self._signal(signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        """Ask it to end, then make it; nothing happens the second time."""
        if self._stopped:
            return
        self._stopped = True
        atexit.unregister(self.stop)
        # Its own children first hear of it from itself: a worker whose cluster is taken away cannot end in order.
        self._process.terminate()
        try:
            self._process.wait(self._grace_s)
        except subprocess.TimeoutExpired:
            self.kill()
        # The leader may have ended before the others in its group.
        self._signal(signal.SIGKILL)

    def __enter__(self) -> ChildProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _signal(self, number: signal.Signals) -> None:
        try:
            os.killpg(self.pid, number)
        except (ProcessLookupError, PermissionError):
            return
