"""Two deployments on fakes with something in every place, one of them to be purged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from watchbound.adapters.store_files import StoreFiles
from watchbound.domain.embedding import Embedding
from watchbound.domain.match import subject_key
from watchbound.domain.picture import PictureName
from watchbound.domain.receipt import SignedReceipt
from watchbound.domain.sealing import Purpose
from watchbound.domain.watchlist import Category, EnrolledImage, ResponseLevel, WatchlistEntry
from watchbound.governance.places import (
    GalleryFilesPlace,
    GalleryPlace,
    KeyPlace,
    PicturesPlace,
    Place,
    SealedPart,
    SealedRecordsPlace,
    WatchlistChangesPlace,
    records_of,
)
from watchbound.governance.purge import Purger
from watchbound.governance.receipt_shelf import ReceiptShelf
from watchbound.governance.store_search import search_of
from watchbound.pipeline.audit import AuditTrail
from watchbound.pipeline.topics import ALERTS, FRAMES, WATCHLIST_CHANGES
from watchbound.ports import Record
from watchbound.testing.audit import FakeAuditLog
from watchbound.testing.clock import ManualClock
from watchbound.testing.eyes import FAKE_DIGEST
from watchbound.testing.gallery import InMemoryGallery
from watchbound.testing.keyring import FakeKeyRing
from watchbound.testing.log import InMemoryBroker
from watchbound.testing.pictures import InMemoryPictureStore
from watchbound.testing.signing import FakeSigner

GONE, KEPT = "wad-gone", "wad-kept"
NOW = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
ENTRIES, FRAMES_SENT, ALERTS_SENT = 5, 3, 2
ALL = frozenset(Purpose)
SIGNER = FakeSigner("retention-1")


class DiskGallery(InMemoryGallery):
    """A gallery with a file for each collection, which a drop leaves behind until `clean_up`, unless it is tidy."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.tidy = True

    def add(self, images: Sequence[EnrolledImage]) -> None:
        """Also to the file."""
        super().add(images)
        with (self.folder / images[0].entry.authorisation_id).open("ab") as file:
            file.write(b"".join(image.embedding.vector.tobytes() for image in images))

    def drop(self, authorisation_id: str) -> None:
        """Also the file, if it is tidy."""
        super().drop(authorisation_id)
        if self.tidy:
            self.clean_up(authorisation_id)

    def clean_up(self, authorisation_id: str) -> None:
        """What a real server does some time after a drop."""
        (self.folder / authorisation_id).unlink(missing_ok=True)


class Deployments:
    """What two deployments left behind. A new `purger` stands for a new process."""

    def __init__(self, folder: Path, *, search_files: bool = True, waived: bool = False) -> None:
        store = folder / "store"
        store.mkdir()
        self.clock = ManualClock(NOW)
        self.broker = InMemoryBroker(self.clock)
        self.gallery = DiskGallery(store)
        self.ring = FakeKeyRing()
        self.pictures = InMemoryPictureStore()
        self.log = FakeAuditLog()
        self.shelf = ReceiptShelf(folder / "receipts")
        self._search = search_of(StoreFiles([store])) if search_files else None
        self._waived = waived
        for number, name in enumerate((GONE, KEPT)):
            self._fill(name, np.random.default_rng(number))

    def places(self) -> list[Place]:
        records = records_of(lambda topic: self.broker.reader([topic]))
        return [
            GalleryPlace(self.gallery),
            PicturesPlace(self.pictures),
            GalleryFilesPlace(self._search, self.shelf.fingerprints, self._waived),
            WatchlistChangesPlace(records, self.broker.producer()),
            *(KeyPlace(self.ring, purpose) for purpose in Purpose),
            SealedRecordsPlace(FRAMES.name, Purpose.FRAMES, records, _parts, self.ring),
            SealedRecordsPlace(ALERTS.name, Purpose.ALERTS, records, _parts, self.ring),
        ]

    def purger(self, around: Callable[[Place], Place] = lambda place: place, patience_s: float = 0.0) -> Purger:
        return Purger(
            [around(place) for place in self.places()],
            self.gallery,
            self.shelf,
            AuditTrail(self.log, self.clock),
            self.clock,
            timedelta(seconds=patience_s),
            self.clock.advance,
        )

    def purge(self, purposes: frozenset[Purpose] = ALL) -> SignedReceipt:
        return self.purger().purge(GONE, purposes, SIGNER, "retention", "the deployment has ended")

    def counts(self, name: str) -> dict[str, int | None]:
        return {place.name: place.look(name).count for place in self.places()}

    def _fill(self, name: str, rng: np.random.Generator) -> None:
        self.ring.create(name)
        producer = self.broker.producer()
        self.gallery.create(name, FAKE_DIGEST, 32)
        images = [_image(name, number, rng) for number in range(ENTRIES)]
        self.gallery.add(images)
        for image in images:
            picture = PictureName(name, image.entry.reference, image.image_id)
            self.pictures.put(picture, self.ring.seal(name, Purpose.WATCHLIST, b"a picture", str(picture)))
            sealed = self.ring.seal(name, Purpose.WATCHLIST, image.embedding.vector.tobytes(), image.entry.reference)
            producer.send(WATCHLIST_CHANGES.name, subject_key(name, image.entry.reference), sealed)
        for topic, purpose, count in ((FRAMES, Purpose.FRAMES, FRAMES_SENT), (ALERTS, Purpose.ALERTS, ALERTS_SENT)):
            for number in range(count):
                sealed = self.ring.seal(name, purpose, b"\xff\xd8\xff a picture", str(number))
                producer.send(topic.name, subject_key(name, str(number)), sealed)


def _image(name: str, number: int, rng: np.random.Generator) -> EnrolledImage:
    vector = rng.normal(size=32).astype(np.float32)
    vector /= np.linalg.norm(vector)
    entry = WatchlistEntry(name, f"person-{number}", Category.MISSING, ResponseLevel.AMBER)
    return EnrolledImage(entry, f"{number:064x}", Embedding(vector, FAKE_DIGEST))


def _parts(record: Record) -> Iterable[SealedPart]:
    name, _, bound_to = (record.key or "").partition("/")
    return [SealedPart(name, record.value or b"", bound_to)]
