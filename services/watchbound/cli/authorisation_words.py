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
    stands, kept, vouched = standing(authorisation, now), authorisation.retention, authorisation.standing.activation
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
        "watchlist_digest": None if vouched is None else vouched.watchlist_digest or None,
        "watchlist_size": None if vouched is None else vouched.watchlist_size,
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


def list_has_changed(authorisation: Authorisation, digest: str, now: datetime) -> bool | None:
    """Whether the list is another than the one that was activated; None where none was, or the deployment is over.

    Args:
        authorisation: whose.
        digest: of the list as it stands at `now`.
        now: a moment of the trusted clock.
    """
    vouched = authorisation.standing.activation
    if vouched is None or authorisation.ending(now) is not None:
        return None
    return vouched.watchlist_digest != digest


def list_change_in_words(changed: bool | None) -> str:
    """The answer of `list_has_changed`."""
    if changed is None:
        return "not asked: nothing is activated"
    if changed:
        return "yes, since the activation: `watchbound watchlist roll` says who came, on whose word, and who went"
    return "no: it is the list that was activated"


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
    return f"{act['at']}  {act['kind']}{_what(act['kind'], act['details'])} by {act['by']}: {act['reason']}"


def _what(kind: str, details: dict[str, str]) -> str:
    """What is to be told of an act beside its reason."""
    if kind == ActKind.SET_THRESHOLD.value:
        return f" to {details['threshold']} at the request of {details['requested_by']}"
    if kind == ActKind.ACTIVATE.value:
        digest = details.get("watchlist_digest", "not stated")
        return f" with the watchlist {digest} of {details['watchlist_size']}, reviewed by {details['reviewed_by']},"
    return ""


def _holder(view: AuthorityView, key_id: str) -> str:
    try:
        return view.holder(key_id)
    except NotTrusted:
        return "somebody who is not trusted any more"
