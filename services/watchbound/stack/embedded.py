"""The whole product on one machine: broker, vector store and services, each a real process on loopback."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from watchbound.adapters.allocator import WIPES_FREED
from watchbound.adapters.kafka_topics import ensure_topics
from watchbound.adapters.keyring import open_key_ring
from watchbound.adapters.keyring_file import init_ring
from watchbound.domain.errors import WatchboundError
from watchbound.pipeline.topics import ALL_TOPICS
from watchbound.ports import KeyRing
from watchbound.settings import KafkaSettings, KeySettings, load
from watchbound.stack.milvus_lite import MilvusLite
from watchbound.stack.officers import Officers
from watchbound.stack.processes import ChildProcess, free_port
from watchbound.stack.tansu import Tansu

_ANSWER_WITHIN_S = 10.0


class CommandFailed(WatchboundError):
    """A `watchbound` command of the stack ended with an error; the message is its own."""


class Service:
    """A running service of ours, and where it answers."""

    def __init__(self, process: ChildProcess, port: int) -> None:
        self.process = process
        self.url = f"http://127.0.0.1:{port}"

    def ready(self) -> bool:
        """Whether /readyz says so."""
        return self.complaint() == ""

    def complaint(self) -> str:
        """What /readyz complains of; empty when it is ready."""
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=_ANSWER_WITHIN_S):  # noqa: S310 - our own
                return ""
        except urllib.error.HTTPError as error:
            return error.read().decode()
        except (urllib.error.URLError, OSError) as error:
            return f"no answer: {error}"

    def metrics(self) -> str:
        """The text of /metrics."""
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=_ANSWER_WITHIN_S) as answer:  # noqa: S310
            return str(answer.read().decode())


class Stack(ABC):
    """A broker and a vector store of their own, and services that find them; all of it ends with the context.

    Ports are free ones, so several stacks run side by side. Its people have keys of their own (`officers`), made anew,
    and so has its data (`keys`). Which broker and which vector store, its two kinds say.

    Attributes:
        environment: what its services and commands are started with.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._resources = ExitStack()
        self.environment: dict[str, str] = {}

    @abstractmethod
    def _stores(self, opening: ExitStack) -> dict[str, str]:
        """Start broker and vector store; returns what services must know of them."""

    def __enter__(self) -> Self:
        with ExitStack() as opening:
            self.officers = Officers(self.folder / "keys")
            self.keys = load(KeySettings, folder=self.folder / "ring", master_key=self.folder / "keys" / "master.key")
            init_ring(self.keys.folder, self.keys.master_key)
            # Ray keeps its sockets and logs there, so that they go with the stack. Not in the stack's own folder, which
            # may lie deep: the path of a socket has at most 107 bytes, of which Ray needs 70.
            ray = opening.enter_context(tempfile.TemporaryDirectory(prefix="wb-", ignore_cleanup_errors=True))
            self.environment = {
                **self._stores(opening),
                "WATCHBOUND_AUDIT_URL": f"sqlite:///{self.folder.resolve() / 'audit' / 'audit.db'}",
                "WATCHBOUND_AUDIT_CHECKPOINTS": str(self.folder.resolve() / "checkpoints"),
                "WATCHBOUND_ALERTING_DATA": str(self.folder / "alerting"),
                "WATCHBOUND_KEYS_FOLDER": str(self.keys.folder),
                "WATCHBOUND_KEYS_MASTER_KEY": str(self.keys.master_key),
                "WATCHBOUND_PICTURES_FOLDER": str(self.folder / "pictures"),
                "WATCHBOUND_PURGE_RECEIPTS": str(self.folder / "receipts"),
                "RAY_TMPDIR": ray,
                **self.officers.environment(),
            }
            self._resources = opening.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._resources.close()

    def key_ring(self) -> KeyRing:
        """The ring that its services share."""
        return open_key_ring(self.keys)

    def key(self, holder: str) -> list[str]:
        """The flags with which a command signs as one of `officers`."""
        return ["--key", str(self.officers.key(holder))]

    def start(
        self,
        name: str,
        arguments: Sequence[str],
        grace_s: float = 20.0,
        environment: Mapping[str, str] | None = None,
    ) -> Service:
        """Start `watchbound ARGUMENTS` as a service; wait for it with `Service.process.wait_until`.

        Call it from the thread that outlives the service (see `ChildProcess`).

        Args:
            name: of the process and its log.
            arguments: of the command.
            grace_s: how long it may take to end in order.
            environment: what this service alone is told, on top of the stack's.
        """
        port = free_port()
        environment = {
            **WIPES_FREED,
            **self.environment,
            **(environment or {}),
            "WATCHBOUND_HTTP_PORT": str(port),
        }
        process = ChildProcess(name, [*_watchbound(), *arguments], self.folder, environment, grace_s)
        self._resources.callback(process.stop)
        return Service(process, port)

    def call(self, arguments: Sequence[str], accept: Sequence[int] = (0,)) -> Any:
        """Run `watchbound ARGUMENTS --json` to its end; returns what it printed, parsed.

        A command whose `--json` takes a file is given `--json -` among its arguments.

        Raises:
            CommandFailed: it ended with a code that is not accepted, or printed no JSON: a code may be an error's, too.
        """
        done = self._done([*arguments, *(() if "--json" in arguments else ("--json",))], accept)
        try:
            return json.loads(done.stdout)
        except json.JSONDecodeError as error:
            raise _failure(arguments, done) from error

    def run(self, arguments: Sequence[str], accept: Sequence[int] = (0,)) -> str:
        """Run `watchbound ARGUMENTS` to its end; returns what it printed.

        Raises:
            CommandFailed: it ended with a code that is not accepted.
        """
        return self._done(arguments, accept).stdout

    def _done(self, arguments: Sequence[str], accept: Sequence[int]) -> subprocess.CompletedProcess[str]:
        settings = [f"{key}={value}" for key, value in self.environment.items()]
        command = ["/usr/bin/env", *settings, *_watchbound(), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode not in accept:
            raise _failure(arguments, done)
        return done


class EmbeddedStack(Stack):
    """The stack of demonstrations and tests: Python packages only."""

    def _stores(self, opening: ExitStack) -> dict[str, str]:
        broker = opening.enter_context(Tansu(self.folder))
        # Each service makes what it needs; whoever looks at a whole stack may come first.
        ensure_topics(load(KafkaSettings, bootstrap=broker.bootstrap), ALL_TOPICS)
        gallery = opening.enter_context(MilvusLite(self.folder))
        return {
            "WATCHBOUND_KAFKA_BOOTSTRAP": broker.bootstrap,
            "WATCHBOUND_MILVUS_URI": gallery.uri,
            "WATCHBOUND_PURGE_STORE_FOLDERS": str(self.folder / "milvus-lite"),
        }


def _failure(arguments: Sequence[str], done: subprocess.CompletedProcess[str]) -> CommandFailed:
    return CommandFailed(
        f"watchbound {' '.join(arguments[:2])} ended with code {done.returncode}: {done.stderr.strip()[-1500:]}"
    )


def _watchbound() -> list[str]:
    return [sys.executable, "-m", "watchbound"]
