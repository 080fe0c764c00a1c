"""Apache Kafka from its Maven artifacts, without containers: a tool for developers, tests and the fault suite.

One or three brokers on loopback, each broker and controller at once (KRaft). It needs `java` and, the first time,
`mvn`. Nothing of it is meant for production: there the brokers run apart from their controllers, on machines of their
own, with the settings of `SAFE` and `FAST_FAILOVER`.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from watchbound.domain.errors import ConfigurationError
from watchbound.stack.processes import ChildProcess, accepts, free_port

VERSION = "4.1.1"
REPLICAS = 3
"""Of every topic, where there are brokers enough: one may be lost without a pause, and none of the records with it."""

SAFE = {
    "default.replication.factor": str(REPLICAS),
    "min.insync.replicas": "2",
    "offsets.topic.replication.factor": str(REPLICAS),
    "transaction.state.log.replication.factor": str(REPLICAS),
    "transaction.state.log.min.isr": "2",
}
"""An acknowledged record stands on two brokers at least, and so does a committed offset."""

FAST_FAILOVER = {
    "broker.session.timeout.ms": "1500",
    "broker.heartbeat.interval.ms": "300",
    "controller.quorum.fetch.timeout.ms": "1000",
    "controller.quorum.election.timeout.ms": "500",
}
"""How soon a silent broker is taken for dead: `loadtest/failover.py` measures it, docs/reliability.md prices it."""

Detour = Callable[[int], int]

_LIBS = Path(f"~/.cache/watchbound/kafka-{VERSION}")
_DOWNLOAD_S = 300
_READY_S = 120.0

_POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>watchbound</groupId><artifactId>kafka-broker</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{VERSION}</version>
    </dependency>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>{VERSION}</version>
    </dependency>
  </dependencies>
</project>
"""

_ALWAYS = {
    "process.roles": "broker,controller",
    "controller.listener.names": "CONTROLLER",
    # Without this delay a new group reads after 0.6 s instead of 3.6 s.
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    "offsets.topic.num.partitions": "1",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "auto.create.topics.enable": "false",
}


def missing() -> str | None:
    """What this machine lacks to run Kafka, or None."""
    wanted = ["java"] if _libs_are_there() else ["java", "mvn"]
    lacking = [tool for tool in wanted if shutil.which(tool) is None]
    return f"Apache Kafka needs {' and '.join(lacking)}" if lacking else None


class Broker:
    """One node of a cluster, which may be killed and started again with the data that it had.

    Attributes:
        node: its id, from 1.
        port: where clients reach it, on loopback.
        process: the running program.
    """

    process: ChildProcess

    def __init__(self, node: int, port: int, folder: Path, properties: Path) -> None:
        self.node = node
        self.port = port
        self._folder = folder
        self._command = [*_java("-Xmx512m"), "kafka.Kafka", str(properties)]

    def start(self) -> None:
        """Start it; returns at once, before it serves."""
        self.process = ChildProcess(f"kafka-{self.node}", self._command, self._folder, grace_s=30.0)

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()

    def stop(self) -> None:
        """End it in order: it hands its leaderships over first."""
        self.process.stop()


