"""One camera's loop: open, sample, look, ask for authority, encode, buffer; and open again when the source is lost."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import simplejpeg

from watchbound.camera.backoff import Backoff
from watchbound.camera.buffers import FrameBuffers
from watchbound.camera.health import CameraHealth
from watchbound.camera.ledger import FrameLedger, ShedReason
from watchbound.camera.pace import Pace
from watchbound.camera.sampling import Sampler
from watchbound.camera.site import CameraConfig
from watchbound.camera.sources.source import Picture, Source
from watchbound.domain.authorisation import Authorisation
from watchbound.domain.errors import ConfigurationError, Poison, Unavailable
from watchbound.domain.frame import Frame
from watchbound.pipeline.authority import AuthorityView
from watchbound.pipeline.metric_names import CAMERA_RECONNECTS
from watchbound.pipeline.topics import FRAMES
from watchbound.ports import Clock, Image, Metrics

GOOD_STRETCH = timedelta(seconds=10)
"""Pictures for so long end an outage: a source that opens and dies at once keeps its growing waits."""
LATE_S = 0.5
"""A played picture that comes later than this is let go, so that the next can be on time."""
HOPELESS_S = 2.0
"""So far behind, catching up would let go of everything: the source is played on from here, late."""
DAMAGED_IN_A_ROW = 50
"""Ten seconds of damaged pictures at 5 a second: the connection itself is taken for broken."""
LARGEST_JPEG = FRAMES.max_message_bytes - 4096
"""The broker's limit less room for the record around the picture."""


class Say(Protocol):
    """Where news for the log goes; what is said here names no person and no password."""

    def __call__(self, event: str, /, *, trouble: bool = False, **facts: object) -> None:
        """Tell; `trouble` is what somebody may have to see to."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What every camera of a process shares."""

    authority: AuthorityView
    buffers: FrameBuffers
    ledger: FrameLedger
    clock: Clock
    metrics: Metrics
    say: Say


class CameraRunner:
    """Belongs to one thread; `health` may be asked from others."""

    def __init__(self, camera: CameraConfig, source: Source, desk: Desk, pace: Pace, backoff: Backoff) -> None:
        self._camera = camera
        self._source = source
        self._desk = desk
        self._pace = pace
        self._backoff = backoff
        self._sequence = 0
        self._damaged = 0
        self.health = CameraHealth(camera.fps, desk.clock.now())

    def run(self) -> None:
        """Until stopped, or until a source that plays once has ended.

        Raises:
            ConfigurationError: a source that does not heal gave no picture.
        """
        while not self._pace.stopped():
            self.health.connecting(self._desk.clock.now())
            try:
                ended = self._play()
            except Unavailable as error:
                if not self._source.heals:
                    self._ended(str(error))
                    return
                self._lost(error)
            else:
                if ended:
                    self._ended()
                return

    def _ended(self, cause: str | None = None) -> None:
        """There is no more to come, because of `cause` if it was cut short."""
        if self._sequence == 0 and not self._source.heals:
            self.health.disconnected(self._desk.clock.now())
            msg = f"camera {self._camera.id}: expected pictures, got none: {cause or 'every one is damaged'}"
            raise ConfigurationError(msg)
        self.health.ended(self._desk.clock.now())
        if cause is not None:
            self._desk.say("camera cut short", trouble=True, camera=self._camera.id, cause=cause)

    def _lost(self, error: Unavailable) -> None:
        """Wait before the next attempt, longer each time."""
        self.health.disconnected(self._desk.clock.now())
        wait_s = self._backoff.next_s()
        facts = {"cause": str(error), "again_in_s": round(wait_s, 2)}
        self._desk.say("camera lost", trouble=True, camera=self._camera.id, **facts)
        if not self._pace.wait(wait_s):
            self._desk.metrics.count(CAMERA_RECONNECTS, camera=self._camera.id)

    def _play(self) -> bool:
        """One opening of the source; True when it ended by itself."""
        sampler = Sampler(self._camera.fps)
        with closing(self._source.pictures()) as pictures:
            begun_s: float | None = None
            for picture in pictures:
                now_s = self._pace.now_s()
                if begun_s is None:
                    begun_s = now_s - picture.due_s
                    self._desk.say("camera opened", camera=self._camera.id)
                if self._pace.stopped():
                    return False
                if not sampler.keep(now_s if self._source.live else picture.due_s):
                    continue
                late_s = 0.0 if self._source.live else now_s - (begun_s + picture.due_s)
                if late_s < 0 and self._pace.wait(-late_s):
                    return False
                if late_s > HOPELESS_S:
                    self._desk.say("camera plays late", trouble=True, camera=self._camera.id, behind_s=round(late_s, 1))
                    begun_s, late_s = begun_s + late_s, 0.0
                self._sampled(picture, late=late_s > LATE_S)
        return not self._pace.stopped()

    def _sampled(self, picture: Picture, *, late: bool) -> None:
        try:
            self._look(picture, late=late)
            self._damaged = 0
        except Poison as poison:
            self._damaged += 1
            if self._damaged == 1:
                self._desk.say("picture damaged", trouble=True, camera=self._camera.id, cause=poison.detail)
            if self._damaged >= DAMAGED_IN_A_ROW and self._source.heals:
                self._damaged = 0
                msg = f"{DAMAGED_IN_A_ROW} pictures in a row are damaged, the last: {poison.detail}"
                raise Unavailable(msg) from poison

    def _look(self, picture: Picture, *, late: bool) -> None:
        """Health first, which every picture is looked at for; then authority, without which nothing else is done."""
        desk, camera_id, now = self._desk, self._camera.id, self._desk.clock.now()
        self.health.saw(picture.luma(), now)
        if self.health.good_for(now) >= GOOD_STRETCH:
            self._backoff.reset()
        authority = desk.authority.covering(camera_id)
        authorised = isinstance(authority, Authorisation)
        # Conversion may find damage too: what is counted as captured must be there.
        image = picture.image() if authorised and not late else None
        sequence, self._sequence = self._sequence, self._sequence + 1
        desk.ledger.captured(camera_id)
        if not isinstance(authority, Authorisation):
            desk.ledger.refused(camera_id, "", authority)
        elif image is None:
            desk.ledger.shed(camera_id, authority.id, ShedReason.LATE)
        else:
            jpeg = encode_jpeg(image, self._camera.jpeg_quality)
            self._hand_over(Frame(camera_id, sequence, now, authority.id, jpeg))

    def _hand_over(self, frame: Frame) -> None:
        """To the buffer, which never makes capture wait."""
        ledger = self._desk.ledger
        if len(frame.jpeg) > LARGEST_JPEG:
            ledger.shed(frame.camera_id, frame.authorisation_id, ShedReason.TOO_LARGE)
            return
        oldest = self._desk.buffers.push(frame)
        if oldest is not None:
            ledger.shed(oldest.camera_id, oldest.authorisation_id, ShedReason.BACKPRESSURE)


def encode_jpeg(image: Image, quality: int) -> bytes:
    """A JPEG with chroma at half resolution, of a picture of shape (height, width, 3), blue-green-red."""
    data: bytes = simplejpeg.encode_jpeg(image, quality=quality, colorspace="BGR", colorsubsampling="420")
    return data
