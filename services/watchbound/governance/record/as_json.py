"""The record for machines."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from watchbound.domain.moment import Window
from watchbound.governance.record.build import DeploymentRecord, JudgedAlert
from watchbound.governance.record.recall import Recall
from watchbound.governance.record.slices import SMALLEST_CELL, Cell
from watchbound.statistics.proportion import METHOD, Proportion

SCHEMA = "watchbound.deployment-record.v1"


def document(record: DeploymentRecord) -> dict[str, Any]:
    """Everything, in JSON's types; times are ISO 8601 with their zone, shares have their interval beside them."""
    return {
        "schema": SCHEMA,
        "made_at": record.made_at.isoformat(),
        "intervals": METHOD,
        "authorisation": _authority(record),
        "watchlist": _watchlist(record),
        "operated": _span(record.operated),
        "duration_s": round(record.duration_s, 1),
        "faces": {"in_frames": record.faces, "seen": record.seen, "compared": record.compared},
        "alerts": _alerts(record),
        "false_alert_rates": {
            "over_faces_seen": _proportion(record.rates.over_faces),
            "over_decided_alerts": _proportion(record.rates.over_alerts),
            "over_decided_alerts_without_volunteers": _proportion(record.rates.over_operational_alerts),
            "fpir": _proportion(record.rates.fpir),
        },
        "recall": _recall(record.recall),
        "by_group": {
            "smallest_cell": SMALLEST_CELL,
            "fpir_share": _cells(record.fpir_slices),
            "over_decided_alerts": _cells(record.over_alerts_slices),
        },
        "coverage": [
            {
                "camera": camera.camera_id,
                "expected_s": round(camera.expected_s, 1),
                "published_s": round(camera.published_s, 1),
                "gaps": [_span(gap) for gap in camera.gaps],
            }
            for camera in record.coverage
        ],
        "pauses": [_span(pause) for pause in record.paused],
        "frames": _frames(record),
        "acts": [
            {"at": act.at.isoformat(), "act": act.kind, "by": act.by, "reason": act.reason, "threshold": act.threshold}
            for act in record.acts
        ],
        "timeline": [
            {"start": bar.span.start.isoformat(), "compared": bar.compared, "shed": bar.shed} for bar in record.timeline
        ],
        "stated": _stated(record),
        "notes": list(record.notes),
        "reconciles": not record.discrepancies,
        "discrepancies": [{"check": found.check, "says": found.says} for found in record.discrepancies],
    }


def _authority(record: DeploymentRecord) -> dict[str, Any]:
    authorisation = record.authorisation
    return {
        "id": authorisation.id,
        "state": authorisation.state.value,
        "use_case": authorisation.use_case.value,
        "legal_basis": authorisation.legal_basis,
        "location": authorisation.location,
        "location_type": authorisation.location_type.value,
        "officer": authorisation.officer,
        "cameras": sorted(authorisation.cameras),
        "window": _span(authorisation.window),
        "threshold": authorisation.threshold,
        "calibration": None if authorisation.calibration is None else authorisation.calibration.as_json(),
    }


def _watchlist(record: DeploymentRecord) -> dict[str, Any] | None:
    found = record.watchlist
    if found is None:
        return None
    categories = {category.value: count for category, count in found.categories}
    return {
        "size": found.size,
        "as_of": found.as_of,
        "categories": categories,
        "digest_at_activation": found.digest or None,
        "approved_since_activation": found.approved_since,
        "removed_since_activation": found.removed_since,
    }


def _alerts(record: DeploymentRecord) -> dict[str, Any]:
    return {
        "total": len(record.alerts),
        "true": record.true_alerts,
        "false": record.false_alerts,
        "by_outcome": {standing.value: count for standing, count in record.standings().items()},
        "by_category": {category.value: count for category, count in record.by_category().items()},
        "each": [_alert(alert) for alert in record.alerts],
    }


def _alert(alert: JudgedAlert) -> dict[str, Any]:
    fact = alert.fact
    return {
        "alert_id": fact.id,
        "entry": fact.entry.reference,
        "category": fact.entry.category.value,
        "response_level": fact.entry.response_level.value,
        "opened_by": fact.opened_by.isoformat(),
        "cameras": list(fact.cameras),
        "score": round(fact.score, 4),
        "threshold": fact.threshold,
        "outcome": alert.standing.value,
        "decided_at": None if alert.decided_at is None else alert.decided_at.isoformat(),
    }


def _recall(found: Recall | None) -> dict[str, Any]:
    if found is None:
        return {"measured": False, "reason": "no log of seeded volunteers was given"}
    return {
        "measured": True,
        "tpir": _proportion(found.tpir),
        "silenced": found.silenced,
        "missed": [
            {"entry": noted.reference, "camera": noted.camera_id, "time": noted.at.isoformat()}
            for noted in found.missed
        ],
        "by_group": _cells(found.slices),
    }


def _frames(record: DeploymentRecord) -> dict[str, int | None]:
    frames = record.frames
    return {
        "published": frames.published,
        "processed": frames.processed,
        "shed": frames.shed,
        "refused": frames.refused,
        "dead_lettered": frames.dead_lettered,
        "in_flight": frames.in_flight,
        "shed_at_site": frames.shed_at_site,
        "refused_at_site": frames.refused_at_site,
    }


def _stated(record: DeploymentRecord) -> dict[str, Any] | None:
    said = record.stated
    if said is None:
        return None
    return {"by": said.by, "borough": said.borough or None, "arrests": said.arrests, "notes": list(said.notes)}


def _proportion(proportion: Proportion) -> dict[str, float | int | None]:
    low, high = proportion.interval or (None, None)
    return {"count": proportion.count, "of": proportion.of, "value": proportion.value, "low": low, "high": high}


def _cells(cells: Iterable[Cell]) -> list[dict[str, Any]]:
    return [
        {
            "attribute": cell.attribute,
            "group": cell.group,
            **({"withheld": True} if cell.proportion is None else _proportion(cell.proportion)),
        }
        for cell in cells
    ]


def _span(span: Window | None) -> dict[str, str] | None:
    return None if span is None else {"start": span.start.isoformat(), "end": span.end.isoformat()}
