"""Watchlist entries and their changes."""

from __future__ import annotations

from datetime import date
from functools import partial

from watchbound.adapters.codecs.protobuf import EnumMap, ProtobufCodec, ProtobufReader
from watchbound.domain.entry_papers import EntryPapers
from watchbound.domain.errors import InvalidValue
from watchbound.domain.listing import Listing, ListingChange
from watchbound.domain.moment import from_micros, to_micros
from watchbound.domain.signature import Signature
from watchbound.domain.watchlist import (
    Category,
    EnrolledImage,
    EntryAdded,
    EntryProposed,
    EntryRemoved,
    ResponseLevel,
    WatchlistChange,
    WatchlistEntry,
)
from watchbound.pipeline.sealing import open_enrolled, seal_enrolled
from watchbound.ports import KeyRing
from watchbound.wire import common_pb2, watchlist_change_pb2

_CATEGORY = EnumMap(Category, "CATEGORY", common_pb2.Category)
_RESPONSE_LEVEL = EnumMap(ResponseLevel, "RESPONSE_LEVEL", common_pb2.ResponseLevel)


def to_entry(entry: WatchlistEntry) -> common_pb2.WatchlistEntry:
    """An entry as other messages carry it."""
    return common_pb2.WatchlistEntry(
        authorisation_id=entry.authorisation_id,
        reference=entry.reference,
        category=_CATEGORY.to_wire(entry.category),  # type: ignore[arg-type]
        response_level=_RESPONSE_LEVEL.to_wire(entry.response_level),  # type: ignore[arg-type]
    )


def from_entry(entry: common_pb2.WatchlistEntry) -> WatchlistEntry:
    """The inverse of `to_entry`.

    Raises:
        InvalidValue: a name or an enum is unset or unknown.
    """
    return WatchlistEntry(
        authorisation_id=entry.authorisation_id,
        reference=entry.reference,
        category=_CATEGORY.from_wire(entry.category),
        response_level=_RESPONSE_LEVEL.from_wire(entry.response_level),
    )


def to_papers(papers: EntryPapers) -> watchlist_change_pb2.EntryPapers:
    """An entry's papers as other messages carry them."""
    return watchlist_change_pb2.EntryPapers(
        source=papers.source,
        lawful_holding=papers.lawful_holding,
        image_date=papers.image_date.isoformat(),
        expires_at_us=to_micros(papers.expires_at),
        under_18=papers.under_18,
        under_18_reason=papers.under_18_reason,
        added_by=papers.added_by,
        added_at_us=to_micros(papers.added_at),
        approved_by=papers.approved_by,
    )


def from_papers(message: watchlist_change_pb2.EntryPapers) -> EntryPapers:
    """The inverse of `to_papers`.

    Raises:
        InvalidValue: something is not stated, or is not what it should be.
    """
    return EntryPapers(
        source=message.source,
        lawful_holding=message.lawful_holding,
        image_date=_date(message.image_date),
        expires_at=from_micros(message.expires_at_us),
        under_18=message.under_18,
        under_18_reason=message.under_18_reason,
        added_by=message.added_by,
        added_at=from_micros(message.added_at_us),
        approved_by=message.approved_by,
    )


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        msg = f"an image_date is a day such as 2026-11-02, got {text[:40]!r}"
        raise InvalidValue(msg) from error


def _to_signature(signature: Signature) -> watchlist_change_pb2.Signature:
    return watchlist_change_pb2.Signature(key_id=signature.key_id, value=signature.value)


def _from_signature(message: watchlist_change_pb2.Signature) -> Signature:
    return Signature(message.key_id, message.value)


def _to_images(ring: KeyRing, images: tuple[EnrolledImage, ...]) -> list[watchlist_change_pb2.EnrolledImage]:
    return [
        watchlist_change_pb2.EnrolledImage(image_id=image.image_id, sealed_vector=seal_enrolled(ring, image))
        for image in images
    ]


def _from_images(
    ring: KeyRing,
    message: watchlist_change_pb2.EntryAdded | watchlist_change_pb2.WatchlistProposal,
    entry: WatchlistEntry,
) -> tuple[EnrolledImage, ...]:
    digest = message.model_digest
    return tuple(open_enrolled(ring, entry, image.image_id, digest, image.sealed_vector) for image in message.images)


