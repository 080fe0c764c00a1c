"""How long anything is kept after a deployment, and what is due for deletion at a given moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from types import MappingProxyType
from typing import ClassVar

from watchbound.domain.errors import InvalidValue
from watchbound.domain.moment import require_aware
from watchbound.domain.sealing import Purpose

LONGEST_WATCHLIST = timedelta(hours=24)
"""After the end of a deployment its watchlist is deleted within 24 hours (FIELD.md, rule 2)."""

LONGEST_ALERTS = timedelta(days=31)
"""Alerts and their pictures are kept for at most 31 days (FIELD.md, rule 9)."""

SHORTEST_AUDIT = timedelta(days=183)
"""The record of acts is kept for at least six months (EU AI Act, Art. 26(6))."""


@dataclass(frozen=True, slots=True)
class RetentionPolicy:
    """What one authorisation promises about keeping; it may promise less than the law allows, never more.

    Attributes:
        watchlist_after_end: how long templates and pictures of listed people outlive the end.
        alerts: how long alerts and their crops outlive the end. A single alert goes earlier, with its topic's own 31
            days; at this moment the key behind all of them is destroyed, whatever copies there are.
        audit: how long metadata of acts is kept at least; it holds no biometrics.
        non_matches: faces that match nobody are forgotten at once. No authorisation can ask for anything else.
    """

    watchlist_after_end: timedelta = LONGEST_WATCHLIST
    alerts: timedelta = LONGEST_ALERTS
    audit: timedelta = SHORTEST_AUDIT

    non_matches: ClassVar[timedelta] = timedelta(0)

    def __post_init__(self) -> None:
        _require_between("a watchlist is kept after the end", self.watchlist_after_end, LONGEST_WATCHLIST)
        _require_between("alerts are kept after the end", self.alerts, LONGEST_ALERTS)
        if self.audit < SHORTEST_AUDIT:
            msg = f"audit metadata is kept for {SHORTEST_AUDIT.days} days at least, got {self.audit}"
            raise InvalidValue(msg)

    def kept_for(self, how: EndedHow) -> Mapping[Purpose, timedelta]:
        """How long each kind of data outlives the end, given what brought it about."""
        if how is EndedHow.LAPSED:
            return MappingProxyType(dict.fromkeys(Purpose, timedelta(0)))
        return MappingProxyType(
            {
                Purpose.FRAMES: timedelta(0),
                Purpose.WATCHLIST: self.watchlist_after_end,
                Purpose.ALERTS: self.alerts,
            }
        )


class EndedHow(Enum):
    """What brought a deployment to its end."""

    WINDOW_OVER = "window-over"
    ENDED = "ended"
    CANCELLED = "cancelled"
    LAPSED = "lapsed"
    """Begun as urgent and not signed within 24 hours: it stops and all that came of it is deleted."""


@dataclass(frozen=True, slots=True)
class Ending:
    """The moment from which nothing more may be matched, for good."""

    at: datetime
    how: EndedHow

    def __post_init__(self) -> None:
        require_aware(self.at, "an end")


def due(ending: Ending | None, policy: RetentionPolicy, now: datetime) -> Mapping[Purpose, timedelta]:
    """What must be gone by `now`, and since how long; nothing while the authorisation has not ended.

    It depends on nothing but its arguments: a service that was down at a deadline finds the same due when it is back.
    """
    if ending is None:
        return MappingProxyType({})
    over = now - ending.at
    spans = policy.kept_for(ending.how)
    return MappingProxyType({purpose: over - span for purpose, span in spans.items() if over >= span})


def _require_between(what: str, span: timedelta, longest: timedelta) -> None:
    if not timedelta(0) <= span <= longest:
        msg = f"{what} for at most {longest.total_seconds() / 3600:.0f} hours, and not less than none, got {span}"
        raise InvalidValue(msg)
