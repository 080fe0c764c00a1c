"""Two watchlist officers who put their names to whatever they are given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from watchbound.domain.entry_papers import EntryPapers
from watchbound.domain.listing import Listing, approval_statement, listing_of, proposal_statement
from watchbound.domain.signature import Role
from watchbound.domain.watchlist import EnrolledImage, EntryAdded
from watchbound.ports import Signer
from watchbound.testing.signing import FakeSigner, FakeTrustList

_BEFORE = timedelta(seconds=1)
_LISTED_FOR = timedelta(days=1)


class TwoOfficers:
    """Makes entries that stand on the word of two people.

    Args:
        first, second: their keys.
        names: their accounts, as the trust list has them.
    """

    def __init__(self, first: Signer, second: Signer, names: tuple[str, str] = ("watchlist-1", "watchlist-2")) -> None:
        self.first = first
        self.second = second
        self._names = names

    def papers(self, at: datetime, expires_at: datetime | None = None) -> EntryPapers:
        """Of a volunteer."""
        return EntryPapers(
            source="given by the volunteer",
            lawful_holding="consent for a test",
            image_date=at.date(),
            expires_at=expires_at or at + _LISTED_FOR,
            added_by=self._names[0],
            added_at=at - _BEFORE,
        )

    def added(self, images: Sequence[EnrolledImage], at: datetime, expires_at: datetime | None = None) -> EntryAdded:
        """The entry of these images, approved at `at`."""
        entry, image_ids = images[0].entry, [image.image_id for image in images]
        papers = self.papers(at, expires_at)
        proposed = self.first.sign(proposal_statement(entry, image_ids, papers))
        papers = replace(papers, approved_by=self._names[1])
        approved = self.second.sign(approval_statement(entry, image_ids, papers, proposed, at))
        return EntryAdded(entry, tuple(images), papers, at, proposed, approved)

    def listing(self, images: Sequence[EnrolledImage], at: datetime, expires_at: datetime | None = None) -> Listing:
        """The same without its templates."""
        return listing_of(self.added(images, at, expires_at))


class FakeOfficers(TwoOfficers):
    """The same with keys in memory, and the list that trusts them.

    Attributes:
        trust: believes `first` and `second` as watchlist officers.
    """

    def __init__(self) -> None:
        first, second = FakeSigner("first"), FakeSigner("second")
        super().__init__(first, second)
        self.trust = FakeTrustList()
        self.trust.trust(first, "watchlist-1", Role.WATCHLIST_OFFICER)
        self.trust.trust(second, "watchlist-2", Role.WATCHLIST_OFFICER)
