"""What a person decided about an alert."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from watchbound.domain.errors import InvalidValue
from watchbound.domain.frame import require_name
from watchbound.domain.match import deterministic_id, subject_key
from watchbound.domain.moment import require_aware


class Verdict(Enum):
    """The outcome of adjudication."""

    CONFIRM = "confirm"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Decision:
    """One reviewer's judgement of one alert."""

    alert_id: str
    authorisation_id: str
    reference: str
    verdict: Verdict
    reviewer: str
    reason: str
    decided_at: datetime

    def __post_init__(self) -> None:
        require_name(self.authorisation_id, "an authorisation id")
        require_name(self.reference, "an entry reference")
        require_aware(self.decided_at, "decided_at")
        if not self.alert_id or not self.reviewer.strip():
            msg = "a decision names its alert and its reviewer: a machine never decides"
            raise InvalidValue(msg)

    @property
    def id(self) -> str:
        """The same judgement sent twice is one decision."""
        return deterministic_id("decision", self.alert_id, self.reviewer, self.verdict.value)

    @property
    def subject(self) -> str:
        """Kafka key; see `Match.subject`."""
        return subject_key(self.authorisation_id, self.reference)
