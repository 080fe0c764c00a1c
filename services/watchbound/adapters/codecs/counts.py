"""What services did: tallies and dead letters."""

from __future__ import annotations

from watchbound.adapters.codecs.protobuf import ProtobufCodec
from watchbound.domain.dead_letter import DeadLetter
from watchbound.domain.moment import Window, from_micros, to_micros
from watchbound.domain.tally import Tally
from watchbound.wire import dead_letter_pb2, tally_pb2


def _to_tally(tally: Tally) -> tally_pb2.Tally:
    return tally_pb2.Tally(
        source=tally.source,
        index=tally.index,
        camera_id=tally.camera_id,
        authorisation_id=tally.authorisation_id,
        start_us=to_micros(tally.span.start),
        end_us=to_micros(tally.span.end),
        **tally.counts(),
    )


def _from_tally(tally: tally_pb2.Tally) -> Tally:
    return Tally(
        source=tally.source,
        index=tally.index,
        camera_id=tally.camera_id,
        authorisation_id=tally.authorisation_id,
        span=Window(from_micros(tally.start_us), from_micros(tally.end_us)),
        published=tally.published,
        processed=tally.processed,
        shed=tally.shed,
        faces=tally.faces,
        tracks=tally.tracks,
        matches=tally.matches,
        refused=tally.refused,
        dead_lettered=tally.dead_lettered,
        compared=tally.compared,
    )


def _to_dead_letter(letter: DeadLetter) -> dead_letter_pb2.DeadLetter:
    return dead_letter_pb2.DeadLetter(
        topic=letter.topic,
        partition=letter.partition,
        offset=letter.offset,
        reason=letter.reason,
        detail=letter.detail,
        payload_size=letter.payload_size,
        payload_digest=letter.payload_digest,
        payload=letter.payload,
        at_us=to_micros(letter.at),
    )


def _from_dead_letter(letter: dead_letter_pb2.DeadLetter) -> DeadLetter:
    return DeadLetter(
        topic=letter.topic,
        partition=letter.partition,
        offset=letter.offset,
        reason=letter.reason,
        detail=letter.detail,
        payload_size=letter.payload_size,
        payload_digest=letter.payload_digest,
        payload=letter.payload,
        at=from_micros(letter.at_us),
    )


TALLY = ProtobufCodec(tally_pb2.Tally, _to_tally, _from_tally)
DEAD_LETTER = ProtobufCodec(dead_letter_pb2.DeadLetter, _to_dead_letter, _from_dead_letter)
