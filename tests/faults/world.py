"""A deployment on the real stack: services that are started again when they die, as an orchestrator would."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psutil
from prometheus_client.parser import text_string_to_metric_families

from tests.faults.follower import Follower
from tests.faults.link import Link
from watchbound.adapters.allocator import WIPES_FREED
from watchbound.domain.errors import Unavailable
from watchbound.pipeline import metric_names as names
from watchbound.pipeline.topics import FRAMES
from watchbound.settings import KafkaSettings, MilvusSettings, load
from watchbound.stack.demo import PASSAGE_GAP_S, authorise_and_enrol
from watchbound.stack.demo_plan import DemoPlan
from watchbound.stack.demo_screen import DemoScreen
from watchbound.stack.embedded import CommandFailed, Service
from watchbound.stack.processes import ChildProcess, free_port
from watchbound.stack.real import RealStack

WORKERS = 2
MAX_FRAME_AGE_S = 90.0
"""Frames are not shed for their age here: whatever was admitted must be looked at, however long a fault lasts."""

_WORKER = Path(__file__).with_name("worker.py")
_READY_S = 900.0
_LOOK_S = 0.1
_RESTART_AFTER_S = 1.0


class Kept:
    """One service, started again whenever its process has ended."""

    def __init__(self, start: Callable[[], Service]) -> None:
        self._start = start
        self.service = start()
        self.restarts = 0

    def stop(self) -> None:
        """End it for good."""
        self.service.process.stop()

    def look(self) -> None:
        """Start it again if it has ended."""
        if not self.service.process.running():
            time.sleep(_RESTART_AFTER_S)
            # Whatever it had started must not go on beside the new one.
            self.service.process.stop()
            self.service = self._start()
            self.restarts += 1


@dataclass(slots=True)
class Links:
    """The links of the matching workers: one to each broker, one to Milvus."""

    brokers: list[Link]
    milvus: Link


class World:
    """Everything that a fault may touch.

    Attributes:
        stack: broker, vector store, keys.
        links: between the workers and both.
        random: seeded; every choice of a fault comes from here.
        authorisation: the one in force, or None.
        matching: the service, or the workers where there is no Ray.
        alerting: the service.
        follower: what is on the log.
    """

    def __init__(self, stack: RealStack, links: Links, plan: DemoPlan, screen: DemoScreen, with_ray: bool) -> None:
        self.stack = stack
        self.links = links
        self.plan = plan
        self.random = random.Random(0)
        self.screen = screen
        self.authorisation: str | None = None
        self.kafka = load(KafkaSettings, bootstrap=stack.kafka.bootstrap)
        self.milvus = load(MilvusSettings, uri=stack.milvus.uri)
        self.with_ray = with_ray
        self.matching = (
            [Kept(self._start_matching)]
            if with_ray
            else [Kept(partial(self._start_worker, f"worker-{number}")) for number in range(WORKERS)]
        )
        self.alerting = Kept(lambda: stack.start("alerting", ["alerting", "run"]))

    def start(self) -> None:
        """Wait until the services are ready."""
        deadline = time.monotonic() + _READY_S
        while not self.ready():
            self.look()
            if time.monotonic() > deadline:
                msg = f"not ready in time: {self.matching[0].service.process.log_tail()}"
                raise Unavailable(msg)
            time.sleep(_LOOK_S)

    def look(self) -> None:
        """Start again what has died; called by the runner's thread only."""
        for each in (*self.matching, self.alerting):
            each.look()

    def wait(self, seconds: float) -> None:
        """Let time pass; what dies meanwhile is started again."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.look()
            time.sleep(_LOOK_S)

    def ready(self) -> bool:
        """Whether all services say that they do their work."""
        return all(each.service.ready() for each in (*self.matching, self.alerting))

    def unread(self) -> int | None:
        """Frame records that the workers, all of them, have not read yet; None while one of them does not tell."""
        wanted = names.PREFIX + names.CONSUMER_LAG.name
        try:
            text = "".join(each.service.metrics() for each in self.matching)
        except OSError:
            return None
        samples = [s for family in text_string_to_metric_families(text) for s in family.samples if s.name == wanted]
        told = {sample.labels["partition"] for sample in samples if sample.labels["topic"] == FRAMES.name}
        return int(sum(sample.value for sample in samples)) if len(told) == FRAMES.partitions else None

    def authorise(self) -> None:
        """Draft, sign, enrol, activate: unless one is in force."""
        if self.authorisation is None:
            self.authorisation = authorise_and_enrol(self.stack, self.plan, self.screen)

    def cancel(self) -> None:
        """Cancel it; insists until the broker takes it, as an officer would."""
        whose = self.authorisation
        assert whose is not None
        while True:
            try:
                self.stack.call(
                    ["authorise", "cancel", whose, "--reason", "a fault's middle", *self.stack.key("officer")]
                )
            except CommandFailed:
                time.sleep(_LOOK_S)
                continue
            self.authorisation = None
            return

    def workers(self) -> list[psutil.Process]:
        """The processes of the matching workers."""
        if not self.with_ray:
            return [psutil.Process(each.service.process.pid) for each in self.matching]
        return [p for p in self._of_matching() if "ray::_Actor" in " ".join(_command(p))]

    def ray_head(self) -> psutil.Process:
        """Ray's own head process."""
        return next(p for p in self._of_matching() if "gcs_server" in " ".join(_command(p))[:500])

    def _of_matching(self) -> Sequence[psutil.Process]:
        return psutil.Process(self.matching[0].service.process.pid).children(recursive=True)

    def _detour(self) -> dict[str, str]:
        return {
            "WATCHBOUND_KAFKA_BOOTSTRAP": self.stack.kafka.detoured,
            "WATCHBOUND_MILVUS_URI": f"http://127.0.0.1:{self.links.milvus.port}",
        }

    def _start_matching(self) -> Service:
        command = ["match", "run", "--workers", str(WORKERS)]
        return self.stack.start("matching", command, grace_s=30.0, environment=self._detour())

    def _start_worker(self, name: str) -> Service:
        port = free_port()
        environment = {**WIPES_FREED, **self.stack.environment, **self._detour(), "WATCHBOUND_HTTP_PORT": str(port)}
        command = [sys.executable, str(_WORKER), name]
        return Service(ChildProcess(name, command, self.stack.folder, environment, grace_s=30.0), port)


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


@contextmanager
def world(
    folder: Path, brokers: int, plan: DemoPlan, models_cache: Path, screen: DemoScreen, with_ray: bool
) -> Iterator[tuple[World, Follower]]:
    """A deployment that runs, authorised, and somebody who follows its topics."""
    with ExitStack() as opened:
        links: list[Link] = []

        def detour(port: int) -> int:
            links.append(Link(port))
            opened.callback(links[-1].close)
            return links[-1].port

        stack = RealStack(folder, brokers, detour)
        opened.enter_context(stack)
        to_brokers = list(links)
        detour(stack.milvus.port)
        stack.environment |= {
            "WATCHBOUND_MODELS_CACHE": str(models_cache),
            "WATCHBOUND_ALERTING_PASSAGE_GAP_S": str(PASSAGE_GAP_S),
            "WATCHBOUND_MATCHING_MAX_FRAME_AGE_S": str(MAX_FRAME_AGE_S),
            "WATCHBOUND_MATCHING_POISON_RETRY_S": "2",
        }
        made = World(stack, Links(to_brokers, links[-1]), plan, screen, with_ray)
        for each in made.matching:
            opened.callback(each.stop)
        made.authorise()
        made.start()
        follower = opened.enter_context(Follower(made.kafka))
        yield made, follower
