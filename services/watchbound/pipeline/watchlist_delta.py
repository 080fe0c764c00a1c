"""What was enrolled or removed a moment ago, held exactly, because the gallery answers from a slightly older state.

The gallery is searched with Bounded or Eventually consistency: an image just added may not be found yet, and one just
removed may be found still. Every worker therefore follows the watchlist-changes topic and corrects each answer:

- an entry **removed** and not added again never comes through, however long the gallery still knows it;
- an entry **added** within the last `keep_s` is searched here, exactly, and what the gallery says of it is passed over.

The second rule is stronger than taking the better of two scores, on purpose. A change carries *all* images of its
entry as it then stands, so the delta's answer is complete; and when an entry was removed and enrolled again with other
images, the gallery may still answer from the image that was removed. Only after `keep_s`, when the store has long
caught up, is the gallery alone asked again.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from watchbound.domain.candidate import Candidate
from watchbound.domain.errors import InvalidValue, KeyDestroyed, Poison, PoisonReason
from watchbound.domain.match import subject_key
from watchbound.domain.watchlist import EntryAdded, WatchlistChange, WatchlistEntry
from watchbound.ports import Clock, Codec, Record


@dataclass(frozen=True, slots=True)
class _Held:
    """One entry as it was last added; `vectors` has shape (images, d)."""

    entry: WatchlistEntry
    vectors: NDArray[np.float32]
    model_digest: str
    since: datetime


class _Packed:
    """Held entries side by side, so that a search is one matrix product whatever their number. Never changes."""

    def __init__(self, held: Sequence[_Held]) -> None:
        self._held = tuple(held)
        self._starts = np.cumsum([0] + [len(item.vectors) for item in held[:-1]])
        self._vectors = np.concatenate([item.vectors for item in held]) if held else None
        self._digests = frozenset(item.model_digest for item in held)
        self.references = frozenset(item.entry.reference for item in held)
        self.oldest = min((item.since for item in held), default=None)

    def search(self, probes: NDArray[np.float32], model_digest: str, limit: int) -> list[list[Candidate]]:
        """See `WatchlistDelta.search`."""
        if self._vectors is None:
            return [[] for _ in probes]
        for other in self._digests - {model_digest}:
            msg = (
                f"expected probes of model {other[:12]}, which recent entries were enrolled with, got "
                f"{model_digest[:12]}; enrol the watchlist again with the model in use"
            )
            raise InvalidValue(msg)
        scores = np.maximum.reduceat(probes @ self._vectors.T, self._starts, axis=1)
        return [self._best(np.clip(row, -1.0, 1.0), limit) for row in scores]

    def _best(self, scores: NDArray[np.float32], limit: int) -> list[Candidate]:
        kept = range(len(scores)) if len(scores) <= limit else np.argpartition(-scores, limit)[:limit].tolist()
        return _ranked((Candidate(self._held[index].entry, float(scores[index])) for index in kept), limit)


class _Changes:
    """The latest changes of one watchlist."""

    def __init__(self) -> None:
        self.removed: set[str] = set()
        self.additions = 0
        self._held: dict[str, _Held] = {}
        self._packed: _Packed | None = None

    def add(self, change: EntryAdded, since: datetime, horizon: datetime) -> None:
        self.additions += 1
        self.remove(change.entry.reference)
        self.removed.discard(change.entry.reference)
        if since > horizon:
            vectors = np.stack([image.embedding.vector for image in change.images])
            digest = change.images[0].embedding.model_digest
            self._held[change.entry.reference] = _Held(change.entry, vectors, digest, since)

    def remove(self, reference: str) -> None:
        self.removed.add(reference)
        self._held.pop(reference, None)
        self._packed = None

    def packed(self, horizon: datetime) -> _Packed:
        """What was added after `horizon`; packed again only when that changed."""
        if self._packed is None or (self._packed.oldest is not None and self._packed.oldest <= horizon):
            self._held = {reference: item for reference, item in self._held.items() if item.since > horizon}
            self._packed = _Packed(tuple(self._held.values()))
        return self._packed


class WatchlistDelta:
    """The latest changes of every watchlist. Safe to share between threads.

    Args:
        clock: the service's trusted clock.
        keep_s: how long an added entry is held, in seconds; longer than the store ever takes to show it.
    """

    def __init__(self, clock: Clock, keep_s: float = 120.0) -> None:
        self._clock = clock
        self._keep = timedelta(seconds=keep_s)
        self._lock = threading.Lock()
        self._changes: defaultdict[str, _Changes] = defaultdict(_Changes)

    def apply(self, change: WatchlistChange, at: datetime) -> None:
        """Take one change, in the topic's order.

        Args:
            change: the entry as it now stands, or its removal.
            at: when the log took it (the record's timestamp). The later of this and `change.at` counts, since the
                clock behind either may run late, and holding an entry for longer does no harm.
        """
        with self._lock:
            if isinstance(change, EntryAdded):
                changes = self._changes[change.entry.authorisation_id]
                changes.add(change, max(change.at, at), self._horizon())
            else:
                self._changes[change.authorisation_id].remove(change.reference)

    def search(
        self, authorisation_id: str, probes: NDArray[np.float32], model_digest: str, limit: int
    ) -> list[list[Candidate]]:
        """As `Gallery.search`, exact, over the entries that are held; an entry scores as its best image.

        Raises:
            InvalidValue: the probes come from another model than a held entry's.
        """
        with self._lock:
            packed = self._changes[authorisation_id].packed(self._horizon())
        return packed.search(probes, model_digest, limit)

    def additions(self, authorisation_id: str) -> int:
        """How many additions were applied: when it grows, who was not listed a moment ago may be."""
        with self._lock:
            return self._changes[authorisation_id].additions

    def recent(self, authorisation_id: str) -> frozenset[str]:
        """References that were added so lately that the gallery need not show them yet."""
        with self._lock:
            return self._changes[authorisation_id].packed(self._horizon()).references

    def is_removed(self, authorisation_id: str, reference: str) -> bool:
        """Whether the entry was removed and not added since; remembered without end."""
        with self._lock:
            return reference in self._changes[authorisation_id].removed

    def correct(
        self,
        authorisation_id: str,
        probes: NDArray[np.float32],
        model_digest: str,
        stored: Sequence[Sequence[Candidate]],
        limit: int,
        listed: Callable[[Candidate], bool],
    ) -> list[list[Candidate]]:
        """The gallery's answer with both rules of this module applied, as of one moment.

        Args:
            authorisation_id: whose list was searched.
            probes: shape (n, d), what the gallery was asked for.
            model_digest: which embedder made the probes.
            stored: the gallery's answer. Ask it for a few candidates more than are needed, since those that are
                passed over here leave no room for the ones that they pushed out.
            limit: candidates wanted for each probe.
            listed: whether a candidate may be spoken of now: vouched for and not expired (see `watchlist_roster`).

        Raises:
            InvalidValue: the probes come from another model than a held entry's.
        """
        with self._lock:
            changes = self._changes[authorisation_id]
            packed = changes.packed(self._horizon())
            trusted = [
                [
                    candidate
                    for candidate in answer
                    if candidate.entry.reference not in packed.references
                    and candidate.entry.reference not in changes.removed
                ]
                for answer in stored
            ]
        fresh = packed.search(probes, model_digest, limit)
        answers = ([*known, *found] for known, found in zip(trusted, fresh, strict=True))
        return [_ranked(filter(listed, answer), limit) for answer in answers]

    def _horizon(self) -> datetime:
        return self._clock.now() - self._keep


def _ranked(candidates: Iterable[Candidate], limit: int) -> list[Candidate]:
    """Best first; equal scores in the order of references, so that every worker answers alike."""
    return sorted(candidates, key=lambda candidate: (-candidate.score, candidate.entry.reference))[:limit]


def watchlist_handler(codec: Codec[WatchlistChange], delta: WatchlistDelta) -> Callable[[Record], None]:
    """A handler for the watchlist-changes topic that keeps `delta` up to date; see `pipeline.feed.Feed`.

    A tombstone says nothing new: it follows a removal, or the end of a whole watchlist.
    """

    def handle(record: Record) -> None:
        if record.value is None:
            return
        try:
            change = codec.decode(record.value)
        except KeyDestroyed:
            # What the key sealed is gone: nobody can be matched with it, here or anywhere.
            return
        changed = change.entry if isinstance(change, EntryAdded) else change
        subject = subject_key(changed.authorisation_id, changed.reference)
        if record.key != subject:
            detail = f"expected the entry's {subject} as the key, got {str(record.key)[:140]!r}"
            raise Poison(PoisonReason.WRONG_KEY, detail)
        delta.apply(change, record.timestamp)

    return handle
