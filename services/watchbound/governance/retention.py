"""The retention clock: ends what is over, and deletes what is due, again and again until it is gone.

It remembers nothing that a restart would lose: what is due follows from the authorisations and the present, and what
is done from the receipts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from watchbound.adapters.logs import get_logger
from watchbound.domain.act import ActKind
from watchbound.domain.authorisation import Authorisation
from watchbound.domain.errors import NotAuthorised, UnknownReference, WatchboundError
from watchbound.domain.receipt import SignedReceipt
from watchbound.domain.retention import EndedHow, Ending, due
from watchbound.domain.sealing import Purpose
from watchbound.domain.standing import AuthorisationState
from watchbound.governance.purge import Purger, covered, vouches
from watchbound.governance.receipt_shelf import ReceiptShelf
from watchbound.pipeline import metric_names as names
from watchbound.pipeline.authority import AuthorityView
from watchbound.pipeline.authority_desk import AuthorityDesk, require_fresh
from watchbound.ports import Clock, KeyRing, Metrics, Signer, TrustList

log = get_logger(__name__)

_FIRST_WAIT = timedelta(seconds=5)
_LONGEST_WAIT = timedelta(minutes=15)

_OVER = {
    EndedHow.WINDOW_OVER: "its window is over",
    EndedHow.LAPSED: "it began without a signature, and none followed in time",
    EndedHow.CANCELLED: "it was cancelled",
    EndedHow.ENDED: "it was ended",
}
_FINAL = frozenset({AuthorisationState.ENDED, AuthorisationState.CANCELLED, AuthorisationState.PURGED})


class Undertaker:
    """Ends an authorisation that is over, and purges it: what the retention clock and a person's command share.

    Args:
        view: what is authorised, and until when.
        desk: where acts are signed.
        purger: empties the places; called when it is needed, since a place may be away at the start.
        shelf: what has been purged already.
        ring: where the data keys are: who has some there has left something.
        trust: whose receipts count.
        signer: a guardian's or officer's key, for acts and receipts alike.
        clock: the trusted clock.
    """

    def __init__(
        self,
        view: AuthorityView,
        desk: AuthorityDesk,
        purger: Callable[[], Purger],
        shelf: ReceiptShelf,
        ring: KeyRing,
        trust: TrustList,
        signer: Signer,
        clock: Clock,
    ) -> None:
        self._view = view
        self._desk = desk
        self._purger = purger
        self._shelf = shelf
        self._ring = ring
        self._trust = trust
        self._signer = signer
        self._clock = clock

    def require_over(self, authorisation_id: str) -> tuple[Authorisation, Ending]:
        """The authorisation and its end.

        Raises:
            UnknownReference: there is no such authorisation.
            NotAuthorised: it has not ended, or nobody vouches for the terms that say so.
            Unavailable: what is authorised is not known to be up to date.
        """
        require_fresh(self._view)
        known = self._view.find(authorisation_id)
        if known is None:
            msg = f"there is no authorisation {authorisation_id}; `watchbound authorise list` shows those that exist"
            raise UnknownReference(msg)
        if not self._view.believed(authorisation_id):
            msg = (
                f"no key of the trust list vouches for what stands on the log of {authorisation_id}: "
                f"{known.standing.fault_detail}; nothing is deleted on anybody's word: where it is a deployment whose "
                "people have left, list the key of one of them again and revoke it (`watchbound keys revoke`)"
            )
            raise NotAuthorised(msg)
        ending = known.ending(self._clock.now())
        if ending is None:
            msg = (
                f"{authorisation_id} has not ended: its window ends at {known.window.end.isoformat()}; "
                "only what has ended, lapsed or been cancelled is purged; `watchbound authorise cancel` ends it now"
            )
            raise NotAuthorised(msg)
        return known, ending

    def purge(self, authorisation_id: str, purposes: frozenset[Purpose], reason: str = "") -> SignedReceipt:
        """End it if that was not done, and purge. What cannot be ended, since its chain no longer holds, is purged too.

        Args:
            authorisation_id: which.
            purposes: the kinds of data.
            reason: why; how it ended, if not given.

        Raises:
            UnknownReference: there is no such authorisation.
            NotAuthorised: it has not ended, nobody vouches for its terms, or the signer may not do this.
            Unavailable: something does not answer; call again.
        """
        known, ending = self.require_over(authorisation_id)
        why = reason or _OVER[ending.how]
        if known.state not in _FINAL and self._view.continuable(authorisation_id):
            self._desk.act(authorisation_id, ActKind.END, self._signer, _OVER[ending.how])
        by = self._view.holder(self._signer.key_id)
        signed = self._purger().purge(authorisation_id, purposes, self._signer, by, why)
        self.close(authorisation_id)
        return signed

    def close(self, authorisation_id: str) -> None:
        """Say on the authorisation's own chain that all of it is gone, once clean receipts vouch for that.

        Raises:
            NotAuthorised: the signer may not do this.
            Unavailable: the log does not answer.
        """
        known, receipts = self._view.find(authorisation_id), self._receipts(authorisation_id)
        if known is None or known.state is AuthorisationState.PURGED or covered(receipts) != frozenset(Purpose):
            return
        if not self._view.continuable(authorisation_id):
            return
        last = next(one.receipt for one in reversed(receipts) if one.receipt.clean)
        self._desk.act(authorisation_id, ActKind.PURGE, self._signer, "everything is gone", {"receipt": last.digest()})

    def outstanding(self, authorisation: Authorisation) -> dict[Purpose, timedelta]:
        """What is due and not known to be gone, and for how long it has been due.

        Raises:
            Unavailable: the receipts or the keys cannot be read.
        """
        wanted = self.due(authorisation)
        if not wanted or not self._begun(authorisation.id):
            return {}
        gone = covered(self._receipts(authorisation.id))
        return {purpose: late for purpose, late in wanted.items() if purpose not in gone}

    def due(self, authorisation: Authorisation) -> Mapping[Purpose, timedelta]:
        """What must be gone now, gone or not, and for how long it has been due."""
        now = self._clock.now()
        return due(authorisation.ending(now), authorisation.retention, now)

    def _begun(self, authorisation_id: str) -> bool:
        """Whether there ever was such a deployment: a record that anybody wrote to the log makes none."""
        return (
            self._view.believed(authorisation_id)
            or bool(self._ring.versions(authorisation_id))
            or self._shelf.journal(authorisation_id) is not None
        )

    def _receipts(self, authorisation_id: str) -> list[SignedReceipt]:
        """Those that count: a file in the folder proves nothing by itself."""
        return [one for one in self._shelf.receipts(authorisation_id) if vouches(one, authorisation_id, self._trust)]


@dataclass(slots=True)
class _Trying:
    """How an authorisation that could not be purged is tried again."""

    wait: timedelta
    not_before: datetime


class RetentionClock:
    """Looks at every authorisation, once a round.

    Args:
        view: what is authorised.
        undertaker: does the work.
        clock: tells what is over and due.
        clock_trusted: whether it may be believed now; while it may not, nothing is ended and nothing deleted.
        metrics: shows how overdue anything is.
    """

    def __init__(
        self,
        view: AuthorityView,
        undertaker: Undertaker,
        clock: Clock,
        clock_trusted: Callable[[], bool],
        metrics: Metrics,
    ) -> None:
        self._view = view
        self._undertaker = undertaker
        self._clock = clock
        self._clock_trusted = clock_trusted
        self._metrics = metrics
        self._trying: dict[str, _Trying] = {}

    def round(self) -> None:
        """Purge what is due; what cannot be purged now is told, and tried again later and later."""
        for authorisation in self._view.all():
            # Asked for each, since a purge before it may have taken long.
            if not self._clock_trusted():
                # What a wrong clock says about when to try again is worth no more than the rest of what it says.
                self._trying.clear()
                break
            if authorisation.ending(self._clock.now()) is not None:
                self._settle(authorisation)
        self._show()

    def _settle(self, authorisation: Authorisation) -> None:
        trying = self._trying.get(authorisation.id)
        if trying is not None and self._clock.now() < trying.not_before:
            return
        try:
            outstanding = self._undertaker.outstanding(authorisation)
            if not outstanding:
                self._undertaker.close(authorisation.id)
                self._trying.pop(authorisation.id, None)
                return
            signed = self._undertaker.purge(authorisation.id, frozenset(outstanding))
        except WatchboundError as error:
            # Whatever is wrong with one must not keep what is due of the others.
            self._again_later(authorisation.id, "failed", str(error))
            return
        if not signed.receipt.clean:
            left = [f"{place.place}: {place.checked}" for place in signed.receipt.places if not place.clean]
            self._again_later(authorisation.id, "incomplete", "; ".join(left))
            return
        self._trying.pop(authorisation.id, None)
        self._metrics.count(names.PURGES, outcome="clean")
        purposes = sorted(purpose.value for purpose in signed.receipt.purposes)
        log.info("purged", authorisation=authorisation.id, purposes=purposes, found=signed.receipt.found)

    def _again_later(self, authorisation_id: str, outcome: str, reason: str) -> None:
        last = self._trying.get(authorisation_id)
        wait = _FIRST_WAIT if last is None else min(last.wait * 2, _LONGEST_WAIT)
        self._trying[authorisation_id] = _Trying(wait, self._clock.now() + wait)
        self._metrics.count(names.PURGES, outcome=outcome)
        log.error(
            "not purged",
            authorisation=authorisation_id,
            outcome=outcome,
            reason=reason,
            again_in_s=wait.total_seconds(),
        )

    def _show(self) -> None:
        late = dict.fromkeys(Purpose, timedelta(0))
        for authorisation in self._view.all():
            for purpose, since in self._late(authorisation).items():
                late[purpose] = max(late[purpose], since)
        for purpose, since in late.items():
            self._metrics.set(names.RETENTION_OVERDUE, since.total_seconds(), purpose=purpose.value)

    def _late(self, authorisation: Authorisation) -> Mapping[Purpose, timedelta]:
        try:
            return self._undertaker.outstanding(authorisation)
        except WatchboundError:
            # What cannot be told to be gone is there.
            return self._undertaker.due(authorisation)
