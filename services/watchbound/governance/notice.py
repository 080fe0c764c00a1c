"""The public notice and the DPIA input, filled from an authorisation: what is said in public is what was signed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from importlib.resources import files
from io import BytesIO

import segno

from watchbound.domain.authorisation import Authorisation
from watchbound.domain.errors import InvalidValue
from watchbound.domain.standing import Refusal
from watchbound.domain.terms import LocationType, UseCase
from watchbound.domain.watchlist import Category

_TEMPLATES = files("watchbound.governance") / "templates"
_FIELD = re.compile(r"\{\{([a-z_]+)\}\}")
_QR_SCALE = 5

USE_CASES: Mapping[UseCase, str] = {
    UseCase.LOCATE_WANTED: "to find people who are wanted by the police or the courts",
    UseCase.LOCATE_MISSING: "to find people who are missing",
    UseCase.PREVENT_SERIOUS_HARM: "to prevent serious harm",
    UseCase.ENFORCE_CONDITIONS: "to check that people keep to conditions that a court has set",
    UseCase.PROTECT_EVENT: "to protect an event",
    UseCase.DEMONSTRATION: "to demonstrate the system; nobody real is looked for",
}
LOCATION_TYPES: Mapping[LocationType, str] = {
    LocationType.CRIME_HOTSPOT: "an area with much crime",
    LocationType.TRANSPORT_HUB: "a station or other transport hub",
    LocationType.PUBLIC_EVENT: "a public event",
    LocationType.ACCESS_ROUTE: "a way to or from such a place",
    LocationType.PROTECTED_SITE: "a protected site",
    LocationType.TEST_SITE: "a test site",
}
CATEGORIES: Mapping[Category, str] = {
    Category.WANTED_BY_COURT: "people wanted by a court",
    Category.SUSPECT_OF_OFFENCE: "people suspected of an offence",
    Category.SUBJECT_TO_CONDITIONS: "people who must keep to conditions",
    Category.MISSING: "missing people",
    Category.RISK_OF_HARM: "people at risk of harm, or who pose one",
    Category.SEEDED_VOLUNTEER: "volunteers who help to test the system",
}
_STANDINGS: Mapping[Refusal | None, str] = {
    None: "This deployment is authorised.",
    Refusal.NOT_YET_STARTED: "This deployment is authorised. It has not begun.",
    Refusal.NOT_ACTIVE: "This deployment is planned. It has not been authorised.",
    Refusal.PAUSED: "This deployment is paused: nobody is being looked for now.",
    Refusal.ENDED: "This deployment is over.",
    Refusal.URGENT_LAPSED: "This deployment is over: it began as urgent, and was not authorised in time.",
    Refusal.CANCELLED: "This deployment was cancelled.",
    Refusal.PURGED: "This deployment is over, and its data has been deleted.",
}
_NOT_IN_FORCE = "This deployment is not in force: nobody may be looked for under it."
"""What is said wherever an authorisation is not believed, and of whatever has no words of its own."""


@dataclass(frozen=True, slots=True)
class Publisher:
    """Who speaks to the public.

    Attributes:
        controller: who is responsible for the data.
        contact: how to reach them: an address, a telephone number, an e-mail address.
        url: where more is said; shown as a link and a QR code.
    """

    controller: str
    contact: str
    url: str

    def __post_init__(self) -> None:
        if not (self.controller.strip() and self.contact.strip()):
            msg = "a public notice names who is responsible (--controller) and how to reach them (--contact)"
            raise InvalidValue(msg)
        if not re.fullmatch(r"https?://[^\s\"<>]+", self.url):
            msg = f"--url: expected an address that begins with https:// or http://, got {self.url!r}"
            raise InvalidValue(msg)


def notice_page(authorisation: Authorisation, publisher: Publisher, now: datetime) -> str:
    """The notice as one HTML page that needs nothing from elsewhere, in words for everybody."""
    values = {name: escape(text) for name, text in _values(authorisation, publisher, now).items()}
    values["qr_code"] = _qr_code(publisher.url)
    return _filled("notice.html", values)


def dpia_input(authorisation: Authorisation, publisher: Publisher, now: datetime) -> str:
    """What an impact assessment needs to know of this deployment, as Markdown; a person completes it."""
    return _filled("dpia-input.md", _values(authorisation, publisher, now))


def _values(authorisation: Authorisation, publisher: Publisher, now: datetime) -> dict[str, str]:
    window, kept = authorisation.window, authorisation.retention
    return {
        "authorisation": authorisation.id,
        "state": _state(authorisation, now),
        "use_case": USE_CASES[authorisation.use_case],
        "location": authorisation.location,
        "location_type": LOCATION_TYPES[authorisation.location_type],
        "cameras": f"{len(authorisation.cameras)} camera{'' if len(authorisation.cameras) == 1 else 's'}",
        "camera_names": ", ".join(sorted(authorisation.cameras)),
        "start": _moment(window.start),
        "end": _moment(window.end),
        "legal_basis": authorisation.legal_basis,
        "legitimate_aim": authorisation.legitimate_aim,
        "necessity": authorisation.necessity,
        "proportionality": authorisation.proportionality,
        "dpia_reference": authorisation.dpia_reference,
        "signage_reference": authorisation.signage_reference,
        "categories": "; ".join(sorted(CATEGORIES[category] for category in authorisation.categories)),
        "max_watchlist_size": f"{authorisation.max_watchlist_size:,}",
        "minimum_threshold": f"{authorisation.minimum_threshold:g}",
        "threshold_reason": authorisation.threshold_reason,
        "min_eye_distance": f"{authorisation.min_eye_distance:g}",
        "watchlist_kept": _span(kept.watchlist_after_end),
        "alerts_kept": _span(kept.alerts),
        "audit_kept": _span(kept.audit),
        "officer": authorisation.officer,
        "drafted_by": authorisation.drafted_by,
        "urgent": "yes" if authorisation.urgent else "no",
        "controller": publisher.controller,
        "contact": publisher.contact,
        "url": publisher.url,
        "made": _moment(now),
    }


def _state(authorisation: Authorisation, now: datetime) -> str:
    """Where it stands at `now`, in words that say "authorised" only of what an officer signed and nothing refuses."""
    refusal, standing = authorisation.refusal(now), authorisation.standing
    if refusal in (Refusal.NOT_ACTIVE, Refusal.PAUSED) and authorisation.ending(now) is not None:
        return _STANDINGS[Refusal.ENDED]
    if refusal in (None, Refusal.NOT_YET_STARTED) and standing.urgent_until is not None:
        return (
            "This deployment is urgent. The authorising officer has not signed it yet; it stops on "
            f"{_moment(standing.urgent_until)} unless they do."
        )
    if refusal is Refusal.NOT_ACTIVE and standing.signed_at is not None:
        return _STANDINGS[Refusal.NOT_YET_STARTED]
    return _STANDINGS.get(refusal, _NOT_IN_FORCE)


def _filled(template: str, values: Mapping[str, str]) -> str:
    text = (_TEMPLATES / template).read_text(encoding="utf-8")
    return _FIELD.sub(lambda field: values[field.group(1)], text)


def _qr_code(url: str) -> str:
    out = BytesIO()
    segno.make(url, error="m", micro=False).save(
        out, kind="svg", scale=_QR_SCALE, xmldecl=False, svgclass="code", lineclass=None, title=f"QR code of {url}"
    )
    return out.getvalue().decode()


def _moment(moment: datetime) -> str:
    return f"{moment:%A %-d %B %Y, %H:%M} {moment:%Z}"


def _span(span: timedelta) -> str:
    hours, days = span // timedelta(hours=1), span // timedelta(days=1)
    if span == timedelta(0):
        return "no time at all"
    if days >= 2 and span == timedelta(days=days):
        return f"{days} days"
    if span == timedelta(hours=hours):
        return f"{hours} hour{'' if hours == 1 else 's'}"
    return f"{span // timedelta(minutes=1)} minutes"
