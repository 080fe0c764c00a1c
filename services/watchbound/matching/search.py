"""Asks the watchlist: the gallery for what it has settled, the delta for what changed in the last minutes.

Nothing is asked that the audit log has not been told of.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from watchbound.domain.candidate import Candidate
from watchbound.domain.errors import Unavailable, UnknownReference
from watchbound.domain.listing import EntryStatus
from watchbound.pipeline.audit_gate import AuditGate
from watchbound.pipeline.metric_names import SEARCH_SECONDS
from watchbound.pipeline.watchlist_delta import WatchlistDelta
from watchbound.pipeline.watchlist_roster import Roster
from watchbound.ports import Clock, Gallery, Metrics

T = TypeVar("T")

_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 5.0


class Stopped(Exception):
    """The worker stops; what it holds is neither matched nor committed."""


class WatchlistSearch:
    """Searches until there is an answer: a store that cannot be asked is never "no match".

    While it waits, offsets are held, lag grows, and `complaint` tells readiness why.

    Args:
        gallery: what was enrolled.
        delta: what changed a moment ago.
        roster: who may be matched.
        gate: tells the audit log.
        clock: the trusted one.
        metrics: shows how long searches take.
        stop: ends the waiting.
        limit: most candidates of an answer.
        waiting: called every few seconds while there is no answer, on the thread that waits.
    """

    def __init__(
        self,
        gallery: Gallery,
        delta: WatchlistDelta,
        roster: Roster,
        gate: AuditGate,
        clock: Clock,
        metrics: Metrics,
        stop: threading.Event,
        limit: int = 5,
        waiting: Callable[[], None] = lambda: None,
    ) -> None:
        self._gallery = gallery
        self._delta = delta
        self._roster = roster
        self._clock = clock
        self._gate = gate
        self._metrics = metrics
        self._stop = stop
        self._limit = limit
        self._waiting = waiting
        self.complaint: str | None = None

    def candidates(
        self, authorisation_id: str, probes: NDArray[np.float32], model_digest: str, thresholds: frozenset[float]
    ) -> list[list[Candidate]]:
        """For each probe of shape (n, d), the entries most like it, best first; who could be matched is listed.

        Args:
            authorisation_id: whose watchlist.
            probes: what to look for.
            model_digest: of the embedder that made the probes.
            thresholds: those in force that the answers will be held against, for the audit log.

        Raises:
            Unavailable: the audit log or the gallery does not answer; nobody was compared (see `until_answered`).
        """
        try:
            self._gate.admit(authorisation_id, thresholds)
        except Unavailable as error:
            msg = f"nothing is compared unrecorded: {error}"
            raise Unavailable(msg) from error
        try:
            stored = self._stored(authorisation_id, probes, model_digest)
        except (Unavailable, UnknownReference) as error:
            msg = f"watchlist cannot be searched: {error}"
            raise Unavailable(msg) from error
        self._gate.count(authorisation_id, len(probes))
        now, lowest = self._clock.now(), min(thresholds)

        def listed(candidate: Candidate) -> bool:
            # Below every threshold nobody is spoken of; to verify the papers of all who are far away would cost more
            # than the search that found them.
            reference = candidate.entry.reference
            return (
                candidate.score < lowest or self._roster.status(authorisation_id, reference, now) is EntryStatus.LISTED
            )

        return self._delta.correct(authorisation_id, probes, model_digest, stored, self._limit, listed)

    def _stored(self, authorisation_id: str, probes: NDArray[np.float32], model_digest: str) -> list[list[Candidate]]:
        """The gallery's answer; a collection that is missing, or empty, although people are listed is no answer."""
        started = time.perf_counter()
        try:
            found = self._gallery.search(authorisation_id, probes, model_digest, self._limit)
        except UnknownReference:
            # The log tells everything that was ever enrolled, and it has been read: this list is truly empty.
            if self._delta.additions(authorisation_id) == 0:
                return [[] for _ in probes]
            raise
        self._metrics.observe(SEARCH_SECONDS, time.perf_counter() - started)
        self._require_whole(authorisation_id, min(map(len, found), default=self._limit))
        return found

    def _require_whole(self, authorisation_id: str, fewest: int) -> None:
        """Refuse an answer of fewer entries than the collection must hold, however unlike the probe they are.

        Raises:
            Unavailable: entries that were listed before the delta's memory are missing.
        """
        if fewest >= self._limit:
            return
        listed = {each.entry.reference for each in self._roster.listings(authorisation_id, self._clock.now())}
        settled = len(listed - self._delta.recent(authorisation_id))
        if fewest < min(self._limit, settled):
            msg = (
                f"the collection of {authorisation_id} answers with {fewest} entries where {settled} are listed;"
                " it was emptied or is not loaded: restore it, or enrol again"
            )
            raise Unavailable(msg)

    def additions(self, authorisation_id: str) -> int:
        """Grows whenever somebody was added to the list."""
        return self._delta.additions(authorisation_id)

    def settle(self) -> None:
        """Tell the audit log of searches whose span is over; `complaint` says when that cannot be done."""
        try:
            self._gate.settle()
        except Unavailable as error:
            self.complaint = f"searches cannot be recorded: {error}"
        else:
            self.complaint = None

    def until_answered(self, ask: Callable[[], T]) -> T:
        """What `ask` returns, once it does; asked anew after each pause, so that it can see what has changed.

        Args:
            ask: asks for `candidates`; raises Unavailable where there is no answer.

        Raises:
            Stopped: the worker was told to stop before there was one.
        """
        pause = _FIRST_PAUSE_S
        while not self._stop.is_set():
            try:
                answer = ask()
            except Unavailable as error:
                self.complaint = str(error)
                self._waiting()
                self._stop.wait(pause)
                pause = min(pause * 2, _LONGEST_PAUSE_S)
                continue
            self.complaint = None
            return answer
        raise Stopped
