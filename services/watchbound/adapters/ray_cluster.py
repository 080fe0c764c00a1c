"""Workers as Ray actors: placed, given their share of a GPU, watched, and started again when they die.

Ray restarts an actor's process by itself but would not run its loop again, nor say so in our metrics; so a dead
member is replaced here, where it can be counted and where a crash loop can be slowed down.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import ray
from ray._private import ray_constants
from ray._raylet import AuthenticationTokenLoader, Config  # type: ignore[attr-defined]

from watchbound.adapters.allocator import WIPES_FREED
from watchbound.adapters.logs import get_logger
from watchbound.adapters.private_files import read_unshared
from watchbound.domain.errors import ConfigurationError, Unavailable

log = get_logger(__name__)

_ANSWER_WITHIN_S = 5.0
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 10.0
_HEALTHY_AFTER_S = 30.0
_LOCAL_SLOTS = 64
_TOKEN_BYTES = 32
_OBJECT_STORE_BYTES = 80 * 1024 * 1024
"""Frames never cross the object store; what remains is metrics text."""


class Workload(Protocol):
    """What runs inside an actor."""

    def run(self) -> None:
        """Work until stopped; an exception means that the worker died."""

    def stop(self) -> None:
        """Make `run` return soon."""

    def complaint(self) -> str | None:
        """Why it is not ready; None when it is."""

    def exposition(self) -> bytes:
        """Its metrics in Prometheus's text format."""


class _Actor:
    """The shell around a workload in the actor's process. `run` occupies one thread, questions another.

    The workload is built in `run` and not in the constructor, so that what goes wrong there comes back as the
    exception that it was.
    """

    def __init__(self, build: Callable[[str], Workload], name: str) -> None:
        self._build = build
        self._name = name
        self._workload: Workload | None = None
        self._stopping = False

    def run(self) -> None:
        self._workload = self._build(self._name)
        if not self._stopping:
            self._workload.run()

    def stop(self) -> None:
        self._stopping = True
        if self._workload is not None:
            self._workload.stop()

    def status(self) -> tuple[str | None, bytes]:
        if self._workload is None:
            return "starting", b""
        return self._workload.complaint(), self._workload.exposition()

    def pid(self) -> int:
        return os.getpid()


def _keep_to_loopback() -> None:
    """Have the private cluster listen on 127.0.0.1 only; as it comes, Ray listens on every interface of a Linux host.

    The switch is the one by which Ray keeps to loopback on other systems: it decides the address of the node, which is
    handed to every process that Ray starts.
    """
    ray_constants.ENABLE_RAY_CLUSTER = False


def _at_equal_priority() -> None:
    """Give the private cluster's workers the priority of other programs; as it comes, Ray gives them a lower one.

    Beside one busy program a worker of priority 15 falls behind a live camera though it is given more than it needs.
    """
    os.environ[ray_constants.RAY_WORKER_NICENESS] = "0"


def _show_token(token: str) -> None:
    """Have this process, and all that Ray starts for it, ask for the token and show it.

    Ray runs whatever it is sent, and reads its token from the environment alone. A private cluster gets a new one, so
    that nobody else on the machine can send it anything.
    """
    os.environ["RAY_AUTH_MODE"] = "token"
    os.environ["RAY_AUTH_TOKEN"] = token
    # Ray has looked once already, when it was imported.
    Config.initialize("")
    AuthenticationTokenLoader.instance().reset_cache()


def _read_token(path: Path) -> str:
    key = "WATCHBOUND_MATCHING_RAY_TOKEN_FILE"
    token = read_unshared(path.expanduser(), key).decode(errors="replace").strip()
    if not token:
        msg = f"{key}: expected the cluster's token in {path}, got nothing"
        raise ConfigurationError(msg)
    return token


@dataclass(slots=True)
class _Member:
    name: str
    actor: Any
    done: Any
    started_at: float
    pause_s: float


