"""Why an entry may be on a watchlist at all: what a reviewer reads, and what is left of it after the purge."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from watchbound.domain.errors import InvalidValue
from watchbound.domain.moment import require_aware

_MOST_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class EntryPapers:
    """What is stated about an entry's images, and who stated it. Metadata only, so that it may outlive every biometric.

    Attributes:
        source: where the images come from, such as `custody system`.
        lawful_holding: why they are lawfully held.
        image_date: when the newest image was taken, or came to be held where nobody knows.
        expires_at: from then on the entry matches nobody, without anybody doing anything.
        under_18: whether the person is, or may be, under 18.
        under_18_reason: why the person is listed all the same; required then, and empty otherwise.
        added_by: the account of the officer who proposed the entry.
        added_at: when.
        approved_by: the account of another officer, who made it searchable; empty while it is only proposed.
    """

    source: str
    lawful_holding: str
    image_date: date
    expires_at: datetime
    added_by: str
    added_at: datetime
    approved_by: str = ""
    under_18: bool = False
    under_18_reason: str = ""

    def __post_init__(self) -> None:
        for name in ("source", "lawful_holding", "added_by"):
            if not getattr(self, name).strip():
                msg = f"{name} must be stated: who reviews the list reads it"
                raise InvalidValue(msg)
        for name in ("source", "lawful_holding", "under_18_reason"):
            if len(getattr(self, name)) > _MOST_CHARACTERS:
                msg = f"{name} must be at most {_MOST_CHARACTERS} characters, got {len(getattr(self, name))}"
                raise InvalidValue(msg)
        require_aware(self.expires_at, "expires_at")
        require_aware(self.added_at, "added_at")
        if self.expires_at <= self.added_at:
            msg = f"expires_at must be later than {self.added_at.isoformat()}, got {self.expires_at.isoformat()}"
            raise InvalidValue(msg)
        if self.under_18 != bool(self.under_18_reason.strip()):
            msg = (
                "a person under 18 is listed only with an under_18_reason; and without under_18 there is no such reason"
            )
            raise InvalidValue(msg)
        if self.approved_by == self.added_by:
            msg = f"an entry takes two people: {self.added_by} added it and cannot approve it, too"
            raise InvalidValue(msg)
