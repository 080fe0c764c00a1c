"""What was done, by whom, and why: metadata only, so that it may outlive every biometric."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from watchbound.domain.errors import InvalidValue
from watchbound.domain.moment import require_aware


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One act.

    Attributes:
        actor: a person's account or a service's name.
        act: what was done, such as `watchlist.approved`.
        object: what it was done to: a reference, a camera, an alert.
        facts: what else a reader needs, such as a threshold before and after; names and values in words, ordered by
            name, never biometrics.
    """

    id: str
    at: datetime
    actor: str
    act: str
    authorisation_id: str
    object: str
    reason: str
    facts: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        require_aware(self.at, "at")
        if not (self.id and self.actor and self.act):
            msg = "an audit event names itself, its actor and its act"
            raise InvalidValue(msg)
        if list(self.facts) != sorted(dict(self.facts).items()):
            msg = f"an audit event's facts are ordered by name and named once, got {[name for name, _ in self.facts]}"
            raise InvalidValue(msg)
