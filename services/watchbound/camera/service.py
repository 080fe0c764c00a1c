"""All cameras of one site in one process: threads, states, tallies, and an orderly end."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from functools import partial

from watchbound.camera.backoff import Backoff
from watchbound.camera.buffers import FrameBuffers
from watchbound.camera.health import CameraState
from watchbound.camera.ledger import FrameLedger
from watchbound.camera.pace import MonotonicPace
from watchbound.camera.publishing import FramePublisher
from watchbound.camera.runner import CameraRunner, Desk, Say
from watchbound.camera.site import CameraConfig, SiteConfig
from watchbound.camera.sources.source import Source
from watchbound.domain.errors import ConfigurationError
from watchbound.domain.frame import SealedFrame
from watchbound.domain.tally import Tally
from watchbound.pipeline.authority import AuthorityView
from watchbound.pipeline.metric_names import CAMERA_STATE
from watchbound.pipeline.tallies import TallyBook, TallyPublisher
from watchbound.ports import Clock, Codec, KeyRing, Metrics, RecordProducer

TALLY_EVERY_S = 1.0
STATE_EVERY_S = 0.25
CAPTURE_ENDS_WITHIN_S = 2.0
FLUSH_WITHIN_S = 3.0
TALLY_WITHIN_S = 2.0

SourceOf = Callable[[CameraConfig], Source]


class CameraService:
    """Runs a site until stopped, or until every camera that plays once has ended.

    Args:
        site: which cameras.
        source_of: makes a camera's source.
        producer: shared by all cameras; closed by whoever made it.
        frame_codec, tally_codec: how values travel.
        ring: seals frames.
        run_id: names this run of this process in tallies, unique for ever.
        chance: jitter of reconnections.
    """

    def __init__(
        self,
        site: SiteConfig,
        source_of: SourceOf,
        producer: RecordProducer,
        frame_codec: Codec[SealedFrame],
        tally_codec: Codec[Tally],
        ring: KeyRing,
        authority: AuthorityView,
        clock: Clock,
        metrics: Metrics,
        run_id: str,
        say: Say,
        chance: random.Random,
    ) -> None:
        limits = {camera.id: camera.buffer_frames for camera in site.cameras}
        self._clock, self._metrics, self._say = clock, metrics, say
        book = TallyBook(run_id, clock)
        ledger = FrameLedger(metrics, book, clock)
        buffers = FrameBuffers(limits)
        desk = Desk(authority, buffers, ledger, clock, metrics, say)
        self._stop = threading.Event()
        self._tallies = TallyPublisher(book, producer, tally_codec)
        self._publisher = FramePublisher(buffers, producer, frame_codec, ring, authority, ledger, sum(limits.values()))
        pace = MonotonicPace(self._stop)
        self._runners = {
            camera.id: CameraRunner(camera, source_of(camera), desk, pace, Backoff(chance)) for camera in site.cameras
        }
        self._shown: dict[str, CameraState] = {}
        self._failed: dict[str, BaseException] = {}
        self._threads = [
            threading.Thread(target=partial(self._capture, runner, name), name=f"camera-{name}", daemon=True)
            for name, runner in self._runners.items()
        ]
        self._tallier = threading.Thread(target=self._tally, name="tallies", daemon=True)

    def run(self, stop: threading.Event) -> None:
        """Start everything, wait for `stop` or the end of all cameras, and close within a few seconds.

        Raises:
            ConfigurationError: a file that plays once gave no picture; the other cameras have ended by then.
            Exception: the bug that ended a camera's thread, once everything else is closed.
        """
        self._show_states()
        self._publisher.start()
        self._tallier.start()
        for thread in self._threads:
            thread.start()
        while not stop.wait(STATE_EVERY_S) and any(thread.is_alive() for thread in self._threads):
            self._show_states()
        self._end()
        for error in self._failed.values():
            raise error

    def states(self) -> dict[str, CameraState]:
        """Each camera's state now."""
        now = self._clock.now()
        return {camera_id: runner.health.state(now) for camera_id, runner in self._runners.items()}

    def ready(self) -> str | None:
        """For /readyz: why nothing useful can be published, or None."""
        complaint = self._publisher.ready()
        if complaint is not None:
            return complaint
        states = self.states()
        if any(state.delivers for state in states.values()):
            return None
        return "no camera delivers: " + ", ".join(f"{name} {state.value}" for name, state in states.items())

    def live(self) -> str | None:
        """For /healthz: the bug that ended a thread, or None."""
        for name, error in self._failed.items():
            # What a person must mend is told by the camera's state: starting the process again mends nothing.
            if not isinstance(error, ConfigurationError):
                return f"camera {name} ended: {error!r}"
        return self._publisher.live()

    def _capture(self, runner: CameraRunner, name: str) -> None:
        try:
            runner.run()
        except Exception as error:
            self._failed[name] = error
            self._say("camera failed", trouble=True, camera=name, cause=repr(error))

    def _tally(self) -> None:
        while not self._stop.wait(TALLY_EVERY_S):
            self._tallies.publish(TALLY_WITHIN_S)

    def _show_states(self) -> None:
        for camera_id, state in self.states().items():
            before = self._shown.get(camera_id)
            if before is state:
                continue
            for known in CameraState:
                self._metrics.set(CAMERA_STATE, float(known is state), camera=camera_id, state=known.value)
            self._shown[camera_id] = state
            was = before.value if before else None
            self._say("camera state", camera=camera_id, state=state.value, before=was)

    def _end(self) -> None:
        """Capture stops, the buffers are sent while authority lasts, the last tallies follow."""
        self._stop.set()
        give_up_s = time.monotonic() + CAPTURE_ENDS_WITHIN_S
        for thread in self._threads:
            # A thread may sit in a read that only its time-out ends; it publishes nothing more and ends with us.
            thread.join(max(give_up_s - time.monotonic(), 0.0))
        self._show_states()
        self._publisher.finish(FLUSH_WITHIN_S)
        self._tallier.join(2 * TALLY_WITHIN_S)
        # What was held for a retry goes first, then what was counted since.
        if not (self._tallies.publish(TALLY_WITHIN_S) and self._tallies.publish(TALLY_WITHIN_S)):
            self._say("last tallies not acknowledged", trouble=True, cause="the broker does not answer")
