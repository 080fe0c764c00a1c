"""Asks the watchlist: the gallery for what it has settled, the delta for what changed in the last minutes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from watchbound.domain.candidate import Candidate
from watchbound.domain.errors import Unavailable, UnknownReference
from watchbound.domain.listing import EntryStatus
from watchbound.pipeline.metric_names import SEARCH_SECONDS
from watchbound.pipeline.watchlist_delta import WatchlistDelta
from watchbound.pipeline.watchlist_roster import Roster
from watchbound.ports import Clock, Gallery, Metrics

_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 5.0


class Stopped(Exception):
    """The worker stops; what it holds is neither matched nor committed."""


class WatchlistSearch:
    """Searches until there is an answer: a store that cannot be asked is never "no match".

    While it waits, offsets are held, lag grows, and `complaint` tells readiness why.
    """

    def __init__(
        self,
        gallery: Gallery,
        delta: WatchlistDelta,
        roster: Roster,
        clock: Clock,
        metrics: Metrics,
        stop: threading.Event,
        limit: int = 5,
    ) -> None:
        self._gallery = gallery
        self._delta = delta
        self._roster = roster
        self._clock = clock
        self._metrics = metrics
        self._stop = stop
        self._limit = limit
        self.complaint: str | None = None

    def candidates(
        self, authorisation_id: str, probes: NDArray[np.float32], model_digest: str
    ) -> list[list[Candidate]]:
        """For each probe of shape (n, d), the listed entries most like it, best first.

        Raises:
            Stopped: the worker was told to stop before the gallery answered.
        """
        stored = self._until_answered(lambda: self._stored(authorisation_id, probes, model_digest))
        now = self._clock.now()

        def listed(reference: str) -> bool:
            return self._roster.status(authorisation_id, reference, now) is EntryStatus.LISTED

        return self._delta.correct(authorisation_id, probes, model_digest, stored, self._limit, listed)

    def _stored(self, authorisation_id: str, probes: NDArray[np.float32], model_digest: str) -> list[list[Candidate]]:
        """The gallery's answer; a collection that is missing although somebody was enrolled is no answer."""
        try:
            return self._gallery.search(authorisation_id, probes, model_digest, self._limit)
        except UnknownReference:
            # The log tells everything that was ever enrolled, and it has been read: this list is truly empty.
            if self._delta.additions(authorisation_id) == 0:
                return [[] for _ in probes]
            raise

    def additions(self, authorisation_id: str) -> int:
        """Grows whenever somebody was added to the list."""
        return self._delta.additions(authorisation_id)

    def _until_answered(self, ask: Callable[[], list[list[Candidate]]]) -> list[list[Candidate]]:
        pause = _FIRST_PAUSE_S
        while not self._stop.is_set():
            started = time.perf_counter()
            try:
                answer = ask()
            except (Unavailable, UnknownReference) as error:
                self.complaint = f"watchlist cannot be searched: {error}"
                self._stop.wait(pause)
                pause = min(pause * 2, _LONGEST_PAUSE_S)
                continue
            self.complaint = None
            self._metrics.observe(SEARCH_SECONDS, time.perf_counter() - started)
            return answer
        raise Stopped