class WorkerCluster:
    """A group of equal workers on a Ray cluster.

    Args:
        address: `local` for a private cluster in this process's care, else what `ray.init` understands.
        build: makes the workload inside the actor's process; must be importable there.
        gpus: share of a GPU for each worker; placement waits until the cluster has it.
        on_restart: called once for each worker that died and was replaced.
        token_file: holds the token of a cluster that is not private.

    Raises:
        ConfigurationError: the token's file cannot be used, or the GPUs cannot be had.
        Unavailable: there is no such cluster, or it does not accept the token.
    """

    def __init__(
        self,
        address: str,
        build: Callable[[str], Workload],
        gpus: float,
        on_restart: Callable[[], None],
        token_file: Path | None = None,
    ) -> None:
        self._build = build
        self._gpus = gpus
        self._on_restart = on_restart
        self._members: list[_Member] = []
        self._born = 0
        self._lock = threading.Lock()
        _show_token(secrets.token_hex(_TOKEN_BYTES) if token_file is None else _read_token(token_file))
        self._start_ray(address)

    def _start_ray(self, address: str) -> None:
        options: dict[str, Any] = {"include_dashboard": False, "log_to_driver": True, "logging_level": "error"}
        options["address"] = address
        if address == "local":
            _keep_to_loopback()
            _at_equal_priority()
            # Workers are threads of control, not cores: a laptop may run more of them than it has.
            options["num_cpus"] = max(os.cpu_count() or 1, _LOCAL_SLOTS)
            options["object_store_memory"] = _OBJECT_STORE_BYTES
        try:
            ray.init(**options)
        # Ray raises a bare Exception when a node of its own does not come up.
        except Exception as error:
            msg = (
                f"WATCHBOUND_MATCHING_RAY_ADDRESS: no Ray cluster at {address!r} ({error}); see that it runs there,"
                " with RAY_AUTH_MODE=token and the token of WATCHBOUND_MATCHING_RAY_TOKEN_FILE"
            )
            raise Unavailable(msg) from error
        if self._gpus > 0 and ray.cluster_resources().get("GPU", 0.0) < self._gpus:
            ray.shutdown()
            msg = (
                f"WATCHBOUND_MATCHING_GPUS_PER_WORKER: expected a Ray node with {self._gpus:g} GPU free, found none;"
                " set it to 0 and WATCHBOUND_MODELS_PROVIDER to cpu to run without"
            )
            raise ConfigurationError(msg)

    def scale(self, workers: int) -> None:
        """Have so many workers: new ones join the consumer group, surplus ones stop cleanly and leave it."""
        with self._lock:
            while len(self._members) < workers:
                self._members.append(self._spawn(f"worker-{self._born}", _FIRST_PAUSE_S))
                self._born += 1
            surplus, self._members = self._members[workers:], self._members[:workers]
        self._stop(surplus)

    @property
    def size(self) -> int:
        """How many workers there should be."""
        return len(self._members)

    def supervise(self) -> None:
        """Replace the workers that died; call it every second or so.

        Raises:
            ConfigurationError: a worker ended because of something that only a person can mend.
        """
        with self._lock:
            for index, member in enumerate(self._members):
                finished, _ = ray.wait([member.done], timeout=0)
                if finished:
                    self._members[index] = self._replace(member)

    def _replace(self, member: _Member) -> _Member:
        reason = self._cause_of_death(member)
        lived = time.monotonic() - member.started_at
        pause = _FIRST_PAUSE_S if lived > _HEALTHY_AFTER_S else min(member.pause_s * 2, _LONGEST_PAUSE_S)
        log.error("worker died and is started again", worker=member.name, reason=reason, pause_s=pause)
        ray.kill(member.actor)
        self._on_restart()
        time.sleep(pause)
        return self._spawn(member.name, pause)

    @staticmethod
    def _cause_of_death(member: _Member) -> str:
        """Why the worker's loop ended.

        Raises:
            ConfigurationError: nothing but a person can mend it; starting again would only hide it.
        """
        try:
            ray.get(member.done)
        except ray.exceptions.RayTaskError as error:
            if isinstance(error.cause, ConfigurationError):
                raise error.cause from error
            return f"{type(error.cause).__name__}: {error.cause}"
        except ray.exceptions.RayError as error:
            return str(error).strip().splitlines()[-1]
        return "it returned although nobody stopped it"

    def _spawn(self, name: str, pause_s: float) -> _Member:
        remote = ray.remote(_Actor).options(
            num_cpus=1,
            num_gpus=self._gpus,
            max_concurrency=2,
            max_restarts=0,
            max_task_retries=0,
            runtime_env={"env_vars": WIPES_FREED},
        )
        actor = remote.remote(self._build, name)
        return _Member(name, actor, actor.run.remote(), time.monotonic(), pause_s)

    def statuses(self) -> dict[str, tuple[str | None, bytes]]:
        """Per worker that answers: what it complains of, and its metrics. One that does not answer is left out."""
        asked = {member.name: member.actor.status.remote() for member in list(self._members)}
        answered, _ = (
            ray.wait(list(asked.values()), num_returns=len(asked), timeout=_ANSWER_WITHIN_S) if asked else ([], [])
        )
        statuses = {}
        for name, reference in asked.items():
            if reference in answered:
                try:
                    statuses[name] = ray.get(reference)
                except ray.exceptions.RayError:
                    continue
        return statuses

    def pids(self) -> list[int]:
        """Process ids of the workers, for fault tests on one machine."""
        return [int(ray.get(member.actor.pid.remote())) for member in list(self._members)]

    def close(self, patience_s: float = 15.0) -> None:
        """Stop every worker cleanly (commit, leave the group), then let go of Ray."""
        with self._lock:
            members, self._members = self._members, []
        self._stop(members, patience_s)
        ray.shutdown()

    @staticmethod
    def _stop(members: list[_Member], patience_s: float = 15.0) -> None:
        for member in members:
            member.actor.stop.remote()
        if members:
            ray.wait([member.done for member in members], num_returns=len(members), timeout=patience_s)
        for member in members:
            ray.kill(member.actor)
