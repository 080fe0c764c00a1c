"""From a record to a picture that may be looked at: read, judged by authority and freshness, opened."""

from __future__ import annotations

from watchbound.domain.authorisation import Authorisation
from watchbound.domain.errors import KeyDestroyed, Poison, PoisonReason
from watchbound.domain.frame import SealedFrame
from watchbound.domain.standing import Refusal
from watchbound.matching.admission import FrameAdmission, ShedReason
from watchbound.matching.counts import FrameCounts
from watchbound.pipeline.sealing import open_frame
from watchbound.ports import Codec, KeyRing, Record


class Intake:
    """Lets in what may be looked at, and counts what may not."""

    def __init__(
        self, codec: Codec[SealedFrame], admission: FrameAdmission, ring: KeyRing, counts: FrameCounts
    ) -> None:
        self._codec = codec
        self._admission = admission
        self._ring = ring
        self._counts = counts

    def admit(self, record: Record) -> tuple[SealedFrame, Authorisation] | None:
        """The frame and what permits it, or None.

        Raises:
            Poison: the record is no frame of the camera that it is keyed by, or comes from the future.
        """
        self._counts.received()
        frame = self._codec.decode(record.value or b"")
        if record.key != frame.camera_id:
            detail = f"expected the key {frame.camera_id!r} of the frame's camera, got {(record.key or '')[:80]!r}"
            raise Poison(PoisonReason.WRONG_KEY, detail)
        judged = self._admission.judge(frame)
        if isinstance(judged, Authorisation):
            return frame, judged
        if isinstance(judged, ShedReason):
            self._counts.shed(frame, judged)
        else:
            self._counts.refused(frame, judged)
        return None

    def open(self, frame: SealedFrame) -> bytes | None:
        """The JPEG; None when its key is gone.

        Raises:
            Poison: it was altered, or sealed for another frame.
            Unavailable: the key ring does not answer.
        """
        try:
            return open_frame(self._ring, frame)
        except KeyDestroyed:
            self._counts.refused(frame, Refusal.KEY_DESTROYED)
            return None
