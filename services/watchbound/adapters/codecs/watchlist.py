"""Watchlist entries and their changes."""

from __future__ import annotations

import numpy as np

from watchbound.adapters.codecs.protobuf import EnumMap, ProtobufCodec
from watchbound.domain.embedding import Embedding
from watchbound.domain.errors import InvalidValue
from watchbound.domain.moment import from_micros, to_micros
from watchbound.domain.watchlist import (
    Category,
    EnrolledImage,
    EntryAdded,
    EntryRemoved,
    ResponseLevel,
    WatchlistChange,
    WatchlistEntry,
)
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


def _to_watchlist_change(change: WatchlistChange) -> watchlist_change_pb2.WatchlistChange:
    message = watchlist_change_pb2.WatchlistChange(at_us=to_micros(change.at))
    if isinstance(change, EntryAdded):
        message.added.entry.CopyFrom(to_entry(change.entry))
        message.added.model_digest = change.images[0].embedding.model_digest
        for image in change.images:
            message.added.images.add(image_id=image.image_id, vector=image.embedding.vector.astype("<f4").tobytes())
    else:
        message.removed.authorisation_id = change.authorisation_id
        message.removed.reference = change.reference
    return message


def _from_watchlist_change(message: watchlist_change_pb2.WatchlistChange) -> WatchlistChange:
    at = from_micros(message.at_us)
    match message.WhichOneof("change"):
        case "added":
            entry = from_entry(message.added.entry)
            digest = message.added.model_digest
            images = [
                EnrolledImage(entry, i.image_id, Embedding(_vector(i.vector), digest)) for i in message.added.images
            ]
            return EntryAdded(entry, tuple(images), at)
        case "removed":
            return EntryRemoved(message.removed.authorisation_id, message.removed.reference, at)
        case _:
            msg = "a watchlist change must add or remove an entry"
            raise InvalidValue(msg)


def _vector(data: bytes) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    if len(data) % 4:
        msg = f"a vector is a whole number of float32, got {len(data)} bytes"
        raise InvalidValue(msg)
    return np.frombuffer(data, dtype="<f4").astype(np.float32)


WATCHLIST_CHANGE = ProtobufCodec(watchlist_change_pb2.WatchlistChange, _to_watchlist_change, _from_watchlist_change)
