"""An evaluation for machines, and in words for people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from watchbound.evaluation.groups import Rate
from watchbound.evaluation.passing import PassingReport
from watchbound.evaluation.report import INTERVALS

SCHEMA = "watchbound.evaluation.v1"


def document(report: PassingReport, conditions: dict[str, Any]) -> dict[str, Any]:
    """The report with the conditions under which footage was replayed."""
    waits = report.seconds_to_alert
    return {
        "schema": SCHEMA,
        **conditions,
        "intervals": {"confidence": 0.95, "rates": INTERVALS},
        "tpir": _rate(report.tpir),
        "fpir": _rate(report.fpir),
        "mated_passages": sum(one.listed for one in report.passages),
        "non_mated_passages": sum(not one.listed for one in report.passages),
        "alerts": report.alerts,
        "false_alerts": report.false_alerts,
        "seconds_to_alert": {"p50": waits[0] if waits else None, "p90": waits[1] if waits else None},
        "tracks_per_passage": report.tracks_per_passage,
        "alerts_per_identified_passage": report.alerts_per_identified,
        "tracks": report.tracks,
        "mixed_tracks": report.mixed_tracks,
        "passages": [asdict(one) for one in report.passages],
    }


def _rate(rate: Rate | None) -> dict[str, Any] | None:
    if rate is None:
        return None
    return {"value": rate.value, "low": rate.interval.low, "high": rate.interval.high, "people": rate.people}


def rows(report: PassingReport) -> Iterator[tuple[str, str]]:
    """Name and value of each figure."""
    mated = [one for one in report.passages if one.listed]
    others = [one for one in report.passages if not one.listed]
    yield "TPIR by passage", _told(report.tpir, sum(one.identified for one in mated), len(mated))
    yield "FPIR by passage", _told(report.fpir, sum(one.misidentified for one in others), len(others))
    yield "false alerts", f"{report.false_alerts} of {report.alerts} alerts"
    waits = report.seconds_to_alert
    yield (
        "time to alert",
        f"p50 {waits[0]:.2f} s, p90 {waits[1]:.2f} s of footage" if waits else "nobody was identified",
    )
    yield "tracks a passage", _mean(report.tracks_per_passage)
    yield "alerts a passage identified", _mean(report.alerts_per_identified)
    yield "mixed tracks", f"{report.mixed_tracks} of {report.tracks}"


def _told(rate: Rate | None, count: int, of: int) -> str:
    if rate is None:
        return "no such passages"
    low, high = rate.interval
    return f"{rate.value:.3f} ({count} of {of}; 95 % from {low:.3f} to {high:.3f}, {rate.people} people)"


def _mean(value: float | None) -> str:
    return "none" if value is None else f"{value:.2f}"
