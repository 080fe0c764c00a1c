"""Who was on a list when, told from the audit log alone: it stays answerable when everything else has been purged."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from watchbound.domain.audit import AuditEvent
from watchbound.pipeline.audit_acts import Act


@dataclass(frozen=True, slots=True)
class Stay:
    """One entry's time on a list, from an approval on. Holds no biometrics.

    Attributes:
        until: that moment no longer belongs to it.
        ended_by: `removed`, `expired` at the latest, or `approved anew`.
    """

    reference: str
    category: str
    since: datetime
    until: datetime
    ended_by: str
    added_by: str
    approved_by: str

    def covers(self, moment: datetime) -> bool:
        """Whether the entry was on the list at a moment."""
        return self.since <= moment < self.until

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "reference": self.reference,
            "category": self.category,
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "ended_by": self.ended_by,
            "added_by": self.added_by,
            "approved_by": self.approved_by,
        }


def stays(events: Iterable[AuditEvent], authorisation_id: str) -> tuple[Stay, ...]:
    """Every stay on a list, ordered by reference and beginning. One that goes on ends when the entry expires."""
    acts = sorted(
        (
            e
            for e in events
            if e.authorisation_id == authorisation_id and e.act in (Act.WATCHLIST_APPROVED, Act.WATCHLIST_REMOVED)
        ),
        key=lambda event: event.at,
    )
    found: list[Stay] = []
    for index, event in enumerate(acts):
        if event.act != Act.WATCHLIST_APPROVED:
            continue
        after = next((later for later in acts[index + 1 :] if later.object == event.object), None)
        facts = dict(event.facts)
        until, ended_by = datetime.fromisoformat(facts["expires_at"]), "expired"
        if after is not None and after.at < until:
            until, ended_by = after.at, "removed" if after.act == Act.WATCHLIST_REMOVED else "approved anew"
        if until > event.at:
            stay = Stay(event.object, facts["category"], event.at, until, ended_by, facts["added_by"], event.actor)
            found.append(stay)
    return tuple(sorted(found, key=lambda stay: (stay.reference, stay.since)))
