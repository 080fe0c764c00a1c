"""`make kafka-up`, `make milvus-up` and their `-down`: real services that outlive the terminal that started them.

    python -m tools.services up kafka [--brokers 3] | up milvus | down kafka | down milvus

A keeper process in the background owns the service: what it starts ends with it, however it ends. Its folder under
`.cache/services/` holds data, logs, the keeper's process id and, once the service answers, its address.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import AbstractContextManager
from pathlib import Path

from watchbound.adapters.service import stop_on_signals
from watchbound.stack.apache_kafka import ApacheKafka

_ROOT = Path(__file__).parents[1]
_READY_S = 180.0
_LOOK_AGAIN_S = 0.1


def _open(name: str, folder: Path, brokers: int) -> tuple[AbstractContextManager[object], str]:
    """The running service, and how our services are told of it."""
    if name == "kafka":
        kafka = ApacheKafka(folder, brokers)
        return kafka, f"WATCHBOUND_KAFKA_BOOTSTRAP={kafka.bootstrap}"
    # Not every platform has the package.
    from watchbound.stack.milvus_standalone import MilvusServer

    milvus = MilvusServer(folder)
    return milvus, f"WATCHBOUND_MILVUS_URI={milvus.uri}"


def keep(name: str, folder: Path, brokers: int) -> None:
    """Be the keeper, until told to stop."""
    stop = stop_on_signals()
    service, address = _open(name, folder, brokers)
    with service:
        partial = folder / "address.partial"
        partial.write_text(address + "\n")
        partial.rename(folder / "address")
        stop.wait()


def up(name: str, folder: Path, brokers: int) -> str:
    """Start the keeper and wait for the address; one that runs already is left alone."""
    address = folder / "address"
    if _keeper(folder) is None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        command = [sys.executable, "-m", "tools.services", "keep", name, "--brokers", str(brokers)]
        with (folder / "keeper.log").open("ab") as log:
            process = subprocess.Popen(command, cwd=_ROOT, stdout=log, stderr=log, start_new_session=True)  # noqa: S603
        (folder / "keeper.pid").write_text(str(process.pid))
    deadline = time.monotonic() + _READY_S
    while not address.exists():
        if _keeper(folder) is None or time.monotonic() > deadline:
            sys.exit(f"{name} did not start; {folder / 'keeper.log'} says:\n{(folder / 'keeper.log').read_text()}")
        time.sleep(_LOOK_AGAIN_S)
    return address.read_text().strip()


def down(folder: Path) -> None:
    """End the keeper, and with it the service; its data goes too."""
    process = _keeper(folder)
    if process is not None:
        os.kill(process, signal.SIGTERM)
        while _keeper(folder) is not None:
            time.sleep(_LOOK_AGAIN_S)
    shutil.rmtree(folder, ignore_errors=True)


def _keeper(folder: Path) -> int | None:
    """The process id of a keeper that runs; a number that another program has taken since is not believed."""
    try:
        process = int((folder / "keeper.pid").read_text())
        command = Path(f"/proc/{process}/cmdline").read_bytes()
    except (OSError, ValueError):
        return None
    return process if b"tools.services" in command else None


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Real services for developers, on loopback.")
    parser.add_argument("act", choices=["up", "down", "keep"])
    parser.add_argument("service", choices=["kafka", "milvus"])
    parser.add_argument("--brokers", type=int, choices=[1, 3], default=1, help="of kafka")
    asked = parser.parse_args()
    folder = _ROOT / ".cache" / "services" / asked.service
    if asked.act == "keep":
        keep(asked.service, folder, asked.brokers)
    elif asked.act == "up":
        print(f"export {up(asked.service, folder, asked.brokers)}")
    else:
        down(folder)


if __name__ == "__main__":
    main()
