"""A deployment that is run in order to be searched: listed people, people who are not, and a canary."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import psutil
import yaml
from prometheus_client.parser import text_string_to_metric_families

from watchbound.adapters.kafka_log import KafkaTopicReader
from watchbound.camera.synthetic import FaceTruth, enrolment_photo
from watchbound.domain.errors import Unavailable
from watchbound.domain.face import Box
from watchbound.domain.frame import Frame
from watchbound.pipeline import metric_names as names
from watchbound.pipeline.topics import ALL_TOPICS
from watchbound.pipeline.whole_topics import read_to_end
from watchbound.ports import Record
from watchbound.settings import KafkaSettings, load
from watchbound.stack.demo import Observer, authorise_and_enrol
from watchbound.stack.demo_plan import FPS, DemoCamera, DemoPlan, synthetic_plan
from watchbound.stack.demo_screen import DemoScreen
from watchbound.stack.embedded import EmbeddedStack, Service

CANARY = "P009"
"""Walks past no other camera, is on no list, and stands before a board of noise that is nobody's but this run's."""

CANARY_CAMERA = "canary"
VECTOR_STORE = "vector store"
_CANARY_SIDE = 240
_READY_S = 180.0
_SETTLE_S = 60.0
_QUIET_S = 2.0
_LOOK_S = 0.1


@dataclass(frozen=True, slots=True)
class Running:
    """A deployment whose cameras have ended and whose tracks have closed; its services still run."""

    stack: EmbeddedStack
    plan: DemoPlan
    authorisation: str
    matching: Service
    alerting: Service
    matches: int

    def records(self) -> list[Record]:
        """Every record of every topic, from the beginning."""
        kafka = load(KafkaSettings, bootstrap=self.stack.environment["WATCHBOUND_KAFKA_BOOTSTRAP"])
        with closing(KafkaTopicReader(kafka, [topic.name for topic in ALL_TOPICS], "prover")) as reader:
            return list(read_to_end(reader, _SETTLE_S))

    def stop(self) -> None:
        """End the services in order, so that what they write at their end is there to be searched."""
        self.matching.process.stop()
        self.alerting.process.stop()

    def processes(self) -> list[tuple[str, int]]:
        """Every process of the deployment: what it is, and its id."""
        children = psutil.Process().children(recursive=True)
        return [(f"{_title(child)} ({child.pid})", child.pid) for child in children if child.is_running()]

    def truth(self) -> Callable[[Frame], tuple[FaceTruth, ...]]:
        """Who can be seen in a frame."""
        footage = {camera.id: camera.truth for camera in self.plan.cameras}

        def of(frame: Frame) -> tuple[FaceTruth, ...]:
            truth = footage[frame.camera_id]
            if truth is None:
                return (_canary_truth(frame.sequence),)
            # The site samples by the footage's own time, so the n-th picture is the one that is due then.
            index = min(round(frame.sequence / FPS * truth.spec.fps), len(truth.frames) - 1)
            return truth.frames[index].faces

        return of


@contextmanager
def deployment(
    folder: Path, world: Path, seconds: float, seed: int, models_cache: Path, screen: DemoScreen
) -> Iterator[Running]:
    """Run one until its footage has ended and its tracks have closed.

    Args:
        folder: of the stack; everything in it is searched.
        world: where the footage lies: what is before the cameras is no part of the system.
        seconds: of footage.
        seed: of the footage and of the canary's board.
        models_cache: where the model packs are.
        screen: told of progress.

    Raises:
        WatchboundError: a part of the stack did not start, or did not come to rest.
    """
    with screen.step(f"rendering {seconds:.0f} s of footage"):
        shown = synthetic_plan(1, seconds, seed, world, world, lambda _done, _of: None)
        canary = draw_canary(world / CANARY_CAMERA, round(seconds * FPS), seed)
        plan = DemoPlan((*shown.cameras, DemoCamera(CANARY_CAMERA, canary, None)), shown.watchlist, None)
    temporary = folder / "tmp"
    temporary.mkdir()
    with EmbeddedStack(folder) as stack:
        stack.environment["WATCHBOUND_MODELS_CACHE"] = str(models_cache)
        stack.environment["TMPDIR"] = str(temporary)
        with screen.step("authorising, enrolling and activating"):
            authorisation = authorise_and_enrol(stack, plan, screen)
        with screen.step("starting a matching worker and alerting"):
            matching = stack.start("matching", ["match", "run", "--workers", "1"], grace_s=30.0)
            alerting = stack.start("alerting", ["alerting", "run"])
            for service in (matching, alerting):
                service.process.wait_until(service.ready, _READY_S)
        kafka = load(KafkaSettings, bootstrap=stack.environment["WATCHBOUND_KAFKA_BOOTSTRAP"])
        with screen.step("people walk by"), Observer(kafka, screen) as observer:
            _play(stack, plan, observer)
            _rest(matching, observer)
        observer.check()
        matches = observer.tallies.workers["matches"]
        if not matches:
            msg = "nobody on the list was matched: a deployment that keeps nothing of anybody proves nothing"
            raise Unavailable(msg)
        yield Running(stack, plan, authorisation, matching, alerting, matches)


def draw_canary(folder: Path, frames: int, seed: int) -> Path:
    """Pictures of the canary before a board of noise; the same for the same seed."""
    folder.mkdir(parents=True)
    random = np.random.default_rng(seed)
    photo = np.asarray(cv2.imread(str(enrolment_photo(CANARY))), np.uint8)
    face = cv2.resize(photo, (_CANARY_SIDE, _CANARY_SIDE), interpolation=cv2.INTER_AREA)
    board = random.integers(0, 256, (720, 400, 3), dtype=np.uint8)
    for number in range(frames):
        picture = np.full((720, 1280, 3), 118, np.uint8)
        picture[:, 880:] = board
        x, y = _canary_corner(number)
        picture[y : y + _CANARY_SIDE, x : x + _CANARY_SIDE] = face
        cv2.imwrite(str(folder / f"{number:05}.png"), picture)
    return folder


def _canary_corner(number: int) -> tuple[int, int]:
    """Left and top of the canary's picture: it walks to and fro."""
    return 60 + 12 * abs(number % 80 - 40), 200 + 3 * (number % 7)


