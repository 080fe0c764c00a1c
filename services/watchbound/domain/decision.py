"""What a person decided about an alert."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from watchbound.domain.demography import Observation
from watchbound.domain.errors import InvalidValue
from watchbound.domain.frame import require_name
from watchbound.domain.match import deterministic_id, subject_key
from watchbound.domain.moment import require_aware, to_micros
from watchbound.domain.signature import Signature


class Verdict(Enum):
    """One reviewer's answer to: is this the person on the list?"""

    CONFIRM = "confirm"
    """It is."""

    REJECT = "reject"
    """It is not."""

    LOOKALIKE = "lookalike"
    """It is not, and the resemblance will raise alerts again: suppress this pairing for this deployment."""

    CANNOT_TELL = "cannot-tell"
    """The picture does not show it; neither confirms nor rejects."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One reviewer's judgement of one alert.

    Attributes:
        observed: what the reviewer recorded about the person stopped, if anything.
        signature: over `statement()`, by the reviewer's key; alerting believes no decision without one.
    """

    alert_id: str
    authorisation_id: str
    reference: str
    verdict: Verdict
    reviewer: str
    reason: str
    decided_at: datetime
    observed: Observation | None = None
    signature: Signature | None = None

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

    def statement(self) -> bytes:
        """What the reviewer signs: all of the decision but the signature, the same bytes for the same content."""
        content = {
            "alert": self.alert_id,
            "authorisation": self.authorisation_id,
            "reference": self.reference,
            "verdict": self.verdict.value,
            "reviewer": self.reviewer,
            "reason": self.reason,
            "decided_at_us": to_micros(self.decided_at),
            "observed": None if self.observed is None else self.observed.facts(),
        }
        return b"watchbound decision v1\n" + json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
