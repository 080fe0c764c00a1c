"""Wires a purge: the places of the real log, vector store, key ring and files."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from watchbound.adapters import codecs
from watchbound.adapters.kafka_log import KafkaTopicReader
from watchbound.adapters.kafka_topics import existing_topics
from watchbound.adapters.keyring import open_key_ring
from watchbound.adapters.milvus_gallery import MilvusGallery
from watchbound.adapters.picture_folder import open_picture_store
from watchbound.adapters.store_files import StoreFiles
from watchbound.domain.match import Match
from watchbound.domain.sealing import Purpose
from watchbound.governance.places import (
    GalleryFilesPlace,
    GalleryPlace,
    KeyPlace,
    PicturesPlace,
    Place,
    Records,
    SealedPart,
    SealedRecordsPlace,
    WatchlistChangesPlace,
    existing_records,
    records_of,
)
from watchbound.governance.purge import Purger
from watchbound.governance.receipt_shelf import ReceiptShelf
from watchbound.governance.store_search import search_of
from watchbound.pipeline.audit import AuditTrail
from watchbound.pipeline.sealing import template_binding
from watchbound.pipeline.topics import ALERTS, FRAMES, MATCHES
from watchbound.ports import Clock, Record, RecordProducer
from watchbound.settings import KafkaSettings, KeySettings, MilvusSettings, PictureSettings, PurgeSettings

WindowMatches = Callable[[bytes], Iterable[Match]]
"""The matches that a window of alerting holds, from its bytes; raises Poison for what is none."""


@dataclass(frozen=True, slots=True)
class PurgeConfiguration:
    """Everything that places are built from.

    Attributes:
        windows: reads alerting's windows; alerting alone knows how they are written.
    """

    kafka: KafkaSettings
    milvus: MilvusSettings
    keys: KeySettings
    pictures: PictureSettings
    purge: PurgeSettings
    windows: WindowMatches


def open_purger(
    configuration: PurgeConfiguration, producer: RecordProducer, audit: AuditTrail, clock: Clock, stop: threading.Event
) -> Purger:
    """A purger over every place.

    Args:
        configuration: where the places are.
        producer: sends the tombstones.
        audit: told first.
        clock: the trusted clock.
        stop: ends the wait for the vector store's files when it is set.

    Raises:
        ConfigurationError: the key ring may not be used.
        Unavailable: the vector store does not answer.
    """
    settings = configuration.purge
    gallery, shelf = MilvusGallery(configuration.milvus), ReceiptShelf(settings.receipts)
    return Purger(
        _places(configuration, gallery, shelf, producer),
        gallery,
        shelf,
        audit,
        clock,
        timedelta(seconds=settings.store_wait_s),
        stop.wait,
    )


def _places(
    configuration: PurgeConfiguration, gallery: MilvusGallery, shelf: ReceiptShelf, producer: RecordProducer
) -> list[Place]:
    settings, ring = configuration.purge, open_key_ring(configuration.keys)
    folders = [Path(folder) for folder in settings.store_folders.split(":") if folder]
    search = search_of(StoreFiles(folders)) if folders else None
    records = _records(configuration.kafka, settings.windows_topic)

    def window_parts(record: Record) -> list[SealedPart]:
        return [part for match in configuration.windows(record.value or b"") for part in _sealed_parts(match)]

    return [
        GalleryPlace(gallery),
        PicturesPlace(open_picture_store(configuration.pictures)),
        WatchlistChangesPlace(records, producer),
        *(KeyPlace(ring, purpose) for purpose in Purpose),
        SealedRecordsPlace(FRAMES.name, Purpose.FRAMES, records, _frame_parts, ring),
        SealedRecordsPlace(MATCHES.name, Purpose.ALERTS, records, _match_parts, ring),
        SealedRecordsPlace(ALERTS.name, Purpose.ALERTS, records, _alert_parts, ring),
        SealedRecordsPlace(settings.windows_topic, Purpose.ALERTS, records, window_parts, ring),
        GalleryFilesPlace(search, shelf.fingerprints, settings.accept_unsearched_store),
    ]


def _records(kafka: KafkaSettings, windows_topic: str) -> Records:
    """Reads topics of the broker; who raised alerts kept windows, whatever the topic of these is called."""
    read = records_of(lambda topic: KafkaTopicReader(kafka, [topic], "purge"))
    return existing_records(read, lambda: existing_topics(kafka), {windows_topic: ALERTS.name})


def _frame_parts(record: Record) -> list[SealedPart]:
    frame = codecs.FRAME.decode(record.value or b"")
    return [SealedPart(frame.authorisation_id, frame.sealed, frame.id)]


def _match_parts(record: Record) -> list[SealedPart]:
    return _sealed_parts(codecs.MATCH.decode(record.value or b""))


def _alert_parts(record: Record) -> list[SealedPart]:
    return _sealed_parts(codecs.ALERT.decode(record.value or b"").best)


def _sealed_parts(match: Match) -> list[SealedPart]:
    """The crop and the template, where there are any."""
    whose = match.entry.authorisation_id
    parts = [SealedPart(whose, match.crop, match.id), SealedPart(whose, match.template, template_binding(match.id))]
    return [part for part in parts if part.data]
