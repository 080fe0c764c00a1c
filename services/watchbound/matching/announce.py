"""Publishes matches: the only thing about a face that ever leaves a worker."""

from __future__ import annotations

from dataclasses import dataclass

import simplejpeg

from watchbound.domain.candidate import Candidate
from watchbound.domain.match import Match
from watchbound.matching.follow import Passage, Sight
from watchbound.pipeline import metric_names as names
from watchbound.pipeline.sealing import seal_crop, seal_template
from watchbound.pipeline.tallies import TallyBook
from watchbound.pipeline.topics import MATCHES
from watchbound.ports import Clock, Codec, Delivery, Image, KeyRing, Metrics, RecordProducer

_CROP_QUALITY = 90


@dataclass(frozen=True, slots=True)
class _Announced:
    """A match on its way, which counts as published once the broker holds it."""

    delivery: Delivery
    metrics: Metrics
    camera_id: str

    def wait(self, timeout_s: float) -> None:
        """See `Delivery.wait`."""
        self.delivery.wait(timeout_s)
        self.metrics.count(names.MATCHES_PUBLISHED, camera=self.camera_id)


class MatchAnnouncer:
    """Makes a `Match` of a passage's evidence, seals its crop and its template, and sends it."""

    def __init__(
        self,
        producer: RecordProducer,
        codec: Codec[Match],
        ring: KeyRing,
        tallies: TallyBook,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self._producer = producer
        self._codec = codec
        self._ring = ring
        self._tallies = tallies
        self._clock = clock
        self._metrics = metrics

    def announce(self, passage: Passage, sight: Sight, candidate: Candidate, model_digest: str) -> Delivery:
        """Send the match that `sight` completed; it is counted when it is waited for.

        Raises:
            KeyDestroyed: the authorisation has no key to seal with.
            Unavailable: the producer's buffer stayed full, or the key ring does not answer.
        """
        frame = sight.frame
        match = Match(
            entry=candidate.entry,
            camera_id=frame.camera_id,
            frame_id=frame.id,
            track_id=passage.track.id,
            first_seen=passage.track.first_seen,
            captured_at=frame.captured_at,
            score=candidate.score,
            threshold=sight.authorisation.threshold,
            shots=passage.evidence.count,
            box=sight.detection.box,
            crop=b"",
            model_digest=model_digest,
            index=passage.next_index(candidate.entry.reference),
        )
        match = seal_crop(self._ring, match, _encode(passage.evidence.best_context, sight.shot.context))
        match = seal_template(self._ring, match, passage.evidence.fused())
        delivery = self._producer.send(MATCHES.name, match.subject, self._codec.encode(match))
        self._tallies.add(frame.camera_id, frame.authorisation_id, matches=1)
        age = (self._clock.now() - frame.captured_at).total_seconds()
        self._metrics.observe(names.CAPTURE_TO_MATCH_SECONDS, max(age, 0.0))
        return _Announced(delivery, self._metrics, frame.camera_id)


def _encode(best: Image | None, otherwise: Image) -> bytes:
    picture = otherwise if best is None else best
    encoded: bytes = simplejpeg.encode_jpeg(picture, _CROP_QUALITY, "BGR", "420")
    return encoded