def _canary_truth(number: int) -> FaceTruth:
    x, y = _canary_corner(number)
    side = _CANARY_SIDE
    # The face takes up the middle of the portrait.
    box = Box(x + 0.3 * side, y + 0.2 * side, 0.4 * side, 0.55 * side)
    return FaceTruth(CANARY, box, 0.18 * side, 1.0)


def _play(stack: EmbeddedStack, plan: DemoPlan, observer: Observer) -> None:
    site = stack.folder / "site.yaml"
    cameras = [{"id": camera.id, "fps": FPS, "source": _source(camera)} for camera in plan.cameras]
    site.write_text(yaml.safe_dump({"cameras": cameras}, sort_keys=False))
    service = stack.start("cameras", ["camera", "run", str(site)])
    while service.process.running():
        observer.check()
        time.sleep(_LOOK_S)
    service.process.stop()


def _source(camera: DemoCamera) -> dict[str, object]:
    kind = "images" if camera.id == CANARY_CAMERA else "video"
    return {"kind": kind, "path": str(camera.video), "loop": False}


def _rest(matching: Service, observer: Observer) -> None:
    """Wait until every frame is accounted for, every track has closed, and no alert is on its way.

    Raises:
        Unavailable: that did not happen in time.
    """
    deadline = time.monotonic() + _SETTLE_S
    quiet_since, seen = time.monotonic(), (-1, -1, -1)
    while time.monotonic() < deadline:
        observer.check()
        now = (observer.tallies.unaccounted(), len(observer.alerts.alerts), _open_tracks(matching))
        if now != seen:
            quiet_since, seen = time.monotonic(), now
        if now[0] == 0 and now[2] == 0 and time.monotonic() - quiet_since > _QUIET_S:
            return
        time.sleep(_LOOK_S)
    msg = f"the deployment did not come to rest: {seen[0]} frames unaccounted for, {seen[2]} tracks open"
    raise Unavailable(msg)


def _open_tracks(matching: Service) -> int:
    wanted = names.PREFIX + names.TRACKS_OPEN.name
    families = text_string_to_metric_families(matching.metrics())
    return int(sum(sample.value for family in families for sample in family.samples if sample.name == wanted))


def _title(process: psutil.Process) -> str:
    """What a process is, in a word or two."""
    line: Sequence[str] = process.cmdline()
    words = " ".join(line)
    for sign, title in _TITLES:
        if sign in words:
            return title
    return Path(line[0]).name if line else "ended process"


_TITLES = (
    ("tansu", "broker"),
    ("milvus-lite", VECTOR_STORE),
    ("ray::", "matching worker"),
    ("match run", "matching supervisor"),
    ("alerting run", "alerting"),
    ("raylet", "raylet"),
    ("gcs_server", "ray gcs"),
)
