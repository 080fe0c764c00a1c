"""Who is on each list now, without a template and without a data key.

Alerting asks it before it tells anybody, the workers before they speak of a candidate, and governance when a deployment
is about to begin. What two officers did not vouch for is unknown to it, and what is unknown raises nothing: an entry
that somebody only wrote into the gallery, or onto the topic, is none.
"""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from watchbound.domain.errors import NotTrusted, Poison, PoisonReason
from watchbound.domain.listing import EntryStatus, Listing, ListingChange, list_digest
from watchbound.domain.match import subject_key
from watchbound.domain.signature import Role
from watchbound.domain.watchlist import Category, EntryRemoved
from watchbound.ports import Record, TrustList


def require_vouched(listing: Listing, trust: TrustList) -> None:
    """Refuse an entry that two watchlist officers have not both put their names to.

    Raises:
        NotTrusted: a signature does not hold, its key may not do this, or it is another's than the papers name.
    """
    role, papers = Role.WATCHLIST_OFFICER, listing.papers
    named = (papers.added_by, papers.approved_by)
    signed = (
        trust.verify(listing.proposal_statement(), listing.proposed, role, papers.added_at),
        trust.verify(listing.approval_statement(), listing.approved, role, listing.at),
    )
    if signed != named:
        msg = f"{listing.entry.reference} names {' and '.join(named)}, but was signed by {' and '.join(signed)}"
        raise NotTrusted(msg)


@dataclass(slots=True)
class _Known:
    """A listing, whether it is believed, and under which version of the trust list that was found."""

    listing: Listing
    believed: bool = False
    version: int | None = None


class Roster:
    """The latest word on every entry of every list. Safe to share between threads.

    The topic's order is authoritative with one exception: an addition that was approved *before* what is known, a
    removal or a later approval, changes nothing, whether a retry, a restored backup or a forger replayed it. (Who
    began to follow the topic after it was compacted has not seen what went before; the entry's expiry bounds that.)

    Signatures are verified when an entry is first asked for, and again when the trust list has changed: who is
    revoked takes along every entry that they vouched for.

    Args:
        trust: whose signatures count.
    """

    def __init__(self, trust: TrustList) -> None:
        self._trust = trust
        self._lock = threading.Lock()
        self._known: defaultdict[str, dict[str, _Known]] = defaultdict(dict)
        self._removed: defaultdict[str, dict[str, datetime]] = defaultdict(dict)

    def apply(self, change: ListingChange) -> None:
        """Take one change, in the topic's order."""
        with self._lock:
            if isinstance(change, EntryRemoved):
                removed = self._removed[change.authorisation_id]
                removed[change.reference] = max(change.at, removed.get(change.reference, change.at))
                self._known[change.authorisation_id].pop(change.reference, None)
                return
            entry = change.entry
            removed_at = self._removed[entry.authorisation_id].get(entry.reference)
            if removed_at is not None and change.at < removed_at:
                return
            known = self._known[entry.authorisation_id].get(entry.reference)
            if known is not None and self._believes(known) and change.at < known.listing.at:
                return
            self._known[entry.authorisation_id][entry.reference] = _Known(change)

    def forget(self, authorisation_id: str, reference: str) -> None:
        """Take a record that cannot be read: it has replaced what stood there, so nothing is known of the entry."""
        with self._lock:
            self._known[authorisation_id].pop(reference, None)

    def status(self, authorisation_id: str, reference: str, now: datetime) -> EntryStatus:
        """Whether somebody may be alerted on at a moment of the trusted clock."""
        with self._lock:
            known = self._known[authorisation_id].get(reference)
            if known is not None:
                return known.listing.status(now) if self._believes(known) else EntryStatus.UNKNOWN
            return EntryStatus.REMOVED if reference in self._removed[authorisation_id] else EntryStatus.UNKNOWN

    def find(self, authorisation_id: str, reference: str) -> Listing | None:
        """An entry that is believed, expired or not."""
        with self._lock:
            known = self._known[authorisation_id].get(reference)
            return known.listing if known is not None and self._believes(known) else None

    def listings(self, authorisation_id: str, now: datetime) -> tuple[Listing, ...]:
        """All who are listed at a moment, ordered by reference."""
        with self._lock:
            believed = [known.listing for known in self._known[authorisation_id].values() if self._believes(known)]
        listed = [listing for listing in believed if listing.status(now) is EntryStatus.LISTED]
        return tuple(sorted(listed, key=lambda listing: listing.entry.reference))

    def size(self, authorisation_id: str, now: datetime) -> int:
        """How many are listed at a moment."""
        return len(self.listings(authorisation_id, now))

    def categories(self, authorisation_id: str, now: datetime) -> dict[Category, int]:
        """How many are listed at a moment, by category; those without anybody are absent."""
        return dict(Counter(listing.entry.category for listing in self.listings(authorisation_id, now)))

    def digest(self, authorisation_id: str, now: datetime) -> str:
        """Names the list as it stands at a moment; see `list_digest`."""
        return list_digest(self.listings(authorisation_id, now))

    def _believes(self, known: _Known) -> bool:
        version = self._trust.version()
        if known.version != version:
            try:
                require_vouched(known.listing, self._trust)
            except NotTrusted:
                known.believed = False
            else:
                known.believed = True
            known.version = version
        return known.believed


def roster_handler(read: Callable[[bytes], ListingChange], roster: Roster) -> Callable[[Record], None]:
    """A handler for the watchlist-changes topic that keeps `roster` up to date; see `pipeline.feed.Feed`.

    A tombstone says nothing new: it follows a removal, or the end of a whole list. A record that cannot be read has
    still replaced what stood under its key, so the entry is forgotten before the record is reported.

    Args:
        read: makes a change of a record's value, or raises `Poison`.
        roster: what to keep up to date.
    """

    def handle(record: Record) -> None:
        if record.value is None:
            return
        try:
            change = read(record.value)
            changed = change.entry if isinstance(change, Listing) else change
            subject = subject_key(changed.authorisation_id, changed.reference)
            if record.key != subject:
                detail = f"expected the entry's {subject} as the key, got {str(record.key)[:140]!r}"
                raise Poison(PoisonReason.WRONG_KEY, detail)
        except Poison:
            authorisation_id, _, reference = (record.key or "").partition("/")
            roster.forget(authorisation_id, reference)
            raise
        roster.apply(change)

    return handle
