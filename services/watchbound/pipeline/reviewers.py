"""Whose decisions count: everyone who reads the topic of decisions asks here, since anyone may have written to it."""

from __future__ import annotations

from watchbound.domain.decision import Decision
from watchbound.domain.errors import NotTrusted
from watchbound.domain.signature import Role
from watchbound.ports import TrustList


def require_reviewer(decision: Decision, trusted: TrustList) -> None:
    """Return if a trusted reviewer signed this very decision in their own name.

    Raises:
        NotTrusted: it is not signed, or not by a reviewer's key, or in another's name.
    """
    if decision.signature is None:
        msg = f"the decision of {decision.reviewer} on alert {decision.alert_id} is not signed"
        raise NotTrusted(msg)
    holder = trusted.verify(decision.statement(), decision.signature, Role.REVIEWER, decision.decided_at)
    if holder != decision.reviewer:
        msg = f"{holder} signed a decision in the name of {decision.reviewer}"
        raise NotTrusted(msg)
