"""Seals and sends buffered frames, each after a last look at its authority, and counts what became of it."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable

from watchbound.camera.buffers import FrameBuffers
from watchbound.camera.ledger import FrameLedger, ShedReason
from watchbound.domain.errors import InvalidValue, KeyDestroyed, Unavailable
from watchbound.domain.frame import Frame, SealedFrame
from watchbound.domain.standing import Refusal
from watchbound.pipeline.authority import AuthorityView
from watchbound.pipeline.sealing import seal_frame
from watchbound.pipeline.topics import FRAMES
from watchbound.ports import Codec, Delivery, KeyRing, RecordProducer

_TURN_S = 0.1
_SLICE_S = 0.25
_TOUCH_S = 0.001
_ACKNOWLEDGED_WITHIN_S = 35.0
"""Longer than a producer goes on trying, so that its own answer is awaited rather than guessed."""

_WORRYING_S = 2.0
"""An acknowledgement takes milliseconds; one that takes so long is told before its outcome is known."""

_InFlight = tuple[Frame, Delivery]


class FramePublisher:
    """Two threads between the buffers and the log: one sends, one waits for acknowledgements, in order.

    A frame that the broker has not acknowledged is held, up to `in_flight` of them for all cameras together. Beyond
    that nothing more is sent, the buffers fill, and the oldest frames are shed there.
    """

    def __init__(
        self,
        buffers: FrameBuffers,
        producer: RecordProducer,
        codec: Codec[SealedFrame],
        ring: KeyRing,
        authority: AuthorityView,
        ledger: FrameLedger,
        in_flight: int,
    ) -> None:
        self._buffers = buffers
        self._producer = producer
        self._codec = codec
        self._ring = ring
        self._authority = authority
        self._ledger = ledger
        self._in_flight: queue.Queue[_InFlight | None] = queue.Queue(in_flight)
        self._finishing = threading.Event()
        self._deadline_s = float("inf")
        self._complaint: str | None = None
        self._failed: BaseException | None = None
        self._sender = threading.Thread(target=self._guard, args=(self._send_all,), name="frame-sender", daemon=True)
        self._settler = threading.Thread(target=self._guard, args=(self._settle_all,), name="frame-acks", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._sender.start()
        self._settler.start()

    def finish(self, timeout_s: float) -> None:
        """Send what is buffered while authority and time last; shed and count the rest. Call when capture has ended."""
        self._deadline_s = time.monotonic() + timeout_s
        self._finishing.set()
        self._sender.join(timeout_s + 2 * _SLICE_S)
        self._settler.join(timeout_s + 2 * _SLICE_S)
        # A sender that the producer still holds up has left some behind.
        while (frame := self._buffers.take(0.0)) is not None:
            self._shed(frame, ShedReason.SHUTDOWN)

    def ready(self) -> str | None:
        """For /readyz: what the broker last failed to do, or None."""
        return self._complaint

    def live(self) -> str | None:
        """For /healthz: the bug that ended a thread, or None."""
        return None if self._failed is None else f"the frame publisher ended: {self._failed!r}"

    def send(self, frame: Frame) -> Delivery | None:
        """Send one frame if it may still be sent; None when it was refused or shed instead."""
        refusal = self._authority.refusal_of(frame.authorisation_id, frame.camera_id, frame.captured_at)
        if refusal is not None:
            self._ledger.refused(frame.camera_id, frame.authorisation_id, refusal)
            return None
        try:
            value = self._codec.encode(seal_frame(self._ring, frame))
            return self._producer.send(FRAMES.name, frame.camera_id, value)
        except KeyDestroyed:
            self._ledger.refused(frame.camera_id, frame.authorisation_id, Refusal.KEY_DESTROYED)
        except Unavailable as error:
            self._complaint = str(error)
            self._shed(frame, ShedReason.UNAVAILABLE)
        except InvalidValue:
            self._shed(frame, ShedReason.TOO_LARGE)
        return None

    def settle(self, frame: Frame, delivery: Delivery) -> None:
        """Wait for what becomes of a frame, and count it."""
        begun_s = time.monotonic()
        while True:
            asked_s = time.monotonic()
            # Past the deadline each frame is still asked after, once and without patience.
            slice_s = min(_SLICE_S, max(self._deadline_s - asked_s, _TOUCH_S))
            try:
                delivery.wait(slice_s)
            except InvalidValue:
                self._shed(frame, ShedReason.TOO_LARGE)
            except Unavailable as error:
                now_s = time.monotonic()
                # A wait that ends well before its time is the producer's final word.
                undecided = now_s - asked_s >= 0.5 * slice_s
                if not undecided or now_s - begun_s >= _WORRYING_S:
                    self._complaint = str(error)
                if undecided and now_s < min(begun_s + _ACKNOWLEDGED_WITHIN_S, self._deadline_s):
                    continue
                self._shed(frame, ShedReason.UNACKNOWLEDGED)
            else:
                self._complaint = None
                self._ledger.published(frame)
            return

    def _send_all(self) -> None:
        while True:
            frame = self._buffers.take(_TURN_S)
            if frame is None:
                if self._finishing.is_set():
                    break
            elif time.monotonic() >= self._deadline_s:
                self._shed(frame, ShedReason.SHUTDOWN)
            else:
                delivery = self.send(frame)
                if delivery is not None:
                    # Waits while too much is unacknowledged; the settler makes room whatever the broker does.
                    self._in_flight.put((frame, delivery))
        self._in_flight.put(None)

    def _settle_all(self) -> None:
        while (held := self._in_flight.get()) is not None:
            self.settle(*held)

    def _shed(self, frame: Frame, reason: ShedReason) -> None:
        self._ledger.shed(frame.camera_id, frame.authorisation_id, reason)

    def _guard(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:
            self._failed = error
