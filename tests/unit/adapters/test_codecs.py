from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbound.adapters import codecs
from watchbound.domain.act import ActKind
from watchbound.domain.adjudication import Standing
from watchbound.domain.alert import AlertEvent
from watchbound.domain.decision import Verdict
from watchbound.domain.demography import AgeBand, Ethnicity, Sex
from watchbound.domain.errors import Poison, PoisonReason
from watchbound.domain.frame import SealedFrame
from watchbound.domain.listing import listing_of
from watchbound.domain.terms import LocationType, UseCase
from watchbound.domain.watchlist import Category, EntryAdded, ResponseLevel, WatchlistChange
from watchbound.testing.keyring import UnsealedKeyRing
from watchbound.wire import alert_pb2, authorisation_pb2, common_pb2, decision_pb2

from .. import strategies

WATCHLIST_CHANGE = codecs.watchlist_change(UnsealedKeyRing())

PAIRS: list[tuple[codecs.ProtobufCodec[Any, Any], st.SearchStrategy[Any]]] = [
    (codecs.FRAME, strategies.sealed_frames),
    (codecs.MATCH, strategies.matches()),
    (codecs.ALERT, strategies.alerts()),
    (codecs.DECISION, strategies.decisions),
    (codecs.AUTHORISATION, strategies.written_authorities),
    (codecs.TALLY, strategies.tallies),
    (codecs.AUDIT_RECORD, strategies.audit_records),
    (codecs.DEAD_LETTER, strategies.dead_letters),
]


@pytest.mark.parametrize(("codec", "values"), PAIRS, ids=lambda item: getattr(item, "message_type", object).__name__)
@given(data=st.data())
def test_what_is_written_is_what_is_read(
    codec: codecs.ProtobufCodec[Any, Any], values: st.SearchStrategy[Any], data: st.DataObject
) -> None:
    value = data.draw(values)
    written = codec.encode(value)
    assert codec.decode(written) == value
    assert codec.encode(codec.decode(written)) == written


@given(strategies.watchlist_changes)
def test_a_watchlist_change_keeps_every_template_to_the_bit(change: WatchlistChange) -> None:
    read = WATCHLIST_CHANGE.decode(WATCHLIST_CHANGE.encode(change))
    if not isinstance(change, EntryAdded):
        assert read == change
        return
    assert isinstance(read, EntryAdded)
    assert (read.entry, read.at, read.papers) == (change.entry, change.at, change.papers)
    assert codecs.LISTING_CHANGE.decode(WATCHLIST_CHANGE.encode(change)) == listing_of(change)
    for got, put in zip(read.images, change.images, strict=True):
        assert (got.entry, got.image_id, got.embedding.model_digest) == (
            put.entry,
            put.image_id,
            put.embedding.model_digest,
        )
        np.testing.assert_array_equal(got.embedding.vector, put.embedding.vector)


@given(strategies.written_authorities)
def test_the_same_value_has_the_same_bytes(authorisation: Any) -> None:
    """Cameras are a set: their order must not show."""
    assert codecs.AUTHORISATION.encode(authorisation) == codecs.AUTHORISATION.encode(authorisation)
    cameras = codecs.AUTHORISATION.to_message(authorisation).cameras
    assert list(cameras) == sorted(cameras)


@pytest.mark.parametrize(
    ("wire", "domain"),
    [
        (common_pb2.Category, Category),
        (common_pb2.ResponseLevel, ResponseLevel),
        (alert_pb2.AlertEvent, AlertEvent),
        (alert_pb2.Standing, Standing),
        (decision_pb2.Verdict, Verdict),
        (decision_pb2.Sex, Sex),
        (decision_pb2.Ethnicity, Ethnicity),
        (decision_pb2.AgeBand, AgeBand),
        (authorisation_pb2.UseCase, UseCase),
        (authorisation_pb2.LocationType, LocationType),
        (authorisation_pb2.ActKind, ActKind),
    ],
    ids=lambda kind: getattr(kind, "__name__", ""),
)
def test_closed_lists_are_as_long_on_the_wire_as_in_the_domain(wire: Any, domain: Any) -> None:
    assert len(wire.keys()) == len(domain) + 1, "every member and UNSPECIFIED"


def test_bytes_of_another_shape_are_bad_protobuf() -> None:
    with pytest.raises(Poison, match="expected a Frame") as caught:
        codecs.FRAME.decode(b"\xff\xff\xff")
    assert caught.value.reason is PoisonReason.BAD_PROTOBUF


def test_fields_from_a_later_version_are_passed_over() -> None:
    frame = codecs.FRAME.encode(SealedFrame("gate-1", 0, strategies.NOON, "op-1", b"sealed"))
    later = frame + b"\xf2\x3f\x02hi"  # field 1022, of two bytes
    assert codecs.FRAME.decode(later) == codecs.FRAME.decode(frame)
