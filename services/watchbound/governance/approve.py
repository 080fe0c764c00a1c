"""The second officer: makes what another proposed searchable, or says no.

Each entry is signed for by itself, so that whoever acts on it can verify it by itself, on a compacted topic, long after
the others were removed. The order of the writes is that of enrolment: the audit log, the gallery, the workers, and only
then is the proposal taken away, so that the same call again finishes what was interrupted.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import TypeVar

from watchbound.domain.authorisation import Authorisation
from watchbound.domain.errors import InvalidValue, NotAuthorised, UnknownReference
from watchbound.domain.listing import approval_statement, listing_of
from watchbound.domain.watchlist import EntryAdded, EntryProposed
from watchbound.governance.watchlist_log import Pending, WatchlistLog
from watchbound.pipeline.audit import AuditTrail
from watchbound.pipeline.audit_acts import Act
from watchbound.pipeline.pictures import WatchlistPictures
from watchbound.pipeline.watchlist_roster import Roster, require_vouched
from watchbound.ports import Clock, Gallery, Signer, TrustList

T = TypeVar("T")

_BATCH_ENTRIES = 16


class Approver:
    """Approves and rejects proposals.

    Args:
        gallery: where templates become searchable.
        log: where changes are told and proposals wait.
        clock: stamps approvals.
        trust: who may do this.
        roster: who is listed now.
        pending: what waits.
        permission: returns the authorisation if people may be enrolled under it at this moment, else raises.
        pictures: where the faces of proposed images rest.
        audit: told before anything becomes searchable.
    """

    def __init__(
        self,
        gallery: Gallery,
        log: WatchlistLog,
        clock: Clock,
        trust: TrustList,
        roster: Roster,
        pending: Pending,
        permission: Callable[[str], Authorisation],
        pictures: WatchlistPictures,
        audit: AuditTrail,
    ) -> None:
        self._gallery = gallery
        self._log = log
        self._clock = clock
        self._trust = trust
        self._roster = roster
        self._pending = pending
        self._permission = permission
        self._pictures = pictures
        self._audit = audit

    def approve(
        self, authorisation_id: str, references: Collection[str] | None, signer: Signer
    ) -> tuple[EntryAdded, ...]:
        """Make proposals searchable; returns the entries as they now stand.

        Args:
            authorisation_id: whose watchlist.
            references: which; None for all that wait.
            signer: the approving officer's key.

        Raises:
            NotTrusted: the key may not approve, or a proposal is not what its officer signed.
            NotAuthorised: the officer proposed one of them, or nobody may be enrolled under the authorisation.
            InvalidValue: the watchlist would break the authorisation's terms, or was begun with another model.
            UnknownReference: nothing waits under a reference, or there is no such authorisation.
            Unavailable: a store does not answer; call again.
        """
        proposals = self._chosen(authorisation_id, references)
        holder = self._trust.holder(signer.key_id)
        self._refuse_own(proposals, holder)
        approved = tuple(self._approved(proposal, holder, signer) for proposal in proposals)
        self._refuse_beyond_terms(self._permission(authorisation_id), approved)
        for batch in _batches(approved, _BATCH_ENTRIES):
            self._permission(authorisation_id)
            self._admit(authorisation_id, batch)
        return approved

    def reject(self, authorisation_id: str, references: Collection[str], signer: Signer, reason: str) -> None:
        """Say no to proposals; also to one's own. Their templates are gone from the topic once it is compacted.

        Raises:
            InvalidValue: no reason is given.
            NotTrusted: the key is unknown.
            UnknownReference: nothing waits under a reference.
            Unavailable: the broker does not answer; call again.
        """
        if not reason.strip():
            msg = "a rejection says why (--reason)"
            raise InvalidValue(msg)
        proposals = self._chosen(authorisation_id, references)
        holder = self._trust.holder(signer.key_id)
        for proposal in proposals:
            self._audit.record(
                holder, Act.WATCHLIST_REJECTED, authorisation_id, reason, object=proposal.entry.reference
            )
        self._log.withdraw(authorisation_id, [proposal.entry.reference for proposal in proposals])
        for proposal in proposals:
            standing = self._roster.find(authorisation_id, proposal.entry.reference)
            listed = () if standing is None else standing.image_ids
            self._pictures.remove(authorisation_id, proposal.entry.reference, keep=listed)

    def _chosen(self, authorisation_id: str, references: Collection[str] | None) -> list[EntryProposed]:
        waiting = {proposal.entry.reference: proposal for proposal in self._pending.of(authorisation_id)}
        missing = [] if references is None else sorted(set(references) - set(waiting))
        if missing or not waiting:
            msg = (
                f"nothing waits for approval under {', '.join(missing) or 'any reference'} in {authorisation_id}; "
                "`watchbound watchlist pending` shows what does"
            )
            raise UnknownReference(msg)
        return [waiting[reference] for reference in sorted(waiting) if references is None or reference in references]

    def _refuse_beyond_terms(self, permitted: Authorisation, approved: Iterable[EntryAdded]) -> None:
        """The gate that counts: what was proposed before may not fit any more beside what is listed now."""
        listed = {listing.entry.reference for listing in self._roster.listings(permitted.id, self._clock.now())}
        wanted = {change.entry.reference: change.entry.category for change in approved}
        foreign = sorted(name for name, category in wanted.items() if category not in permitted.categories)
        if foreign:
            msg = f"the terms of {permitted.id} do not permit the category of {', '.join(foreign)}"
            raise NotAuthorised(msg)
        size = len(listed | set(wanted))
        if size > permitted.max_watchlist_size:
            msg = f"the terms of {permitted.id} permit {permitted.max_watchlist_size} entries; this would make {size}"
            raise NotAuthorised(msg)

    def _refuse_own(self, proposals: Iterable[EntryProposed], holder: str) -> None:
        own = [proposal.entry.reference for proposal in proposals if proposal.papers.added_by == holder]
        if own:
            msg = f"{holder} proposed {', '.join(own[:10])} and cannot approve what they proposed; another officer must"
            raise NotAuthorised(msg)

    def _approved(self, proposal: EntryProposed, holder: str, signer: Signer) -> EntryAdded:
        """The entry with both signatures, verified as every service will."""
        entry, image_ids = proposal.entry, [image.image_id for image in proposal.images]
        at = self._clock.now()
        papers = replace(proposal.papers, approved_by=holder)
        signature = signer.sign(approval_statement(entry, image_ids, papers, proposal.signature, at))
        added = EntryAdded(entry, proposal.images, papers, at, proposal.signature, signature)
        require_vouched(listing_of(added), self._trust)
        return added

    def _admit(self, authorisation_id: str, batch: list[EntryAdded]) -> None:
        for added in batch:
            papers = added.papers
            self._audit.record(
                papers.approved_by,
                Act.WATCHLIST_APPROVED,
                authorisation_id,
                papers.lawful_holding,
                object=added.entry.reference,
                added_by=papers.added_by,
                category=added.entry.category.value,
                expires_at=papers.expires_at.isoformat(),
                image_date=papers.image_date.isoformat(),
                images=str(len(added.images)),
                response_level=added.entry.response_level.value,
                source=papers.source,
                under_18=papers.under_18_reason or "no",
            )
            if self._roster.find(authorisation_id, added.entry.reference) is None:
                # What a broken removal, or nobody that anybody knows, has left there.
                self._gallery.remove(authorisation_id, added.entry.reference)
        self._gallery.add([image for added in batch for image in added.images])
        self._log.publish(batch)
        self._log.withdraw(authorisation_id, [added.entry.reference for added in batch])


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
