"""The matching worker: frames in, matches out, and nothing kept of anybody else.

open → decode → detect → track → assess quality → align → embed → search → decide. One worker reads whole cameras, so it
can follow a walking face; a frame never leaves it, and a face that does not match leaves no trace when its track ends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from watchbound.domain.errors import Poison
from watchbound.extraction.wipe import wipe
from watchbound.matching.admission import ShedReason
from watchbound.matching.cameras import Cameras
from watchbound.matching.counts import FrameCounts
from watchbound.matching.follow import PendingShot
from watchbound.matching.intake import Intake
from watchbound.matching.judge import Judge
from watchbound.matching.look import Look
from watchbound.pipeline import metric_names as names
from watchbound.pipeline.dead_letter import DeadLetters
from watchbound.ports import Clock, Delivery, Metrics, Record, TopicPartition

_ACKNOWLEDGED_WITHIN_S = 30.0


class MatchingWorker:
    """A `Stage` over the frames topic.

    Args:
        intake: lets frames in.
        cameras: whom it follows, and how far it is.
        look: finds faces and chooses shots.
        judge: compares them, and announces matches.
        max_frame_age: older frames are shed, so what began earlier cannot be rebuilt by reading again.
    """

    def __init__(
        self,
        intake: Intake,
        cameras: Cameras,
        look: Look,
        judge: Judge,
        dead_letters: DeadLetters,
        counts: FrameCounts,
        clock: Clock,
        metrics: Metrics,
        max_frame_age: timedelta,
    ) -> None:
        self._intake = intake
        self._cameras = cameras
        self._look = look
        self._judge = judge
        self._dead_letters = dead_letters
        self._counts = counts
        self._clock = clock
        self._metrics = metrics
        self._max_frame_age = max_frame_age

    def handle(self, records: Sequence[Record]) -> None:
        """Work through a batch: look at each frame, then compare all chosen shots at once.

        Raises:
            Stopped: the worker was told to stop while the audit log or the watchlist could not be asked.
            Unavailable: an output was not acknowledged; the batch will be read again.
        """
        deliveries: list[Delivery] = []
        pending: list[PendingShot] = []
        for record in records:
            try:
                pending += self._look_at(record)
            except Poison as poison:
                self._counts.dead_lettered(record, poison.reason)
                deliveries.append(self._dead_letters.send(record, poison))
        deliveries += self._judge.compare(pending, self._cameras)
        for delivery in deliveries:
            delivery.wait(_ACKNOWLEDGED_WITHIN_S)
        self._cameras.handled(records)
        self._forget(pending)
        self._judge.settle()

    def watermarks(self) -> Mapping[TopicPartition, int]:
        """What is handled, but never past the first frame of an open passage that a replay could rebuild."""
        return self._cameras.watermarks(self._clock.now() - self._max_frame_age)

    def release(self, partitions: frozenset[TopicPartition]) -> None:
        """Forget the cameras of partitions that go to another worker."""
        self._cameras.release(partitions)

    def _look_at(self, record: Record) -> list[PendingShot]:
        """Find and follow the faces of one frame; the shots that deserve a template."""
        admitted = self._intake.admit(record)
        if admitted is None:
            return []
        frame, authorisation = admitted
        follower = self._cameras.of(record.source, frame)
        if not follower.is_new(frame.captured_at):
            self._counts.shed(frame, ShedReason.OUT_OF_ORDER)
            return []
        jpeg = self._intake.open(frame)
        if jpeg is None:
            return []
        return self._look.at(follower, frame.bare(), authorisation, jpeg, record.offset, self._clock.now())

    def _forget(self, pending: Sequence[PendingShot]) -> None:
        """Overwrite what the batch has left, and end what no frame can continue, also where a camera is silent."""
        now = self._clock.now()
        self._cameras.forget(now - self._max_frame_age)
        followed = self._cameras.passages()
        self._metrics.set(names.TRACKS_OPEN, len(followed))
        shown = {id(passage.evidence.best_context) for passage in followed}
        for each in pending:
            shot = each.sight.shot
            wipe(shot.crop, None if id(shot.context) in shown else shot.context)
        left = not followed and self._look.forget(now)
        self._judge.forget(now, freed=bool(pending) or left)
