"""One camera on fakes: a played source, a clock that moves as the camera waits, and a broker in memory."""

from __future__ import annotations

import random
from collections.abc import Callable, Generator, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from watchbound.adapters import codecs
from watchbound.camera.backoff import Backoff
from watchbound.camera.buffers import FrameBuffers
from watchbound.camera.ledger import FrameLedger
from watchbound.camera.publishing import FramePublisher
from watchbound.camera.runner import CameraRunner, Desk
from watchbound.camera.site import CameraConfig, SyntheticSource
from watchbound.camera.sources.source import LazyPicture, Picture
from watchbound.domain.frame import Frame
from watchbound.domain.moment import Window
from watchbound.domain.tally import Tally
from watchbound.domain.written_authority import WrittenAuthority
from watchbound.pipeline import metric_names as names
from watchbound.pipeline.authority import AuthorityView
from watchbound.pipeline.sealing import open_frame
from watchbound.pipeline.tallies import TallyBook
from watchbound.pipeline.topics import FRAMES
from watchbound.testing.clock import ManualClock
from watchbound.testing.keyring import FakeKeyRing
from watchbound.testing.log import InMemoryBroker
from watchbound.testing.metrics import RecordedMetrics
from watchbound.testing.office import Office, terms

OFFICE = Office()
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
CHANCE = np.random.default_rng(3)


def picture_of(due_s: float) -> LazyPicture:
    return LazyPicture(due_s, lambda: CHANCE.integers(0, 255, (48, 64, 3)).astype(np.uint8))


def authorisation(
    *cameras: str, start: datetime = NOON, end: datetime = NOON + timedelta(hours=1), cancelled: bool = False
) -> WrittenAuthority:
    given = terms(cameras=frozenset(cameras), window=Window(start, end))
    return OFFICE.cancelled(given) if cancelled else OFFICE.active(given)


class ClockPace:
    """A `Pace` on a manual clock: waiting moves it on, so nothing ever waits in truth."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self.stop = False
        self.waits: list[float] = []
        self.on_wait: Callable[[], None] = lambda: None

    def now_s(self) -> float:
        return (self._clock.now() - NOON).total_seconds()

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self._clock.advance(seconds)
        self.on_wait()
        return self.stop

    def stopped(self) -> bool:
        return self.stop


class PlayedSource:
    """Openings one after the other: pictures, then the end or an error."""

    def __init__(self, *openings: Sequence[Picture | Exception], live: bool = False, heals: bool = True) -> None:
        self.openings = list(openings)
        self.live = live
        self.heals = heals

    def pictures(self) -> Generator[Picture, None, None]:
        for picture in self.openings.pop(0):
            if isinstance(picture, Exception):
                raise picture
            yield picture


class SiteOfOne:
    """A camera named `north` and everything around it."""

    def __init__(self, source: PlayedSource, fps: float = 5.0, buffer_frames: int = 8) -> None:
        self.clock = ManualClock(NOON)
        self.metrics = RecordedMetrics()
        self.broker = InMemoryBroker(self.clock)
        self.ring = FakeKeyRing()
        self.ring.create("op-1")
        self.authority = AuthorityView(self.clock, max_age_s=1e9, trust=OFFICE.trust)
        self.authority.confirm()
        self.book = TallyBook("run-1", self.clock)
        self.pace = ClockPace(self.clock)
        self.said: list[tuple[str, dict[str, object]]] = []
        self.buffers = FrameBuffers({"north": buffer_frames})
        self.ledger = FrameLedger(self.metrics, self.book, self.clock)
        desk = Desk(self.authority, self.buffers, self.ledger, self.clock, self.metrics, self._say)
        camera = CameraConfig(
            id="north",
            source=SyntheticSource(kind="synthetic", seed=1, seconds=60),
            fps=fps,
            jpeg_quality=85,
            buffer_frames=buffer_frames,
        )
        self.runner = CameraRunner(camera, source, desk, self.pace, Backoff(random.Random(1)))
        self.publisher = FramePublisher(
            self.buffers, self.broker.producer(), codecs.FRAME, self.ring, self.authority, self.ledger, in_flight=8
        )

    def send_buffered(self) -> None:
        """What the publisher's threads do, in this one."""
        while (frame := self.buffers.take(0.0)) is not None:
            delivery = self.publisher.send(frame)
            if delivery is not None:
                self.publisher.settle(frame, delivery)

    def published(self) -> list[Frame]:
        """What is on the log, opened."""
        sealed = [codecs.FRAME.decode(record.value or b"") for record in self.broker.records(FRAMES.name)]
        return [
            Frame(f.camera_id, f.sequence, f.captured_at, f.authorisation_id, open_frame(self.ring, f)) for f in sealed
        ]

    def counted(self) -> dict[str, float]:
        """captured, published, shed, refused by the metrics, and what is still held."""
        return {
            "captured": self.metrics.total(names.FRAMES_CAPTURED),
            "published": self.metrics.total(names.FRAMES_PUBLISHED),
            "shed": self.metrics.total(names.FRAMES_SHED),
            "refused": self.metrics.total(names.FRAMES_REFUSED),
            "held": float(len(self.buffers)),
        }

    def tallied(self) -> dict[str, int]:
        tallies: list[Tally] = self.book.drain()
        return {name: sum(tally.counts()[name] for tally in tallies) for name in ("published", "shed", "refused")}

    def _say(self, event: str, /, *, trouble: bool = False, **facts: object) -> None:
        self.said.append((event, facts))
