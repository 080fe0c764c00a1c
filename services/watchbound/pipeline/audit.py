"""How every service says what it is about to do: no audit, no action."""

from __future__ import annotations

import secrets

from watchbound.domain.audit import AuditEvent
from watchbound.pipeline.audit_acts import Act
from watchbound.ports import AuditLog, Clock


class AuditTrail:
    """Stamps acts and appends them to the audit log.

    Args:
        log: where they go.
        clock: the trusted clock.
    """

    def __init__(self, log: AuditLog, clock: Clock) -> None:
        self._log = log
        self._clock = clock

    def record(
        self, actor: str, act: Act, authorisation_id: str, reason: str, object: str = "", **facts: str
    ) -> AuditEvent:
        """Say that `actor` does `act`; returns once that is durable.

        Args:
            actor: a person's account or a service's name.
            act: what is done.
            authorisation_id: under which authority; empty only where none applies.
            reason: why, in words.
            object: what it is done to: a reference, a camera, an alert; the authorisation itself if not given.
            facts: what else a reader needs; never biometrics.

        Raises:
            Unavailable: it could not be written, so the act must not be done.
        """
        event = AuditEvent(
            id=secrets.token_hex(16),
            at=self._clock.now(),
            actor=actor,
            act=act.value,
            authorisation_id=authorisation_id,
            object=object or authorisation_id,
            reason=reason,
            facts=tuple(sorted(facts.items())),
        )
        self._log.append(event)
        return event

    def holds(self, act: Act, object: str, **facts: str) -> bool:
        """Whether the log tells of such an act on an object, with these facts among its own.

        Raises:
            Unavailable: the log does not answer.
        """
        return any(facts.items() <= dict(event.facts).items() for event in self._log.about(act.value, object))
