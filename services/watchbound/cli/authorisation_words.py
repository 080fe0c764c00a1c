"""An authorisation for people and for programs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from watchbound.domain.act import ActKind
from watchbound.domain.authorisation import Authorisation
from watchbound.domain.errors import NotTrusted
from watchbound.pipeline.authority import AuthorityView

_SECOND = timedelta(seconds=1)


def standing(authorisation: Authorisation, now: datetime) -> str:
    """`in_force`, or why it is not."""
    refusal = authorisation.refusal(now)
    return "in_force" if refusal is None else refusal.value


def as_json(authorisation: Authorisation, now: datetime) -> dict[str, Any]:
    """All of it, as `--json` prints it."""
    stands, kept = standing(authorisation, now), authorisation.retention
    return {
        "id": authorisation.id,
        "state": authorisation.state.value,
        "standing": stands,
        "permits": stands == "in_force",
        "fault": authorisation.standing.fault_detail,
        "use_case": authorisation.use_case.value,
        "legal_basis": authorisation.legal_basis,
        "legitimate_aim": authorisation.legitimate_aim,
        "necessity": authorisation.necessity,
        "proportionality": authorisation.proportionality,
        "dpia_reference": authorisation.dpia_reference,
        "location": authorisation.location,
        "location_type": authorisation.location_type.value,
        "cameras": sorted(authorisation.cameras),
        "start": authorisation.window.start.isoformat(),
        "end": authorisation.window.end.isoformat(),
        "max_watchlist_size": authorisation.max_watchlist_size,
        "categories": sorted(category.value for category in authorisation.categories),
        "threshold": authorisation.threshold,
        "minimum_threshold": authorisation.minimum_threshold,
        "threshold_reason": authorisation.threshold_reason,
        "calibration": None if authorisation.calibration is None else authorisation.calibration.as_json(),
        "min_eye_distance": authorisation.min_eye_distance,
        "signage_reference": authorisation.signage_reference,
        "watchlist_kept_s": kept.watchlist_after_end // _SECOND,
        "alerts_kept_s": kept.alerts // _SECOND,
        "audit_kept_s": kept.audit // _SECOND,
        "drafted_by": authorisation.drafted_by,
        "officer": authorisation.officer,
        "urgent": authorisation.urgent,
    }


def in_words(authorisation: Authorisation, now: datetime) -> str:
    """All that matters in one line."""
    window, fault = authorisation.window, authorisation.standing.fault_detail
    return (
        f"{standing(authorisation, now).replace('_', ' ')}{f' ({fault})' if fault else ''}; "
        f"{authorisation.use_case.value} at {authorisation.location} "
        f"({authorisation.location_type.value}), cameras {', '.join(sorted(authorisation.cameras))}, "
        f"{window.start.isoformat(timespec='minutes')} to {window.end.isoformat(timespec='minutes')}, "
        f"threshold {authorisation.threshold:.2f}, authorising officer {authorisation.officer}"
    )


def history(view: AuthorityView, authorisation_id: str) -> list[dict[str, Any]]:
    """Every act that held, with whose key it was."""
    written = view.written(authorisation_id)
    return [
        {
            "kind": signed.act.kind.value,
            "by": _holder(view, signed.signature.key_id),
            "key": signed.signature.key_id,
            "at": signed.act.at.isoformat(timespec="seconds"),
            "reason": signed.act.reason,
            "details": dict(signed.act.details),
        }
        for signed in (written.acts if written is not None else ())
    ]


def act_in_words(act: dict[str, Any]) -> str:
    """One act of `history` in one line."""
    details = act["details"] if act["kind"] == ActKind.SET_THRESHOLD.value else {}
    change = f" to {details['threshold']} at the request of {details['requested_by']}" if details else ""
    return f"{act['at']}  {act['kind']}{change} by {act['by']}: {act['reason']}"


def _holder(view: AuthorityView, key_id: str) -> str:
    try:
        return view.holder(key_id)
    except NotTrusted:
        return "somebody who is not trusted any more"
