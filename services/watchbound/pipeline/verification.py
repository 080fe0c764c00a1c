"""Turns what was read from the log into an authorisation that may be believed, or says why it may not."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace

from watchbound.domain.act import ActKind, SignedAct, roles_for
from watchbound.domain.authorisation import Authorisation
from watchbound.domain.errors import KeyRevoked, NotAuthorised, NotTrusted
from watchbound.domain.signature import Role
from watchbound.domain.standing import AuthorisationState, Refusal, Standing, follow
from watchbound.domain.written_authority import WrittenAuthority
from watchbound.ports import TrustList

_Fault = tuple[Refusal, str]

_VOID = frozenset({Refusal.KEY_REVOKED, Refusal.KEY_ENDS_EARLY})
"""What takes the permission from an act and leaves it in the chain: the acts after it are still read."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a chain is worth.

    Attributes:
        authorisation: as far as the acts hold; its standing names the fault where one does not.
        good: how many acts, from the first on, are signed by those who may and follow the rules.
    """

    authorisation: Authorisation
    good: int


def read_authority(written: WrittenAuthority, trust: TrustList) -> Reading:
    """Verify a chain, act by act. Pure but for the trust list.

    - A chain that is broken, was signed by somebody else or does what the rules do not allow is worth its good
      beginning, and permits nothing.
    - An act by a key that has been revoked since permits nothing from then on; what such a key stopped stays stopped.
    - An act that permits needs a key that is valid up to the end of the window. An act says itself when it was done, so
      that an expired key could be used with an earlier date; what such a key could permit is over, too.
    - An activation that does not say of which watchlist it speaks permits nothing: nobody approved the list.
    """
    standing: Standing | None = None
    fault: _Fault | None = None
    good, unbroken = 0, written.unbroken()
    for signed in written.acts[:unbroken]:
        try:
            holder, void = _vouched(signed, written, trust)
            standing = follow(written.terms, standing, signed.act, holder)
        except NotTrusted as error:
            fault = (Refusal.NOT_TRUSTED, str(error))
            break
        except NotAuthorised as error:
            fault = (Refusal.AGAINST_THE_RULES, str(error))
            break
        if not signed.act.kind.stops and fault is None:
            fault = void or _without_a_list(standing)
        good += 1
    if unbroken < len(written.acts) and (fault is None or fault[0] in _VOID):
        fault = (Refusal.ALTERED, f"act {unbroken} is not about these terms or does not follow the act before it")
    if not written.acts:
        fault = (Refusal.UNSIGNED, "nobody has signed anything of it")
    if standing is None:
        standing = Standing(AuthorisationState.DRAFT, written.terms.minimum_threshold)
    if fault is not None:
        standing = replace(standing, fault=fault[0], fault_detail=fault[1])
    return Reading(Authorisation.of(written.terms, standing), good)


def terms_vouched(written: WrittenAuthority, trust: TrustList) -> bool:
    """Whether somebody who may has signed an act about these very terms, wherever in the chain that act stands.

    Far less than `read_authority` asks, since keys of whoever did the other acts may have left the trust list: it
    permits nothing, and is enough to hold a deployment to the end that its terms promise.
    """
    for signed in written.acts[: written.unbroken()]:
        # Whoever pauses answers for no terms: reviewers may, who never saw them.
        if signed.act.kind is not ActKind.PAUSE:
            with suppress(NotTrusted):
                _vouched(signed, written, trust)
                return True
    return False


def _vouched(signed: SignedAct, written: WrittenAuthority, trust: TrustList) -> tuple[str, _Fault | None]:
    """Who did it, and why their word permits nothing any more, if it does not.

    Raises:
        NotTrusted: nobody who may vouched for it.
    """
    _require_two_keys(signed, written)
    *others, last = roles_for(signed.act.kind, urgent=written.terms.urgent)
    for role in others:
        with suppress(NotTrusted):
            return _said_by(signed, written, role, trust)
    return _said_by(signed, written, last, trust)


def _said_by(signed: SignedAct, written: WrittenAuthority, role: Role, trust: TrustList) -> tuple[str, _Fault | None]:
    key_id, end = signed.signature.key_id, written.terms.window.end
    try:
        holder = trust.verify(signed.act.message(), signed.signature, role, signed.act.at)
    except KeyRevoked as error:
        return trust.holder(key_id), (Refusal.KEY_REVOKED, str(error))
    until = trust.valid_until(key_id)
    if until >= end:
        return holder, None
    msg = (
        f"key {key_id} of {holder} is valid until {until.isoformat()}, and {written.id} lasts until {end.isoformat()}: "
        f"a {signed.act.kind.value} takes a key that lasts as long; use another key, or draft an earlier end"
    )
    return holder, (Refusal.KEY_ENDS_EARLY, msg)


def _without_a_list(standing: Standing) -> _Fault | None:
    if standing.activation is None or standing.activation.watchlist_digest:
        return None
    return (Refusal.AGAINST_THE_RULES, "the activation does not say which watchlist it is for; begin a new deployment")


def _require_two_keys(signed: SignedAct, written: WrittenAuthority) -> None:
    """Whoever holds both roles still may not sign what they drafted."""
    if signed.act.kind is ActKind.SIGN and signed.signature.key_id == written.acts[0].signature.key_id:
        msg = f"{written.id} was drafted and signed with the same key {signed.signature.key_id}"
        raise NotTrusted(msg)
