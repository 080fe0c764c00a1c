"""An entry without its biometrics: enough to say who is on a list, why, until when and on whose word.

Two officers put their names to it. The one who adds signs what is proposed; another signs what is approved, proposal
included. Whoever acts on an entry verifies both (`pipeline.watchlist_roster`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from watchbound.domain.canonical import Plain, canonical, digest_of
from watchbound.domain.entry_papers import EntryPapers
from watchbound.domain.errors import InvalidValue
from watchbound.domain.moment import require_aware, to_micros
from watchbound.domain.signature import Signature
from watchbound.domain.watchlist import EntryAdded, EntryProposed, EntryRemoved, WatchlistEntry


class EntryStatus(Enum):
    """Whether somebody may be alerted on. Each value is a metric label."""

    LISTED = "listed"
    REMOVED = "removed"
    EXPIRED = "expired"
    UNKNOWN = "unknown"
    """Nobody vouched for it: no match with it means anything."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One entry as it was approved.

    Attributes:
        image_ids: sha256 of each image file, hexadecimal, in order.
        at: when it was approved.
        proposed: the signature of the officer who added it.
        approved: the signature of the officer who approved it.
    """

    entry: WatchlistEntry
    image_ids: tuple[str, ...]
    papers: EntryPapers
    at: datetime
    proposed: Signature
    approved: Signature

    def __post_init__(self) -> None:
        require_aware(self.at, "at")
        if not self.image_ids or list(self.image_ids) != sorted(set(self.image_ids)):
            msg = "a listing names at least one image, each once and in order"
            raise InvalidValue(msg)

    def status(self, now: datetime) -> EntryStatus:
        """What it is worth at a moment to those who believe it: it expires by itself."""
        return EntryStatus.EXPIRED if now >= self.papers.expires_at else EntryStatus.LISTED

    def proposal_statement(self) -> bytes:
        """What the officer who added it signed."""
        return canonical("watchlist proposal", _content(self.entry, self.image_ids, self.papers))

    def approval_statement(self) -> bytes:
        """What the officer who approved it signed."""
        return approval_statement(self.entry, self.image_ids, self.papers, self.proposed, self.at)


ListingChange = Listing | EntryRemoved
"""A change of the list as those follow it who need no template."""


def proposal_statement(entry: WatchlistEntry, image_ids: Iterable[str], papers: EntryPapers) -> bytes:
    """What an officer signs to propose an entry: all but the templates, which follow from the images."""
    return canonical("watchlist proposal", _content(entry, image_ids, papers))


def approval_statement(
    entry: WatchlistEntry, image_ids: Iterable[str], papers: EntryPapers, proposed: Signature, at: datetime
) -> bytes:
    """What another officer signs to approve it, at a moment."""
    return canonical(
        "watchlist approval",
        {
            **_content(entry, image_ids, papers),
            "approved_by": papers.approved_by,
            "at_us": to_micros(at),
            "proposed_with": proposed.key_id,
            "proposed": proposed.value.hex(),
        },
    )


def listing_of(change: EntryAdded) -> Listing:
    """What an addition says beside its templates."""
    image_ids = tuple(sorted({image.image_id for image in change.images}))
    return Listing(change.entry, image_ids, change.papers, change.at, change.proposed, change.approved)


def says_nothing_new(proposal: EntryProposed, listing: Listing) -> bool:
    """Whether a listing has the same images and papers already, whoever stated them and when."""
    image_ids = tuple(sorted({image.image_id for image in proposal.images}))
    anew = replace(
        proposal.papers,
        added_by=listing.papers.added_by,
        added_at=listing.papers.added_at,
        approved_by=listing.papers.approved_by,
    )
    return (proposal.entry, image_ids, anew) == (listing.entry, listing.image_ids, listing.papers)


def list_digest(listings: Iterable[Listing]) -> str:
    """Names the state of a whole list (sha256, hexadecimal): it changes when an entry, an image or a paper does."""
    ordered = sorted(listings, key=lambda listing: listing.entry.reference)
    approvals = [digest_of(listing.approval_statement()).hex() for listing in ordered]
    return digest_of(canonical("watchlist", {"entries": approvals})).hex()


def _content(entry: WatchlistEntry, image_ids: Iterable[str], papers: EntryPapers) -> dict[str, Plain]:
    return {
        "authorisation": entry.authorisation_id,
        "reference": entry.reference,
        "category": entry.category.value,
        "response_level": entry.response_level.value,
        "images": sorted(set(image_ids)),
        "source": papers.source,
        "lawful_holding": papers.lawful_holding,
        "image_date": papers.image_date.isoformat(),
        "expires_at_us": to_micros(papers.expires_at),
        "under_18": papers.under_18,
        "under_18_reason": papers.under_18_reason,
        "added_by": papers.added_by,
        "added_at_us": to_micros(papers.added_at),
    }
