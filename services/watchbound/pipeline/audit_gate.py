"""No audit, no matching: a worker compares faces only in spans of time that the audit log was told of beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from watchbound.pipeline.audit import AuditTrail
from watchbound.pipeline.audit_acts import Act
from watchbound.ports import Clock

SPAN = timedelta(seconds=60)
"""How long one record permits searches, and therefore the most whose number a crash can take along."""


@dataclass(slots=True)
class _Span:
    """What was announced last for one authorisation, and what came of it.

    Attributes:
        searches: faces compared since the last record, not told yet.
    """

    begun: datetime
    thresholds: frozenset[float]
    searches: int = 0


class AuditGate:
    """Opens for a span by a durable record, and with each record tells how many searches the last span saw.

    Belongs to one thread.

    Args:
        trail: the audit log; while it cannot be written, the gate stays shut.
        clock: the trusted clock.
        worker: who searches.
        models: by role, the digests of the models in use.
    """

    def __init__(self, trail: AuditTrail, clock: Clock, worker: str, models: Mapping[str, str]) -> None:
        self._trail = trail
        self._clock = clock
        self._worker = worker
        self._models = dict(models)
        self._spans: dict[str, _Span] = {}

    def admit(self, authorisation_id: str, thresholds: frozenset[float]) -> None:
        """Return if searches under this authority, with these thresholds, may be made now.

        Raises:
            Unavailable: it cannot be recorded, so nothing may be compared.
        """
        now = self._clock.now()
        span = self._spans.get(authorisation_id)
        if span is not None and thresholds <= span.thresholds and span.begun <= now < span.begun + SPAN:
            return
        self._tell(authorisation_id, thresholds, span, f"may search until {(now + SPAN).isoformat()}")
        self._spans[authorisation_id] = _Span(now, thresholds)

    def count(self, authorisation_id: str, searches: int) -> None:
        """Say that faces were compared in the span that `admit` opened."""
        self._spans[authorisation_id].searches += searches

    def settle(self) -> None:
        """Tell what the spans saw that are over, and forget them: their authority may never come back.

        Raises:
            Unavailable: it cannot be recorded; call again.
        """
        now = self._clock.now()
        for authorisation_id, span in list(self._spans.items()):
            if not span.begun <= now < span.begun + SPAN:
                self._end(authorisation_id, span)

    def close(self) -> None:
        """Tell what all spans saw.

        Raises:
            Unavailable: it cannot be recorded.
        """
        for authorisation_id, span in list(self._spans.items()):
            self._end(authorisation_id, span)

    def _end(self, authorisation_id: str, span: _Span) -> None:
        self._tell(authorisation_id, span.thresholds, span, "searches no more")
        del self._spans[authorisation_id]

    def _tell(self, authorisation_id: str, thresholds: frozenset[float], span: _Span | None, reason: str) -> None:
        facts = {f"{role}_model": digest for role, digest in self._models.items()}
        facts["threshold"] = ", ".join(f"{threshold:.4f}" for threshold in sorted(thresholds))
        if span is not None:
            facts |= {"searches": str(span.searches), "since": span.begun.isoformat()}
        self._trail.record(self._worker, Act.MATCHING_SEARCHED, authorisation_id, reason, object="watchlist", **facts)
