"""Ray for real: workers that live, die, are replaced, and stop cleanly."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from ipaddress import IPv6Address, ip_address
from multiprocessing import get_context
from pathlib import Path

import psutil
import pytest
import ray

from watchbound.adapters.ray_cluster import WorkerCluster
from watchbound.domain.errors import ConfigurationError

WITHIN_S = 90.0


class Diary:
    """A workload that writes down its life: one file a worker, a line an event."""

    def __init__(self, folder: Path, name: str) -> None:
        self._file = folder / name
        self._stop = threading.Event()
        self._write("born")

    def _write(self, event: str) -> None:
        with self._file.open("a") as file:
            file.write(event + "\n")

    def run(self) -> None:
        self._write("running")
        self._stop.wait()
        self._write("stopped")

    def stop(self) -> None:
        self._stop.set()

    def complaint(self) -> str | None:
        return None

    def exposition(self) -> bytes:
        return b""


class Failing(Diary):
    def run(self) -> None:
        super()._write("failed")
        msg = "this workload fails on purpose"
        raise RuntimeError(msg)


class Misconfigured(Diary):
    def run(self) -> None:
        msg = "WATCHBOUND_SOMETHING: expected another value"
        raise ConfigurationError(msg)


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not holds():
        assert time.monotonic() < deadline, "the condition did not come to hold in time"
        time.sleep(0.05)


def supervised_until(cluster: WorkerCluster, holds: Callable[[], bool]) -> None:
    def look() -> bool:
        cluster.supervise()
        return holds()

    until(look)


def lines(folder: Path, name: str) -> list[str]:
    file = folder / name
    return file.read_text().split() if file.exists() else []


def listening_beyond_loopback() -> list[str]:
    """Where this process and all below it listen, if not on loopback."""
    ours = psutil.Process()
    listening = [
        (process.name(), *socket.laddr)
        for process in [ours, *ours.children(recursive=True)]
        for socket in process.net_connections("inet")
        if socket.status == psutil.CONN_LISTEN
    ]
    assert listening
    return [f"{name} {ip}:{port}" for name, ip, port in listening if not is_loopback(ip)]


def is_loopback(ip: str) -> bool:
    address = ip_address(ip)
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def asked_by_somebody_else(token: str) -> str:
    """What another program of this machine gets from the cluster, with this token or without any."""
    ask = (
        "import sys; from ray._raylet import GcsClient; from ray.exceptions import AuthenticationError\n"
        "try: GcsClient(address=sys.argv[1]).internal_kv_keys(b'', None, 10); print('answered')\n"
        "except AuthenticationError: print('refused')"
    )
    theirs = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": token} if token else {"RAY_AUTH_MODE": "disabled"}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")} | theirs
    address = ray.get_runtime_context().gcs_address
    done = subprocess.run(
        [sys.executable, "-c", ask, address], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    return done.stdout.strip() or done.stderr


def alone(body: Callable[..., None], *arguments: object) -> None:
    """Run a test's body in an interpreter of its own: Ray forks, which a process full of threads does not survive."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        pool.submit(body, *arguments).result()


def live_and_die(folder: Path) -> None:
    restarts: list[int] = []
    cluster = WorkerCluster("local", partial(Diary, folder), 0.0, lambda: restarts.append(1))
    try:
        cluster.scale(2)
        until(lambda: len(cluster.statuses()) == 2)
        beyond = listening_beyond_loopback()
        assert beyond == [], beyond
        assert [asked_by_somebody_else(token) for token in ("", "f" * 64, os.environ["RAY_AUTH_TOKEN"])] == [
            "refused",
            "refused",
            "answered",
        ]

        assert {os.getpriority(os.PRIO_PROCESS, pid) for pid in cluster.pids()} == {os.getpriority(os.PRIO_PROCESS, 0)}

        os.kill(cluster.pids()[0], signal.SIGKILL)
        supervised_until(cluster, lambda: lines(folder, "worker-0").count("running") == 2)
        assert restarts == [1]
        until(lambda: len(cluster.statuses()) == 2)

        cluster.scale(1)
        assert lines(folder, "worker-1")[-1] == "stopped"
        assert cluster.size == 1
    finally:
        cluster.close()
    assert lines(folder, "worker-0")[-1] == "stopped"


def fail_again_and_again(folder: Path) -> None:
    restarts: list[float] = []
    cluster = WorkerCluster("local", partial(Failing, folder), 0.0, lambda: restarts.append(time.monotonic()))
    try:
        cluster.scale(1)
        supervised_until(cluster, lambda: len(restarts) == 3)
    finally:
        cluster.close()
    assert restarts[2] - restarts[1] > restarts[1] - restarts[0]


def need_a_person(folder: Path) -> None:
    restarts: list[int] = []
    cluster = WorkerCluster("local", partial(Misconfigured, folder), 0.0, lambda: restarts.append(1))
    try:
        cluster.scale(1)
        with pytest.raises(ConfigurationError, match="WATCHBOUND_SOMETHING"):
            supervised_until(cluster, lambda: bool(restarts))
    finally:
        cluster.close()
    assert restarts == []


def ask_for_a_gpu(folder: Path) -> None:
    with pytest.raises(ConfigurationError, match="WATCHBOUND_MATCHING_GPUS_PER_WORKER"):
        WorkerCluster("local", partial(Diary, folder), 1.0, lambda: None)


def test_workers_scale_die_come_back_and_stop_cleanly(tmp_path: Path) -> None:
    alone(live_and_die, tmp_path)


def test_a_workload_that_fails_is_tried_again_more_and_more_slowly(tmp_path: Path) -> None:
    alone(fail_again_and_again, tmp_path)


def test_what_only_a_person_can_mend_is_not_tried_again(tmp_path: Path) -> None:
    alone(need_a_person, tmp_path)


def test_a_gpu_that_is_not_there_is_refused(tmp_path: Path) -> None:
    alone(ask_for_a_gpu, tmp_path)
