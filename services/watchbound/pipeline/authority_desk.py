"""Where acts on an authorisation are done: checked as every reader will check them, told to the audit, published."""

from __future__ import annotations

import math
from collections.abc import Mapping

from watchbound.domain.act import ActKind, SignedAct
from watchbound.domain.authorisation import Authorisation
from watchbound.domain.errors import InvalidValue, NotAuthorised, Unavailable, UnknownReference
from watchbound.domain.standing import AuthorisationState, Refusal
from watchbound.domain.terms import Terms
from watchbound.domain.written_authority import WrittenAuthority
from watchbound.pipeline.audit import AuditTrail
from watchbound.pipeline.audit_acts import ACT_OF
from watchbound.pipeline.authority import AuthorityView
from watchbound.pipeline.topics import AUTHORISATIONS
from watchbound.ports import Clock, Codec, RecordProducer, Signer

_ACKNOWLEDGED_WITHIN_S = 10.0

_DONE_ALREADY = {
    ActKind.PAUSE: AuthorisationState.PAUSED,
    ActKind.CANCEL: AuthorisationState.CANCELLED,
    ActKind.END: AuthorisationState.ENDED,
    ActKind.PURGE: AuthorisationState.PURGED,
}
_NOTHING: Mapping[str, str] = {}


class AuthorityDesk:
    """Signs acts and publishes them; returns only when the broker holds them.

    What permits is told to the audit log first: what could not be told is not done. What stops is published first:
    stopping waits for nothing. Should the audit log not answer then, the stop stands in the chain and is told when
    anything is done to the authorisation again, the same stop included; until it is told, nothing is permitted.

    Args:
        producer: appends to the log.
        codec: of the authorisations topic.
        view: the present state, with the trust list by which every act is checked before it is published.
        clock: the trusted clock.
        audit: where acts and their reasons are told.
    """

    def __init__(
        self,
        producer: RecordProducer,
        codec: Codec[WrittenAuthority],
        view: AuthorityView,
        clock: Clock,
        audit: AuditTrail,
    ) -> None:
        self._producer = producer
        self._codec = codec
        self._view = view
        self._clock = clock
        self._audit = audit

    def draft(self, terms: Terms, signer: Signer, reason: str) -> Authorisation:
        """Begin an authorisation.

        Raises:
            InvalidValue: its id exists already.
            NotAuthorised: the signer may not draft it.
            Unavailable: the log cannot be asked or does not acknowledge.
        """
        require_fresh(self._view)
        require_unused(self._view, terms.id)
        return self._do(WrittenAuthority(terms, ()), ActKind.DRAFT, signer, reason, _NOTHING)

    def act(
        self,
        authorisation_id: str,
        kind: ActKind,
        signer: Signer,
        reason: str,
        details: Mapping[str, str] = _NOTHING,
    ) -> Authorisation:
        """Do something to an authorisation; returns it as it then stands. Stopping twice is stopping once.

        Raises:
            UnknownReference: nothing that holds is known under this id.
            NotAuthorised: the signer may not do it, or the state machine does not allow it.
            Unavailable: the log cannot be asked or does not acknowledge, or the act could not be audited: what permits
                is then not done; what stops is, and doing it again has it audited.
        """
        if not kind.stops:
            require_fresh(self._view)
        written, known = self._view.written(authorisation_id), self._view.find(authorisation_id)
        if written is None or known is None:
            require_fresh(self._view)
            msg = f"there is no authorisation {authorisation_id}; `watchbound authorise list` shows those that exist"
            raise UnknownReference(msg)
        if kind.stops and known.state is _DONE_ALREADY[kind]:
            self._tell_stops(written)
            return known
        if known.standing.fault is Refusal.FORKED and not kind.stops:
            raise NotAuthorised(known.standing.fault_detail)
        return self._do(written, kind, signer, reason, details)

    def _do(
        self, written: WrittenAuthority, kind: ActKind, signer: Signer, reason: str, details: Mapping[str, str]
    ) -> Authorisation:
        now = self._clock.now()
        # Two clocks may differ by a little, and stopping must not wait until one has caught up.
        at = max(now, written.acts[-1].act.at) if kind.stops and written.acts else now
        act = written.next_act(kind, at, reason, details)
        done = written.extended(SignedAct(act, signer.sign(act.message())))
        checked = self._view.require_good(done)
        if checked.standing.fault is not None and not kind.stops:
            raise NotAuthorised(checked.standing.fault_detail)
        if kind.stops:
            self._publish(done)
            self._tell_stops(done)
        else:
            self._tell_stops(written)
            self._tell(done.acts[-1], written.id)
            self._publish(done)
        self._view.apply(done)
        return self._view.find(written.id) or checked

    def _tell_stops(self, written: WrittenAuthority) -> None:
        """Have the audit log tell of every stop in a chain: the latest, and those that it could not take when done."""
        for signed in written.acts:
            kind, name = signed.act.kind, signed.digest().hex()
            if kind.stops and not self._audit.holds(ACT_OF[kind], written.id, signed_act=name):
                self._tell(signed, written.id, done_at=signed.act.at.isoformat(), signed_act=name)

    def _tell(self, signed: SignedAct, authorisation_id: str, **facts: str) -> None:
        act, key_id = signed.act, signed.signature.key_id
        known = {**dict(act.details), **facts, "key": key_id}
        self._audit.record(self._view.holder(key_id), ACT_OF[act.kind], authorisation_id, act.reason, **known)

    def _publish(self, written: WrittenAuthority) -> None:
        value = self._codec.encode(written)
        self._producer.send(AUTHORISATIONS.name, written.id, value).wait(_ACKNOWLEDGED_WITHIN_S)


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


def require_unused(view: AuthorityView, authorisation_id: str) -> None:
    """Refuse an id under which anything has ever been seen.

    Raises:
        InvalidValue: something has.
    """
    if view.written(authorisation_id) is not None or view.find(authorisation_id) is not None:
        msg = f"authorisation {authorisation_id} exists already and ids are never used twice; choose another --id"
        raise InvalidValue(msg)