def _to_watchlist_change(ring: KeyRing, change: WatchlistChange) -> watchlist_change_pb2.WatchlistChange:
    message = watchlist_change_pb2.WatchlistChange(at_us=to_micros(change.at))
    if isinstance(change, EntryAdded):
        message.added.entry.CopyFrom(to_entry(change.entry))
        message.added.model_digest = change.images[0].embedding.model_digest
        message.added.images.extend(_to_images(ring, change.images))
        message.added.papers.CopyFrom(to_papers(change.papers))
        message.added.proposed.CopyFrom(_to_signature(change.proposed))
        message.added.approved.CopyFrom(_to_signature(change.approved))
    else:
        message.removed.authorisation_id = change.authorisation_id
        message.removed.reference = change.reference
    return message


def _from_watchlist_change(ring: KeyRing, message: watchlist_change_pb2.WatchlistChange) -> WatchlistChange:
    if message.WhichOneof("change") != "added":
        return _from_removal(message)
    added, entry = message.added, from_entry(message.added.entry)
    return EntryAdded(
        entry,
        _from_images(ring, added, entry),
        from_papers(added.papers),
        from_micros(message.at_us),
        _from_signature(added.proposed),
        _from_signature(added.approved),
    )


def _to_proposal(ring: KeyRing, proposal: EntryProposed) -> watchlist_change_pb2.WatchlistProposal:
    return watchlist_change_pb2.WatchlistProposal(
        entry=to_entry(proposal.entry),
        model_digest=proposal.images[0].embedding.model_digest,
        images=_to_images(ring, proposal.images),
        papers=to_papers(proposal.papers),
        proposed=_to_signature(proposal.signature),
    )


def _from_proposal(ring: KeyRing, message: watchlist_change_pb2.WatchlistProposal) -> EntryProposed:
    entry = from_entry(message.entry)
    images, papers = _from_images(ring, message, entry), from_papers(message.papers)
    return EntryProposed(entry, images, papers, _from_signature(message.proposed))


def _from_listing_change(message: watchlist_change_pb2.WatchlistChange) -> ListingChange:
    """What a change says beside its templates, which are passed over unread."""
    if message.WhichOneof("change") != "added":
        return _from_removal(message)
    added = message.added
    return Listing(
        entry=from_entry(added.entry),
        image_ids=tuple(sorted({image.image_id for image in added.images})),
        papers=from_papers(added.papers),
        at=from_micros(message.at_us),
        proposed=_from_signature(added.proposed),
        approved=_from_signature(added.approved),
    )


def _from_removal(message: watchlist_change_pb2.WatchlistChange) -> EntryRemoved:
    if message.WhichOneof("change") != "removed":
        msg = "a watchlist change must add or remove an entry"
        raise InvalidValue(msg)
    return EntryRemoved(message.removed.authorisation_id, message.removed.reference, from_micros(message.at_us))


def watchlist_change(ring: KeyRing) -> ProtobufCodec[WatchlistChange, watchlist_change_pb2.WatchlistChange]:
    """The codec of the watchlist-changes topic, which seals and opens templates.

    Beside `Poison` it raises `KeyDestroyed` and `Unavailable` where a template is to be opened. Whoever needs none
    reads `LISTING_CHANGE`, without a key.
    """
    message = watchlist_change_pb2.WatchlistChange
    return ProtobufCodec(message, partial(_to_watchlist_change, ring), partial(_from_watchlist_change, ring))


def watchlist_proposal(ring: KeyRing) -> ProtobufCodec[EntryProposed, watchlist_change_pb2.WatchlistProposal]:
    """The codec of the watchlist-proposals topic; see `watchlist_change`."""
    message = watchlist_change_pb2.WatchlistProposal
    return ProtobufCodec(message, partial(_to_proposal, ring), partial(_from_proposal, ring))


LISTING_CHANGE = ProtobufReader(watchlist_change_pb2.WatchlistChange, _from_listing_change)
