"""Deletes what is due of an authorisation, looks again, and leaves a signed receipt.

A purge may be killed anywhere and run again: what was found is written down before anything is erased, erasing twice
is erasing once, and the receipt comes last.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

import numpy as np

from watchbound.domain.errors import NotTrusted, UnknownReference
from watchbound.domain.fingerprint import Fingerprints
from watchbound.domain.receipt import DeletionReceipt, PlaceDeleted, SignedReceipt
from watchbound.domain.sealing import Purpose
from watchbound.domain.signature import Role
from watchbound.governance.places import Found, Place
from watchbound.governance.receipt_shelf import Journal, ReceiptShelf
from watchbound.pipeline.audit import AuditTrail
from watchbound.pipeline.audit_acts import Act
from watchbound.ports import Clock, Gallery, Signer, TrustList

_LOOK_EVERY_S = 1.0


class Purger:
    """Empties places.

    Args:
        places: in the order in which they are emptied.
        gallery: what is enrolled is fingerprinted there before it is dropped.
        shelf: keeps receipts and what an interrupted purge must remember.
        audit: told first; without it nothing is erased.
        clock: the trusted clock.
        patience: how long a place that empties itself, such as a store's files, is given before the receipt says what
            is left.
        pause: waits some seconds between two looks.
    """

    def __init__(
        self,
        places: Sequence[Place],
        gallery: Gallery,
        shelf: ReceiptShelf,
        audit: AuditTrail,
        clock: Clock,
        patience: timedelta,
        pause: Callable[[float], object],
    ) -> None:
        self._places = tuple(places)
        self._gallery = gallery
        self._shelf = shelf
        self._audit = audit
        self._clock = clock
        self._patience = patience
        self._pause = pause

    def purge(
        self, authorisation_id: str, purposes: frozenset[Purpose], signer: Signer, by: str, reason: str
    ) -> SignedReceipt:
        """Erase, look again, sign, keep and tell. Whether the authorisation has ended is the caller's business.

        Args:
            authorisation_id: whose data.
            purposes: the kinds of data; those of an interrupted purge are taken along.
            signer: signs the receipt.
            by: who asked for it.
            reason: why.

        Raises:
            Unavailable: the audit log, a place or the shelf does not answer; nothing was erased, or not everything.
                Purge again.
        """
        names = ", ".join(sorted(purpose.value for purpose in purposes))
        self._audit.record(by, Act.PURGE_BEGUN, authorisation_id, reason, purposes=names)
        journal = self._survey(authorisation_id, purposes)
        places = [place for place in self._places if place.purpose in journal.purposes]
        for place in places:
            place.erase(authorisation_id)
        deleted = tuple(self._deleted(place, authorisation_id, journal.before[place.name]) for place in places)
        receipt = DeletionReceipt(authorisation_id, self._clock.now(), by, reason, journal.purposes, deleted)
        signed = SignedReceipt(receipt, signer.sign(receipt.statement()))
        self._audit.record(
            by,
            Act.PURGE_FINISHED if receipt.clean else Act.PURGE_INCOMPLETE,
            authorisation_id,
            reason,
            object=receipt.digest(),
            purposes=", ".join(sorted(purpose.value for purpose in journal.purposes)),
            found=str(receipt.found),
        )
        self._shelf.put(signed)
        return signed

    def look_again(self, receipt: DeletionReceipt) -> tuple[PlaceDeleted, ...]:
        """The places of a receipt as they are now.

        Raises:
            Unavailable: a place does not answer.
        """
        named = {place.place: place for place in receipt.places}
        return tuple(
            _told(place, named[place.name].before, place.look(receipt.authorisation_id))
            for place in self._places
            if place.name in named
        )

    def _survey(self, authorisation_id: str, purposes: frozenset[Purpose]) -> Journal:
        """What was there before; of an interrupted purge what it found, since it may have erased some of it."""
        begun = self._shelf.journal(authorisation_id)
        wanted = purposes | (begun.purposes if begun else frozenset())
        before = dict(begun.before) if begun else {}
        if Purpose.WATCHLIST in wanted:
            self._shelf.remember(authorisation_id, self._enrolled(authorisation_id))
        for place in self._places:
            if place.purpose in wanted and place.name not in before:
                before[place.name] = place.look(authorisation_id).count or 0
        journal = Journal(wanted, before)
        self._shelf.begin(authorisation_id, journal)
        return journal

    def _enrolled(self, authorisation_id: str) -> Fingerprints:
        try:
            images = self._gallery.images(authorisation_id)
        except UnknownReference:
            return Fingerprints.none()
        if not images:
            return Fingerprints.none()
        return Fingerprints.of(np.stack([image.embedding.vector for image in images]))

    def _deleted(self, place: Place, authorisation_id: str, before: int) -> PlaceDeleted:
        until = self._clock.now() + self._patience
        found = place.look(authorisation_id)
        while found.count and self._clock.now() < until:
            self._pause(_LOOK_EVERY_S)
            found = place.look(authorisation_id)
        return _told(place, before, found)


def _told(place: Place, before: int, found: Found) -> PlaceDeleted:
    return PlaceDeleted(
        place=place.name,
        unit=place.unit,
        before=before,
        after=found.count,
        checked=found.how,
        waived=place.waived and found.count is None,
    )


def signed_by(signed: SignedReceipt, trust: TrustList) -> str:
    """Whose signature it is: a guardian's, or an authorising officer's.

    Raises:
        NotTrusted: it does not hold, or is neither's.
    """
    statement, at = signed.receipt.statement(), signed.receipt.at
    try:
        return trust.verify(statement, signed.signature, Role.GUARDIAN, at)
    except NotTrusted:
        return trust.verify(statement, signed.signature, Role.AUTHORISING_OFFICER, at)


def vouches(signed: SignedReceipt, authorisation_id: str, trust: TrustList) -> bool:
    """Whether a receipt counts: it is this very authorisation's, and signed by somebody who may delete."""
    if signed.receipt.authorisation_id != authorisation_id:
        return False
    try:
        signed_by(signed, trust)
    except NotTrusted:
        return False
    return True


def covered(receipts: Sequence[SignedReceipt]) -> frozenset[Purpose]:
    """The kinds of data that clean receipts vouch for."""
    return frozenset(purpose for one in receipts if one.receipt.clean for purpose in one.receipt.purposes)
