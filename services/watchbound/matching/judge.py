"""All shots of a batch: embed → fuse → search → decide → announce."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from watchbound.domain.candidate import Candidate
from watchbound.domain.embedding import UNIT_TOLERANCE
from watchbound.domain.errors import KeyDestroyed
from watchbound.extraction.shots import ShotPolicy
from watchbound.extraction.wipe import wipe, wipe_freed
from watchbound.matching.admission import FrameAdmission
from watchbound.matching.announce import MatchAnnouncer
from watchbound.matching.counts import FrameCounts
from watchbound.matching.decide import DecisionPolicy, decide
from watchbound.matching.follow import Follower, Passage, PendingShot, Sight
from watchbound.matching.search import WatchlistSearch
from watchbound.matching.timing import timed
from watchbound.pipeline import metric_names as names
from watchbound.ports import Delivery, Embedder, Metrics

_TEMPLATE_ITEM_BYTES = 4
_QUIET_AFTER = timedelta(seconds=1)
"""Without an embedding for so long, the embedder overwrites what the last one left in it."""
_NO_TEMPLATE = "no_template"
"""The embedder answered with something that is no unit vector; nothing can be compared with it."""


@dataclass(frozen=True, slots=True)
class EvidencePolicy:
    """How evidence is gathered and judged."""

    shots: ShotPolicy = field(default_factory=ShotPolicy)
    decision: DecisionPolicy = field(default_factory=DecisionPolicy)


class Judge:
    """Compares passages with the watchlist of their authorisation, and announces who is on it."""

    def __init__(
        self,
        embedder: Embedder,
        search: WatchlistSearch,
        admission: FrameAdmission,
        announcer: MatchAnnouncer,
        counts: FrameCounts,
        metrics: Metrics,
        policy: EvidencePolicy,
    ) -> None:
        self._embedder = embedder
        self._search = search
        self._admission = admission
        self._announcer = announcer
        self._counts = counts
        self._metrics = metrics
        self._policy = policy
        self._embedded = False
        self._embedded_at: datetime | None = None

    def compare(self, pending: Sequence[PendingShot], followers: Iterable[Follower]) -> list[Delivery]:
        """Embed the shots together, add them to their passages, and ask the watchlist about each passage once.

        Raises:
            Stopped: the worker was told to stop while the audit log or the watchlist could not be asked.
            Unavailable: a match cannot be sent.
        """
        latest = self._fused(pending) if pending else {}
        for passage in self._overtaken(followers):
            latest.setdefault(passage.track.id, passage)
        deliveries: list[Delivery] = []
        by_authorisation: dict[str, list[tuple[Passage, Sight]]] = {}
        for passage in latest.values():
            if passage.latest is not None:
                by_authorisation.setdefault(passage.latest.authorisation.id, []).append((passage, passage.latest))
        for authorisation_id, group in sorted(by_authorisation.items()):
            deliveries += self._judge(authorisation_id, group)
        return deliveries

    def settle(self) -> None:
        """Tell the audit log of searches whose span is over."""
        self._search.settle()

    def forget(self, now: datetime, freed: bool) -> None:
        """Overwrite what is left of templates that were let go of, and the embedder's memory once it has rested.

        Args:
            now: by the trusted clock.
            freed: whether templates may have been let go of since the last time.
        """
        if freed:
            wipe_freed([self._embedder.dimension * _TEMPLATE_ITEM_BYTES])
        if self._embedded:
            self._embedded, self._embedded_at = False, now
        elif self._embedded_at is not None and now - self._embedded_at > _QUIET_AFTER:
            self._embedded_at = None
            self._embedder.forget()

    def _fused(self, pending: Sequence[PendingShot]) -> dict[str, Passage]:
        """Embed the shots and add them to their passages; those passages, by track."""
        crops = np.stack([p.sight.shot.crop for p in pending])
        with timed(self._metrics, "embed"):
            templates = self._embedder.embed(crops)
            self._embedded = True
        wipe(crops)
        self._metrics.count(names.EMBEDDINGS_MADE, len(pending))
        norms = np.linalg.norm(templates, axis=1)
        moved: dict[str, Passage] = {}
        fused: dict[str, Passage] = {}
        for shot, template, norm in zip(pending, templates, norms, strict=True):
            # Written so that NaN fails it too.
            if not abs(norm - 1.0) <= UNIT_TOLERANCE:
                self._counts.skipped(_NO_TEMPLATE)
                shot.passage.evidence.awaited = False
                continue
            passage = self._fuse(shot, template, moved)
            fused[passage.track.id] = passage
        wipe(templates)
        return fused

    def _overtaken(self, followers: Iterable[Follower]) -> list[Passage]:
        """Open passages that were compared before somebody was added to their watchlist.

        They are compared again with the template that they have: whoever is in view when they are listed is found
        without waiting for a better shot.
        """
        overtaken: list[Passage] = []
        for follower in followers:
            additions = self._search.additions(follower.authorisation_id)
            if additions != follower.additions_seen:
                follower.additions_seen = additions
                overtaken += [p for p in follower.passages.values() if p.evidence.count > 0]
        return overtaken

    def _fuse(self, pending: PendingShot, template: NDArray[np.float32], moved: dict[str, Passage]) -> Passage:
        """Add a template to its passage, or to a new one if the track has jumped to another person.

        `moved` holds the passages that took over from a split one in this batch, by the track that they replaced.
        """
        known = pending.passage.track.id
        passage = moved.get(known, pending.passage)
        if not passage.evidence.agrees(template, self._policy.shots):
            passage = moved[known] = pending.follower.split(passage, pending.sight)
            self._metrics.count(names.TRACKS_SPLIT, camera=pending.sight.frame.camera_id)
        passage.evidence.fuse(pending.sight.shot, template)
        passage.latest = pending.sight
        return passage

    def _judge(self, authorisation_id: str, group: Sequence[tuple[Passage, Sight]]) -> Iterable[Delivery]:
        with timed(self._metrics, "search"):
            answers = self._search.until_answered(lambda: self._compared(authorisation_id, group))
        for (passage, sight), candidates in answers:
            if not passage.compared:
                passage.compared = True
                self._counts.compared(sight.frame)
            threshold, categories = sight.authorisation.threshold, sight.authorisation.categories
            # Enrolment refuses the others already; whatever a store holds, nobody else is matched.
            permitted = [candidate for candidate in candidates if candidate.entry.category in categories]
            finding = decide(permitted, passage.evidence.count, threshold, self._policy.decision)
            passage.evidence.judged(finding.standing)
            # The search may have taken its time: authority is asked once more, at the last moment.
            if finding.candidate is not None and self._admission.refusal(sight.frame) is None:
                try:
                    yield self._announcer.announce(passage, sight, finding.candidate, self._embedder.digest)
                except KeyDestroyed:
                    self._metrics.count(names.MATCHES_UNSEALABLE, camera=sight.frame.camera_id)

    def _compared(
        self, authorisation_id: str, group: Sequence[tuple[Passage, Sight]]
    ) -> list[tuple[tuple[Passage, Sight], list[Candidate]]]:
        """The candidates for those of the group who may be compared at this moment; nobody else is.

        Raises:
            Unavailable: see `WatchlistSearch.candidates`.
        """
        permitted = [each for each in group if self._admission.refusal(each[1].frame) is None]
        for passage, _ in group:
            passage.evidence.awaited = False
        if not permitted:
            return []
        probes = np.stack([passage.evidence.fused() for passage, _ in permitted])
        thresholds = frozenset(sight.authorisation.threshold for _, sight in permitted)
        try:
            answers = self._search.candidates(authorisation_id, probes, self._embedder.digest, thresholds)
        finally:
            wipe(probes)
        return list(zip(permitted, answers, strict=True))
