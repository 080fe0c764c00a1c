"""Finds the alert that a reviewer speaks about, and what was decided about it already."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TypeVar

from watchbound.domain.alert import Alert
from watchbound.domain.decision import Decision
from watchbound.domain.errors import InvalidValue, NotTrusted, Poison, UnknownReference
from watchbound.pipeline.reviewers import require_reviewer
from watchbound.pipeline.topics import ALERTS, DECISIONS
from watchbound.pipeline.whole_topics import read_to_end
from watchbound.ports import Codec, Record, TopicReader, TrustList

T = TypeVar("T")

SHORTEST_PREFIX = 6
"""Of an alert id in hexadecimal: 24 bits, enough for a day's alerts and short enough to type."""


@dataclass(slots=True)
class Docket:
    """Alerts whose id begins as asked, each in its highest revision, and the decisions about them that count."""

    prefix: str
    trusted: TrustList | None = None
    alerts: dict[str, Alert] = field(default_factory=dict)
    decisions: list[Decision] = field(default_factory=list)

    def take_alert(self, alert: Alert) -> None:
        """Keep it if it is one of those asked for; its picture may stand in an earlier event only."""
        if not alert.id.startswith(self.prefix):
            return
        known = self.alerts.get(alert.id)
        newer, older = (alert, known) if known is None or known.revision < alert.revision else (known, alert)
        if older is not None and not newer.best.crop:
            newer = replace(newer, best=older.best)
        self.alerts[alert.id] = newer

    def take_decision(self, decision: Decision) -> None:
        """Keep it if it is about one of those asked for, and a reviewer's: alerting passes over all others too."""
        if self.trusted is None or not decision.alert_id.startswith(self.prefix):
            return
        with suppress(NotTrusted):
            require_reviewer(decision, self.trusted)
            self.decisions.append(decision)

    def the_alert(self) -> Alert:
        """The one alert that was asked for.

        Raises:
            UnknownReference: none or several.
        """
        if not self.alerts:
            msg = f"no alert has an id that begins with {self.prefix!r}; `watchbound alerts tail` shows ids"
            raise UnknownReference(msg)
        if len(self.alerts) > 1:
            some = ", ".join(sorted(self.alerts)[:3])
            msg = f"{len(self.alerts)} alerts have ids that begin with {self.prefix!r} ({some}); give more of it"
            raise UnknownReference(msg)
        return next(iter(self.alerts.values()))

    def knows(self, decision: Decision) -> bool:
        """Whether the same judgement stands already: the reviewer's latest word on the alert says the same."""
        spoken = [d for d in self.about(decision.alert_id) if d.reviewer == decision.reviewer]
        if not spoken:
            return False
        latest = max(spoken, key=lambda d: d.decided_at)
        return (latest.verdict, latest.observed) == (decision.verdict, decision.observed)

    def about(self, alert_id: str) -> tuple[Decision, ...]:
        """The decisions on one alert."""
        return tuple(decision for decision in self.decisions if decision.alert_id == alert_id)


def read_docket(
    reader: TopicReader,
    alerts: Codec[Alert],
    decisions: Codec[Decision],
    prefix: str,
    timeout_s: float,
    trusted: TrustList | None = None,
    monotonic: Callable[[], float] = time.monotonic,
) -> Docket:
    """Read both topics up to their ends.

    Args:
        reader: of the alerts and decisions topics.
        alerts: their codec.
        decisions: their codec.
        prefix: the beginning of an alert id, or all of it.
        timeout_s: longest time to read for.
        trusted: whose decisions count; None for who asks for no decision.
        monotonic: counts the seconds.

    Raises:
        InvalidValue: the prefix is too short to name one alert.
        Unavailable: the broker does not answer, or not in time.
    """
    if len(prefix) < SHORTEST_PREFIX:
        msg = f"give at least {SHORTEST_PREFIX} characters of the alert's id, got {prefix!r}"
        raise InvalidValue(msg)
    docket = Docket(prefix, trusted)
    for record in read_to_end(reader, timeout_s, monotonic):
        if record.source.topic == ALERTS.name:
            _take(record, alerts, docket.take_alert)
        elif record.source.topic == DECISIONS.name:
            _take(record, decisions, docket.take_decision)
    return docket


def _take(record: Record, codec: Codec[T], take: Callable[[T], None]) -> None:
    """What cannot be read is no alert that could be meant; the alerting service has reported it."""
    if record.value is not None:
        try:
            take(codec.decode(record.value))
        except Poison:
            return
