"""People who draft, sign and stop authorisations in tests, with keys that a fake trust list believes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from watchbound.domain.act import ActKind, SignedAct
from watchbound.domain.activation import Activation, PreDeploymentItem
from watchbound.domain.authorisation import Authorisation
from watchbound.domain.moment import Window
from watchbound.domain.signature import Role
from watchbound.domain.terms import LocationType, Terms, UseCase
from watchbound.domain.watchlist import Category
from watchbound.domain.written_authority import WrittenAuthority
from watchbound.pipeline.verification import read_authority
from watchbound.ports import Signer
from watchbound.testing.signing import FakeSigner, FakeTrustList

_NOTHING: Mapping[str, str] = {}
_START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def terms(**changed: Any) -> Terms:
    """Ordinary terms, with what a test cares about changed; everybody may be listed, four hours long."""
    usual: dict[str, Any] = {
        "id": "op-1",
        "use_case": UseCase.LOCATE_MISSING,
        "legal_basis": "written authority 1",
        "legitimate_aim": "to find a missing person",
        "necessity": "other means have failed",
        "proportionality": "one station, four hours",
        "dpia_reference": "DPIA 31",
        "location": "Central station",
        "location_type": LocationType.TRANSPORT_HUB,
        "cameras": frozenset({"gate-1"}),
        "window": Window(_START, _START + timedelta(hours=4)),
        "max_watchlist_size": 10_000,
        "categories": frozenset(Category),
        "minimum_threshold": 0.45,
        "threshold_reason": "calibrated on our own footage",
        "min_eye_distance": 14.0,
        "signage_reference": "signs 1 to 4",
        "officer": "officer",
        "drafted_by": "drafter",
    }
    return Terms(**{**usual, **changed})


def activation(at: datetime, **changed: Any) -> dict[str, str]:
    """The details of an activation at `at` that lacks nothing."""
    usual: dict[str, Any] = {
        "reviewed_by": "watchlist-1",
        "reviewed_at": at,
        "watchlist_size": 5,
        "items": frozenset(PreDeploymentItem),
        "watchlist_digest": "5" * 64,
    }
    return Activation(**{**usual, **changed}).details()


class Office:
    """A drafter, an authorising officer and others; every act is signed by the key that is given.

    Attributes:
        trust: the list that believes them.
    """

    def __init__(self) -> None:
        self.trust = FakeTrustList()
        self.drafter: Signer = self._employed("drafter", Role.DRAFTER)
        self.officer: Signer = self._employed("officer", Role.AUTHORISING_OFFICER)
        self.other_officer = self._employed("other-officer", Role.AUTHORISING_OFFICER)
        self.reviewer = self._employed("reviewer", Role.REVIEWER)
        self.guardian = self._employed("guardian", Role.GUARDIAN)

    def _employed(self, holder: str, role: Role) -> FakeSigner:
        signer = FakeSigner(f"key-of-{holder}")
        self.trust.trust(signer, holder, role)
        return signer

    def with_act(
        self,
        written: WrittenAuthority,
        kind: ActKind,
        signer: Signer,
        at: datetime,
        details: Mapping[str, str] = _NOTHING,
        reason: str = "a test",
    ) -> WrittenAuthority:
        """One more act, signed, whether or not it may be done."""
        act = written.next_act(kind, at, reason, details)
        return written.extended(SignedAct(act, signer.sign(act.message())))

    def drafted(self, terms: Terms, at: datetime | None = None) -> WrittenAuthority:
        """A draft; an hour before the window begins, if no other time is given."""
        begun = WrittenAuthority(terms, ())
        return self.with_act(begun, ActKind.DRAFT, self.drafter, at or _before(terms))

    def signed(self, terms: Terms, at: datetime | None = None) -> WrittenAuthority:
        """A draft that the officer signed."""
        return self.with_act(self.drafted(terms, at), ActKind.SIGN, self.officer, at or _before(terms))

    def active(self, terms: Terms, at: datetime | None = None) -> WrittenAuthority:
        """Signed and activated."""
        when = at or _before(terms)
        return self.with_act(self.signed(terms, when), ActKind.ACTIVATE, self.officer, when, activation(when))

    def cancelled(self, terms: Terms, at: datetime | None = None) -> WrittenAuthority:
        """Activated and cancelled."""
        return self.with_act(self.active(terms, at), ActKind.CANCEL, self.officer, at or _before(terms))

    def read(self, written: WrittenAuthority) -> Authorisation:
        """What the chain amounts to."""
        return read_authority(written, self.trust).authorisation


def active_authorisation(**changed: Any) -> Authorisation:
    """An authorisation as a service holds it, activated; give what differs from `terms`."""
    office = Office()
    return office.read(office.active(terms(**changed)))


def _before(terms: Terms) -> datetime:
    """An hour before the window, or as early as there is time."""
    earliest = datetime.min.replace(tzinfo=UTC)
    return terms.window.start - min(timedelta(hours=1), terms.window.start - earliest)