class ApacheKafka:
    """A cluster, as a context manager; its data stays in `folder`.

    Args:
        folder: for configuration, data and logs.
        size: how many brokers, one or three.
        properties: of every broker, on top of what it needs anyway, and of `SAFE` and `FAST_FAILOVER` with three;
            `{port}` and `{controller}` in them are the ports of its listeners.
        detour: given a port of a broker, the port where clients of a second listener are to be sent instead: a proxy.

    Attributes:
        bootstrap: `host:port` of every broker, comma-separated.
        detoured: the same for clients that take the detour; empty where there is none.
        brokers: the nodes.

    Raises:
        ConfigurationError: there is no `java`, or no `mvn` to fetch Kafka with.
        Unavailable: it did not start; the message shows the end of its log.
    """

    def __init__(
        self,
        folder: Path,
        size: int = 1,
        properties: Mapping[str, str] | None = None,
        detour: Detour | None = None,
    ) -> None:
        if problem := missing():
            raise ConfigurationError(problem)
        _fetch_libs()
        ports = [(free_port(), free_port()) for _ in range(size)]
        voters = ",".join(f"{node}@127.0.0.1:{controller}" for node, (_, controller) in enumerate(ports, start=1))
        self.bootstrap = ",".join(f"127.0.0.1:{port}" for port, _ in ports)
        shared = {**_ALWAYS, "controller.quorum.voters": voters}
        if size > 1:
            shared |= SAFE | FAST_FAILOVER
        shared |= properties or {}
        detours = [_Detoured.by(detour) for _ in range(size)] if detour else [None] * size
        self.detoured = ",".join(f"127.0.0.1:{each.advertised}" for each in detours if each)
        files = [
            _write(folder / f"node-{n}", n, *pair, each, shared)
            for n, (pair, each) in enumerate(zip(ports, detours, strict=True), start=1)
        ]
        _format(files)
        self.brokers = [Broker(n, ports[n - 1][0], folder, file) for n, file in enumerate(files, start=1)]
        self.start()

    def start(self) -> None:
        """Start every broker that does not run, and wait until all serve."""
        for broker in self.brokers:
            if not hasattr(broker, "process") or not broker.process.running():
                broker.start()
        self.wait_whole()

    def kill(self) -> None:
        """End every broker as a crash would."""
        for broker in self.brokers:
            broker.kill()

    def wait_whole(self) -> None:
        """Return once every broker knows all the others.

        Raises:
            Unavailable: that did not happen in time.
        """
        for broker in self.brokers:
            broker.process.wait_until(lambda broker=broker: self._knows_all(broker), _READY_S)  # type: ignore[misc]

    def _knows_all(self, broker: Broker) -> bool:
        """A port that is open is not yet a broker that knows its cluster."""
        if not accepts(broker.port):
            return False
        try:
            administrator = KafkaAdminClient(
                bootstrap_servers=f"127.0.0.1:{broker.port}", bootstrap_timeout_ms=1000, request_timeout_ms=5000
            )
        except KafkaError:
            return False
        try:
            return len(administrator.describe_cluster()["brokers"]) == len(self.brokers)
        except KafkaError:
            return False
        finally:
            administrator.close()

    def __enter__(self) -> ApacheKafka:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Its data is a test's: it need not be saved.
        for broker in self.brokers:
            broker.kill()
            broker.stop()


@dataclass(frozen=True, slots=True)
class _Detoured:
    """A broker's second listener: where it listens, and where its clients are told to go."""

    port: int
    advertised: int

    @classmethod
    def by(cls, detour: Detour) -> _Detoured:
        port = free_port()
        return cls(port, detour(port))


def _write(
    folder: Path, node: int, port: int, controller: int, detoured: _Detoured | None, shared: Mapping[str, str]
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    listeners, advertised = f"PLAINTEXT://127.0.0.1:{port}", f"PLAINTEXT://127.0.0.1:{port}"
    if detoured is not None:
        listeners += f",DETOUR://127.0.0.1:{detoured.port}"
        advertised += f",DETOUR://127.0.0.1:{detoured.advertised}"
    own = {
        "node.id": str(node),
        "listeners": f"{listeners},CONTROLLER://127.0.0.1:{controller}",
        "advertised.listeners": advertised,
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,DETOUR:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": str(folder / "data"),
    }
    path = folder / "server.properties"
    # What the caller says wins over our listeners too.
    lines = [f"{name}={value.format(port=port, controller=controller)}\n" for name, value in {**own, **shared}.items()]
    path.write_text("".join(lines))
    return path


def _format(files: Sequence[Path]) -> None:
    """Make the folders of a new cluster, those of all nodes at once."""
    cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    # In one word: one id in 64 begins with a hyphen, and would be taken for another option.
    named = f"--cluster-id={cluster}"
    tool = [*_java("-Xmx128m"), "kafka.tools.StorageTool", "format", "--ignore-formatted", named, "-c"]
    running = [
        subprocess.Popen([*tool, str(file)], cwd=file.parent, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)  # noqa: S603
        for file in files
    ]
    for process in running:
        told, _ = process.communicate()
        if process.returncode != 0:
            msg = f"Kafka refuses its configuration: {told.decode(errors='replace').strip()[-1500:]}"
            raise ConfigurationError(msg)


def _java(heap: str) -> list[str]:
    return [str(shutil.which("java")), heap, "-cp", f"{_LIBS.expanduser()}/*"]


def _libs_are_there() -> bool:
    return any(_LIBS.expanduser().glob("kafka_2.13-*.jar"))


def _fetch_libs() -> None:
    """Have Maven copy Kafka's jars into the cache, once; they appear there at once or not at all."""
    if _libs_are_there():
        return
    libs = _LIBS.expanduser()
    libs.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=libs.parent) as folder:
        pom = Path(folder) / "pom.xml"
        pom.write_text(_POM)
        fresh = Path(folder) / "libs"
        command = ["mvn", "-B", "-q", "-f", str(pom), "dependency:copy-dependencies", f"-DoutputDirectory={fresh}"]
        subprocess.run(command, check=True, timeout=_DOWNLOAD_S)  # noqa: S603 - no shell, nothing of a user's
        fresh.rename(libs)
