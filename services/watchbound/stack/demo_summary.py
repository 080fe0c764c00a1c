"""What a demonstration found, reconciled: counts that add up, and alerts held against the ground truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np

from watchbound.domain.alert import Alert, AlertEvent
from watchbound.domain.tally import Tally
from watchbound.stack.demo_plan import FPS, DemoCamera

HANDLED = ("processed", "shed", "refused", "dead_lettered")
"""What a worker can do with a frame."""

SITE_SOURCE = "site-"
"""Begins the source of every tally that a camera site sends."""

TRUTH_TOLERANCE_S = 2.0
"""Between the sampled frame's place in the footage, counted in frames, and the person's in the ground truth."""


class TallySheet:
    """Adds up tallies, those of sites and those of workers apart; one that was delivered twice counts once."""

    def __init__(self) -> None:
        self._seen: set[tuple[str, str, int]] = set()
        self.sites: Counter[str] = Counter()
        self.workers: Counter[str] = Counter()

    def add(self, tally: Tally) -> None:
        """Count one tally."""
        name = (tally.source, tally.camera_id, tally.index)
        if name not in self._seen:
            self._seen.add(name)
            (self.sites if tally.source.startswith(SITE_SOURCE) else self.workers).update(tally.counts())

    def frames(self) -> dict[str, int]:
        """What became of the frames, as sites and workers tell it, each for its own part."""
        return {
            "published": self.sites["published"],
            **{name: self.workers[name] for name in HANDLED},
            "shed_at_site": self.sites["shed"],
            "refused_at_site": self.sites["refused"],
        }

    def unaccounted(self) -> int:
        """Published frames of which no worker has said yet what became of them."""
        return self.sites["published"] - sum(self.workers[name] for name in HANDLED)


@dataclass(slots=True)
class ObservedAlert:
    """An alert as its consumer saw it.

    Attributes:
        latest: its last event so far.
        latency_s: from the capture of the frame that opened it to the moment the consumer had it.
    """

    latest: Alert
    latency_s: float


@dataclass(slots=True)
class AlertBook:
    """All alerts of a run, by id."""

    alerts: dict[str, ObservedAlert] = field(default_factory=dict)

    def take(self, alert: Alert, received_at: datetime) -> None:
        """Note one event."""
        known = self.alerts.get(alert.id)
        if known is None:
            self.alerts[alert.id] = ObservedAlert(alert, (received_at - alert.opened_by).total_seconds())
        elif alert.revision > known.latest.revision:
            known.latest = alert

    def all(self) -> list[ObservedAlert]:
        """In the order in which they were opened."""
        return list(self.alerts.values())


def people_summary(cameras: Sequence[DemoCamera], listed: Iterable[str], alerts: Sequence[Alert]) -> dict[str, Any]:
    """Who should have been alerted and who was, by the ground truth of synthetic sites.

    A listed person *passed* if they came near enough, unhidden, at some camera (see `SiteTruth.passages`). An alert is
    *false* if its person was not in front of its camera at the time of its best frame.
    """
    enrolled = set(listed)
    truths = {camera.id: camera.truth for camera in cameras if camera.truth is not None}
    passed = {passage.person for truth in truths.values() for passage in truth.passages()} & enrolled
    walked = {person for truth in truths.values() for person in truth.people()}
    true_alerts = [alert for alert in alerts if _was_there(alert, truths)]
    alerted = {alert.entry.reference for alert in true_alerts}
    return {
        "enrolled": len(enrolled),
        "enrolled_passed": len(passed),
        "alerted": len(alerted & passed),
        "missed": len(passed - alerted),
        "missed_references": sorted(passed - alerted),
        "unlisted_passed": len(walked - enrolled),
        "false_alerts": len(alerts) - len(true_alerts),
    }


def _was_there(alert: Alert, truths: dict[str, Any]) -> bool:
    truth = truths.get(alert.best.camera_id)
    if truth is None:
        return False
    second = int(alert.best.frame_id.rsplit("/", 1)[1]) / FPS
    steps = np.arange(second - TRUTH_TOLERANCE_S, second + TRUTH_TOLERANCE_S + 0.1, 0.1)
    return any(alert.entry.reference in truth.visible_at(max(float(step), 0.0)) for step in steps)


def alert_rows(alerts: Sequence[Alert]) -> list[dict[str, Any]]:
    """One row an alert, without pictures."""
    return [
        {
            "entry": alert.entry.reference,
            "camera": alert.best.camera_id,
            "cameras": list(alert.cameras),
            "first_seen": alert.first_seen.isoformat(),
            "last_seen": alert.last_seen.isoformat(),
            "score": round(alert.best.score, 4),
            "threshold": alert.best.threshold,
            "category": alert.entry.category.value,
            "response_level": alert.entry.response_level.value,
            "alert_id": alert.id,
            "expired": alert.event is AlertEvent.EXPIRED,
        }
        for alert in alerts
    ]


def quantiles_ms(latencies_s: Sequence[float]) -> dict[str, float | None]:
    """p50 and p99 in milliseconds, None where nothing was measured, and of how many: the p99 of few is their worst."""
    if not latencies_s:
        return {"p50": None, "p99": None, "n": 0}
    p50, p99 = np.quantile(np.array(latencies_s) * 1000, [0.5, 0.99])
    return {"p50": round(float(p50), 1), "p99": round(float(p99), 1), "n": len(latencies_s)}


def faults(summary: Mapping[str, Any]) -> list[str]:
    """What is wrong with a summary, a sentence each; empty when every enrolled person and nobody else was alerted."""
    frames = summary["frames"]
    found = []
    handled = sum(frames[name] for name in (*HANDLED, "in_flight"))
    if frames["published"] != handled:
        found.append(f"frames do not add up: {frames['published']} published, {handled} accounted for: {frames}")
    if frames["in_flight"] != 0:
        found.append(
            f"{frames['in_flight']} frames are in flight at the end, expected none: the workers do not keep up"
        )
    if frames["processed"] == 0:
        found.append("no frame was processed")
    return found + _closing_faults(summary) + _people_faults(summary.get("people"))


def _closing_faults(summary: Mapping[str, Any]) -> list[str]:
    record, purge, audit = summary["record"], summary["purge"], summary["audit"]
    found = [f"the record does not add up: {each['check']}: {each['says']}" for each in record["discrepancies"]]
    if not purge["clean"]:
        found.append(f"the purge left something: {', '.join(purge['not_clean'])}")
    if not purge["receipt_holds"]:
        found.append("the purge's receipt does not hold when the places are looked at again")
    if not audit["ok"]:
        found.append(f"the audit log is not as it was written: first bad event {audit['first_bad']}")
    return found


def _people_faults(people: Mapping[str, Any] | None) -> list[str]:
    found: list[str] = []
    if people is None:
        return found
    if people["enrolled_passed"] == 0:
        found.append("nobody who is enrolled passed, so nothing was shown")
    if people["missed"] != 0:
        found.append(f"{people['missed']} enrolled people passed without an alert, expected none")
    if people["false_alerts"] != 0:
        found.append(f"{people['false_alerts']} alerts named somebody who did not pass, expected none")
    return found
