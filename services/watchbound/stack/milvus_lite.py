"""The embedded vector store: Milvus Lite behind its own server, so that several processes share it."""

from __future__ import annotations

import sys
from pathlib import Path
from types import TracebackType

from watchbound.adapters.allocator import WIPES_FREED
from watchbound.stack.processes import ChildProcess, accepts, free_port

_READY_S = 30.0
_THREADS = 8


class MilvusLite:
    """A server on a loopback port of its own, as a context manager; its data stays in `folder`.

    Attributes:
        uri: its address for `MilvusSettings.uri`.
        process: the running program.

    Raises:
        Unavailable: it did not start; the message shows the end of its log.
    """

    def __init__(self, folder: Path, port: int | None = None) -> None:
        port = port or free_port()
        self.uri = f"http://127.0.0.1:{port}"
        # Its default address is 0.0.0.0, and it asks nobody who they are: loopback, always.
        command = [
            str(Path(sys.executable).with_name("milvus-lite")),
            "server",
            "--data-dir",
            str(folder / "milvus-lite"),
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
            "--max-workers",
            str(_THREADS),
        ]
        self.process = ChildProcess("milvus-lite", command, folder, WIPES_FREED)
        self.process.wait_until(lambda: accepts(port), _READY_S)

    def stop(self) -> None:
        """End it; a new one in the same folder finds the data again."""
        self.process.stop()

    def __enter__(self) -> MilvusLite:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
