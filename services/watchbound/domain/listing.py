"""An entry without its biometrics: enough to say who is on a list, why, until when and on whose word."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from watchbound.domain.entry_papers import EntryPapers
from watchbound.domain.errors import InvalidValue
from watchbound.domain.moment import require_aware
from watchbound.domain.watchlist import EntryAdded, EntryRemoved, WatchlistEntry


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
    """

    entry: WatchlistEntry
    image_ids: tuple[str, ...]
    papers: EntryPapers
    at: datetime

    def __post_init__(self) -> None:
        require_aware(self.at, "at")
        if not self.image_ids or list(self.image_ids) != sorted(set(self.image_ids)):
            msg = "a listing names at least one image, each once and in order"
            raise InvalidValue(msg)

    def status(self, now: datetime) -> EntryStatus:
        """What it is worth at a moment: it expires by itself."""
        return EntryStatus.EXPIRED if now >= self.papers.expires_at else EntryStatus.LISTED

    def as_json(self) -> dict[str, Any]:
        """In words."""
        return {
            "authorisation": self.entry.authorisation_id,
            "reference": self.entry.reference,
            "category": self.entry.category.value,
            "response_level": self.entry.response_level.value,
            "images": list(self.image_ids),
            "papers": self.papers.as_json(),
            "at": self.at.astimezone(UTC).isoformat(),
        }


ListingChange = Listing | EntryRemoved
"""A change of the list as those follow it who need no template."""


def listing_of(change: EntryAdded) -> Listing:
    """What an addition says beside its templates.

    Raises:
        InvalidValue: it has no papers.
    """
    if change.papers is None:
        msg = f"the entry {change.entry.reference} has no papers"
        raise InvalidValue(msg)
    return Listing(change.entry, tuple(sorted({i.image_id for i in change.images})), change.papers, change.at)


def list_digest(listings: Iterable[Listing]) -> str:
    """Names the state of a whole list (sha256, hexadecimal): it changes when an entry, an image or a paper does."""
    ordered = sorted(listings, key=lambda listing: listing.entry.reference)
    return hashlib.sha256(_canonical([listing.as_json() for listing in ordered])).hexdigest()


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":")).encode()
