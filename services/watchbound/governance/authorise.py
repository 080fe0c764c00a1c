"""Begins deployments: what must be so beyond the signatures before anything is captured or matched."""

from __future__ import annotations

from watchbound.domain.act import ActKind
from watchbound.domain.activation import Activation
from watchbound.domain.authorisation import Authorisation
from watchbound.domain.errors import InvalidValue, NotAuthorised, UnknownReference
from watchbound.domain.standing import AuthorisationState
from watchbound.domain.terms import Terms
from watchbound.pipeline.authority import AuthorityView
from watchbound.pipeline.authority_desk import AuthorityDesk, require_fresh, require_unused
from watchbound.ports import Clock, KeyRing, Signer

_OVER = frozenset({AuthorisationState.CANCELLED, AuthorisationState.ENDED, AuthorisationState.PURGED})
_BEGUN = frozenset({AuthorisationState.ACTIVE, AuthorisationState.PAUSED})


class Authoriser:
    """Drafts and activates; every other act needs nothing but the desk.

    Args:
        desk: signs and publishes.
        view: the present state; every act is refused while it is not fresh.
        clock: the trusted clock.
    """

    def __init__(self, desk: AuthorityDesk, view: AuthorityView, clock: Clock) -> None:
        self._desk = desk
        self._view = view
        self._clock = clock

    def draft(self, terms: Terms, signer: Signer, ring: KeyRing) -> Authorisation:
        """Begin an authorisation; it permits nothing before it is signed and activated.

        Args:
            terms: what is drafted.
            signer: the drafter's key.
            ring: makes its data keys, before anybody could need them.

        Raises:
            KeyDestroyed: a key of its id was destroyed.
            InvalidValue: its id exists, its window is over, or a camera of it is taken for part of that time.
            NotAuthorised: the signer may not draft it.
            Unavailable: the log cannot be asked or does not acknowledge.
        """
        require_fresh(self._view)
        now = self._clock.now()
        if terms.window.end <= now:
            msg = (
                f"an authorisation must end in the future, got an end of {terms.window.end.isoformat()} "
                f"at {now.isoformat()}"
            )
            raise InvalidValue(msg)
        self._refuse_overlap(terms, frozenset(AuthorisationState) - _OVER)
        reason = f"{terms.use_case.value} at {terms.location}: {terms.legal_basis}"
        require_unused(self._view, terms.id)
        ring.create(terms.id)
        return self._desk.draft(terms, signer, reason)

    def activate(self, authorisation_id: str, activation: Activation, signer: Signer, reason: str) -> Authorisation:
        """Let it begin, now or as soon as its window does.

        Raises:
            InvalidValue: a camera of it serves another deployment for part of that time.
            UnknownReference: there is no such authorisation.
            NotAuthorised: it is not signed, the review is too old, the list too long, or something is not checked off.
            Unavailable: the log cannot be asked or does not acknowledge.
        """
        self._refuse_overlap(require_known(self._view, authorisation_id), _BEGUN)
        return self._desk.act(authorisation_id, ActKind.ACTIVATE, signer, reason, activation.details())

    def _refuse_overlap(self, wanted: Terms, states: frozenset[AuthorisationState]) -> None:
        """A frame carries one authority, so of two on one camera at one time one would silently see nothing."""
        for known in self._view.all():
            shared = known.cameras & wanted.cameras
            overlaps = known.window.start < wanted.window.end and wanted.window.start < known.window.end
            if shared and overlaps and known.state in states and known.id != wanted.id:
                msg = (
                    f"camera {', '.join(sorted(shared))} is covered by authorisation {known.id} from "
                    f"{known.window.start.isoformat()} to {known.window.end.isoformat()}, and a camera serves one "
                    "authorisation at a time; choose another time or camera, or cancel that one first"
                )
                raise InvalidValue(msg)


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
    """The authorisation of this id, if people may be put on its watchlist now: also before it is signed or starts.

    Raises:
        UnknownReference: there is none.
        NotAuthorised: it is cancelled or over, or what stands on the log of it cannot be believed.
        Unavailable: the view is stale.
    """
    known = require_known(view, authorisation_id)
    if known.standing.fault is not None:
        msg = f"authorisation {authorisation_id} cannot be believed: {known.standing.fault_detail}"
        raise NotAuthorised(msg)
    if known.state in _OVER:
        msg = f"authorisation {authorisation_id} is {known.state.value}: nobody may be enrolled under it"
        raise NotAuthorised(msg)
    ending = known.ending(clock.now())
    if ending is not None:
        msg = f"authorisation {authorisation_id} ended at {ending.at.isoformat()}: nobody may be enrolled under it"
        raise NotAuthorised(msg)
    return known
