"""Where changes of a watchlist are told, and where they wait for a second officer."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from watchbound.domain.errors import KeyDestroyed, Poison, PoisonReason
from watchbound.domain.match import subject_key
from watchbound.domain.watchlist import EntryAdded, EntryProposed, WatchlistChange
from watchbound.pipeline.topics import WATCHLIST_CHANGES, WATCHLIST_PROPOSALS
from watchbound.ports import Codec, Delivery, Record, RecordProducer

_ACKNOWLEDGED_WITHIN_S = 10.0


class WatchlistLog:
    """Publishes changes and proposals, and waits until the broker holds them."""

    def __init__(
        self, producer: RecordProducer, changes: Codec[WatchlistChange], proposals: Codec[EntryProposed]
    ) -> None:
        self._producer = producer
        self._changes = changes
        self._proposals = proposals

    def publish(self, changes: Sequence[WatchlistChange]) -> None:
        """Append all, then wait for all.

        Raises:
            Unavailable: the broker has not acknowledged them (so for every method below).
        """
        deliveries = []
        for change in changes:
            changed = change.entry if isinstance(change, EntryAdded) else change
            key = subject_key(changed.authorisation_id, changed.reference)
            deliveries.append(self._producer.send(WATCHLIST_CHANGES.name, key, self._changes.encode(change)))
        _wait(deliveries)

    def propose(self, proposals: Sequence[EntryProposed]) -> None:
        """Let entries wait for a second officer; a later proposal takes the place of an earlier one."""
        deliveries = []
        for proposal in proposals:
            key = subject_key(proposal.entry.authorisation_id, proposal.entry.reference)
            deliveries.append(self._producer.send(WATCHLIST_PROPOSALS.name, key, self._proposals.encode(proposal)))
        _wait(deliveries)

    def withdraw(self, authorisation_id: str, references: Iterable[str]) -> None:
        """Let nothing wait under these references any more."""
        keys = [subject_key(authorisation_id, reference) for reference in references]
        _wait([self._producer.send(WATCHLIST_PROPOSALS.name, key, None) for key in keys])


class Pending:
    """What waits for a second officer. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: defaultdict[str, dict[str, EntryProposed]] = defaultdict(dict)

    def put(self, proposal: EntryProposed) -> None:
        """Take a proposal, in place of an earlier one for its reference."""
        with self._lock:
            self._waiting[proposal.entry.authorisation_id][proposal.entry.reference] = proposal

    def drop(self, authorisation_id: str, reference: str) -> None:
        """Take a withdrawal."""
        with self._lock:
            self._waiting[authorisation_id].pop(reference, None)

    def of(self, authorisation_id: str) -> tuple[EntryProposed, ...]:
        """All that waits under an authorisation, ordered by reference."""
        with self._lock:
            return tuple(proposal for _, proposal in sorted(self._waiting[authorisation_id].items()))


def pending_handler(codec: Codec[EntryProposed], pending: Pending) -> Callable[[Record], None]:
    """A handler for the proposals topic that keeps `pending` up to date; see `pipeline.feed.Feed`."""

    def handle(record: Record) -> None:
        authorisation_id, _, reference = (record.key or "").partition("/")
        if record.value is None:
            pending.drop(authorisation_id, reference)
            return
        try:
            proposal = codec.decode(record.value)
        except KeyDestroyed:
            # What the key sealed is gone: there is nothing left to approve.
            pending.drop(authorisation_id, reference)
            return
        subject = subject_key(proposal.entry.authorisation_id, proposal.entry.reference)
        if record.key != subject:
            detail = f"expected the entry's {subject} as the key, got {str(record.key)[:140]!r}"
            raise Poison(PoisonReason.WRONG_KEY, detail)
        pending.put(proposal)

    return handle


def _wait(deliveries: Iterable[Delivery]) -> None:
    for delivery in deliveries:
        delivery.wait(_ACKNOWLEDGED_WITHIN_S)
