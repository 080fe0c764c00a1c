"""Grants and ends the authority under which anything is captured or matched."""

from __future__ import annotations

import math
from dataclasses import replace

from watchbound.domain.authorisation import Authorisation, AuthorisationState
from watchbound.domain.errors import InvalidValue, NotAuthorised, Unavailable, UnknownReference
from watchbound.pipeline.audit import AuditTrail
from watchbound.pipeline.authority import AuthorityView
from watchbound.pipeline.topics import AUTHORISATIONS
from watchbound.ports import Clock, Codec, KeyRing, RecordProducer

_ACKNOWLEDGED_WITHIN_S = 10.0


class Authoriser:
    """Publishes authorisations, and returns only when the broker holds them.

    Args:
        producer: appends to the log.
        codec: of the authorisations topic.
        clock: the trusted clock.
        view: the present state; every act is refused while it is not fresh.
        audit: where acts and their reasons are told.
    """

    def __init__(
        self,
        producer: RecordProducer,
        codec: Codec[Authorisation],
        clock: Clock,
        view: AuthorityView,
        audit: AuditTrail,
    ) -> None:
        self._producer = producer
        self._codec = codec
        self._clock = clock
        self._view = view
        self._audit = audit

    def create(self, authorisation: Authorisation, ring: KeyRing) -> None:
        """Grant a new authorisation. It is told to the audit log first: what was not told is not granted.

        Args:
            authorisation: the terms.
            ring: makes its data keys, before anybody could need them.

        Raises:
            KeyDestroyed: a key of its id was destroyed.
            InvalidValue: its id exists, its window is over, or a camera of it is taken for part of that time.
            Unavailable: the log cannot be asked or does not acknowledge.
        """
        require_fresh(self._view)
        if self._view.find(authorisation.id) is not None:
            msg = f"authorisation {authorisation.id} exists already and ids are never used twice; choose another --id"
            raise InvalidValue(msg)
        now = self._clock.now()
        if authorisation.window.end <= now:
            msg = (
                f"an authorisation must end in the future, got an end of {authorisation.window.end.isoformat()} "
                f"at {now.isoformat()}"
            )
            raise InvalidValue(msg)
        self._refuse_overlap(authorisation)
        terms = f"{authorisation.use_case.value} at {authorisation.location}: {authorisation.legal_basis}"
        self._audit.record(authorisation.officer, "authorisation.granted", authorisation.id, terms)
        ring.create(authorisation.id)
        self._publish(authorisation)

    def cancel(self, authorisation_id: str, by: str, reason: str) -> Authorisation:
        """End an authorisation for good; returns it as it then stands. Doing it twice is doing it once.

        It is published before it is told to the audit log: stopping waits for nothing.

        Raises:
            InvalidValue: nobody or no reason is named.
            UnknownReference: there is no such authorisation.
            Unavailable: the log cannot be asked or does not acknowledge.
        """
        if not by.strip() or not reason.strip():
            msg = "a cancellation names who cancels (--by) and why (--reason)"
            raise InvalidValue(msg)
        known = require_known(self._view, authorisation_id)
        cancelled = replace(known, state=AuthorisationState.CANCELLED)
        self._publish(cancelled)
        self._audit.record(by, "authorisation.cancelled", authorisation_id, reason)
        return cancelled

    def _refuse_overlap(self, wanted: Authorisation) -> None:
        """A frame carries one authority, so of two on one camera at one time one would silently see nothing."""
        for known in self._view.all():
            shared = known.cameras & wanted.cameras
            overlaps = known.window.start < wanted.window.end and wanted.window.start < known.window.end
            if shared and overlaps and known.state is AuthorisationState.ACTIVE:
                msg = (
                    f"camera {', '.join(sorted(shared))} is covered by authorisation {known.id} from "
                    f"{known.window.start.isoformat()} to {known.window.end.isoformat()}, and a camera serves one "
                    "authorisation at a time; choose another time or camera, or cancel that one first"
                )
                raise InvalidValue(msg)

    def _publish(self, authorisation: Authorisation) -> None:
        value = self._codec.encode(authorisation)
        self._producer.send(AUTHORISATIONS.name, authorisation.id, value).wait(_ACKNOWLEDGED_WITHIN_S)


def require_fresh(view: AuthorityView) -> None:
    """Refuse to act on what may be out of date.

    Raises:
        Unavailable: the view is stale.
    """
    if view.stale():
        age = view.age_s()
        since = "never" if math.isinf(age) else f"{age:.1f} s ago"
        msg = f"the authorisations are not known to be up to date (last confirmed {since}); is the broker reachable?"
        raise Unavailable(msg)


def require_known(view: AuthorityView, authorisation_id: str) -> Authorisation:
    """The authorisation of this id, in force or not.

    Raises:
        UnknownReference: there is none.
        Unavailable: the view is stale.
    """
    require_fresh(view)
    known = view.find(authorisation_id)
    if known is None:
        msg = f"there is no authorisation {authorisation_id}; `watchbound authorise list` shows those that exist"
        raise UnknownReference(msg)
    return known


def require_enrollable(view: AuthorityView, clock: Clock, authorisation_id: str) -> Authorisation:
    """The authorisation of this id, if people may be put on its watchlist now: also before it starts.

    Raises:
        UnknownReference: there is none.
        NotAuthorised: it was cancelled or has ended.
        Unavailable: the view is stale.
    """
    known = require_known(view, authorisation_id)
    if known.state is not AuthorisationState.ACTIVE:
        msg = f"authorisation {authorisation_id} is cancelled: nobody may be enrolled under it"
        raise NotAuthorised(msg)
    if clock.now() >= known.window.end:
        msg = (
            f"authorisation {authorisation_id} ended at {known.window.end.isoformat()}: nobody may be enrolled under it"
        )
        raise NotAuthorised(msg)
    return known
