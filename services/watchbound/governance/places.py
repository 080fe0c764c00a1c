"""The places where something of an authorisation lies: each can be looked at, emptied, and looked at again."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Protocol

from watchbound.domain.errors import KeyDestroyed, Poison, UnknownReference
from watchbound.domain.fingerprint import Fingerprints
from watchbound.domain.match import subject_key
from watchbound.domain.sealing import Purpose
from watchbound.pipeline.topics import WATCHLIST_CHANGES, WATCHLIST_PROPOSALS
from watchbound.pipeline.whole_topics import read_to_end
from watchbound.ports import Gallery, KeyRing, PictureStore, Record, RecordProducer, TopicReader

_ACKNOWLEDGED_WITHIN_S = 10.0
_READ_WITHIN_S = 3600.0
"""Generous: frames are read too, and a purge that gives up is tried again."""
_JPEG = b"\xff\xd8\xff"
_SAMPLE = b"a sample that must not open after its key is destroyed"
_SAMPLE_OF = "purge"


@dataclass(frozen=True, slots=True)
class Found:
    """What a look at a place came to.

    Attributes:
        count: how much of the authorisation is there; None when that cannot be told.
        how: how it was counted, or why it could not be.
    """

    count: int | None
    how: str


class Place(Protocol):
    """One place. Looking changes nothing; erasing twice is erasing once."""

    @property
    def name(self) -> str:
        """What a receipt calls it."""

    @property
    def unit(self) -> str:
        """What is counted there."""

    @property
    def purpose(self) -> Purpose:
        """With which kind of data it is emptied."""

    @property
    def waived(self) -> bool:
        """Whether the operator accepts that nobody can look there."""

    def look(self, authorisation_id: str) -> Found:
        """What is there now.

        Raises:
            Unavailable: it does not answer; nothing may be concluded.
        """

    def erase(self, authorisation_id: str) -> None:
        """Remove what is there.

        Raises:
            Unavailable: it does not answer; erase again.
        """


Records = Callable[[str], Iterable[Record]]
"""All records that stand in a topic, by its name; raises UnknownReference where a topic that must exist does not."""


def records_of(reader: Callable[[str], TopicReader]) -> Records:
    """Reads topics from their beginning to what stood in them when reading began."""

    def read(topic: str) -> Iterator[Record]:
        with closing(reader(topic)) as following:
            yield from read_to_end(following, _READ_WITHIN_S)

    return read


def existing_records(
    read: Records, existing: Callable[[], Container[str]], expected_with: Mapping[str, str]
) -> Records:
    """Reads topics of which some may never have been made: those hold nothing.

    Args:
        read: reads topics that exist.
        existing: the names of those.
        expected_with: topics that must exist, each with the topic whose records say so.

    Returns:
        A reader that raises UnknownReference for one that must exist and does not: it has another name, so that what it
        holds lies where nobody looks.
    """

    def of(topic: str) -> Iterable[Record]:
        there = existing()
        if topic in there:
            return read(topic)
        sign = expected_with.get(topic)
        if sign is not None and sign in there and next(iter(read(sign)), None) is not None:
            msg = f"there is no topic {topic}, although {sign} holds records"
            raise UnknownReference(msg)
        return ()

    return of


class GalleryPlace:
    """The collection of templates."""

    name = "gallery"
    unit = "templates"
    purpose = Purpose.WATCHLIST
    waived = False

    def __init__(self, gallery: Gallery) -> None:
        self._gallery = gallery

    def look(self, authorisation_id: str) -> Found:
        """Ask the vector store for everything in the collection."""
        try:
            return Found(len(self._gallery.images(authorisation_id)), "the vector store was asked for all of them")
        except UnknownReference:
            return Found(0, "the vector store was asked and knows no such collection")

    def erase(self, authorisation_id: str) -> None:
        """Drop the collection."""
        self._gallery.drop(authorisation_id)


class FilesSearch(Protocol):
    """Searches the vector store's files; answers how many templates and files were found to match, and how."""

    def __call__(self, wanted: Fingerprints) -> Found:
        """Look for the templates of these fingerprints."""


class GalleryFilesPlace:
    """The vector store's own files: what was dropped is gone there only when the store has cleaned up.

    Args:
        search: looks through the files; None where no folder is configured.
        fingerprints: what was enrolled, by authorisation, remembered from before it was dropped.
        waived: whether it is accepted that nobody can look.
    """

    name = "gallery files"
    unit = "templates"
    purpose = Purpose.WATCHLIST

    def __init__(self, search: FilesSearch | None, fingerprints: Callable[[str], Fingerprints], waived: bool) -> None:
        self._search = search
        self._fingerprints = fingerprints
        self.waived = waived

    def look(self, authorisation_id: str) -> Found:
        """Search every file for copies of what was enrolled."""
        if self._search is None:
            return Found(None, "not checked: WATCHBOUND_PURGE_STORE_FOLDERS names no data folder of the vector store")
        return self._search(self._fingerprints(authorisation_id))

    def erase(self, authorisation_id: str) -> None:
        """Nothing to do here: the store deletes the files of a dropped collection itself."""


class PicturesPlace:
    """The sealed pictures of listed people."""

    name = "watchlist pictures"
    unit = "pictures"
    purpose = Purpose.WATCHLIST
    waived = False

    def __init__(self, store: PictureStore) -> None:
        self._store = store

    def look(self, authorisation_id: str) -> Found:
        """List them."""
        return Found(len(self._store.pictures(authorisation_id)), "the picture store was listed")

    def erase(self, authorisation_id: str) -> None:
        """Sweep the store."""
        self._store.sweep(authorisation_id)


class WatchlistChangesPlace:
    """The entries that stand on the compacted topics: those that workers begin again from, and those that wait."""

    name = "watchlist changes"
    unit = "standing records"
    purpose = Purpose.WATCHLIST
    waived = False

    def __init__(self, records: Records, producer: RecordProducer) -> None:
        self._records = records
        self._producer = producer

    def look(self, authorisation_id: str) -> Found:
        """Count the keys of the authorisation whose latest record is no tombstone."""
        return Found(len(self._standing(authorisation_id)), "both topics were read to their ends")

    def erase(self, authorisation_id: str) -> None:
        """A tombstone for each."""
        sent = [self._producer.send(topic, key, None) for topic, key in self._standing(authorisation_id)]
        for delivery in sent:
            delivery.wait(_ACKNOWLEDGED_WITHIN_S)

    def _standing(self, authorisation_id: str) -> list[tuple[str, str]]:
        """Topic and key of each."""
        prefix = subject_key(authorisation_id, "")
        standing: dict[tuple[str, str], None] = {}
        for topic in (WATCHLIST_CHANGES.name, WATCHLIST_PROPOSALS.name):
            for record in self._records(topic):
                if record.key is None or not record.key.startswith(prefix):
                    continue
                if record.value is None:
                    standing.pop((topic, record.key), None)
                else:
                    standing[topic, record.key] = None
        return list(standing)


class KeyPlace:
    """A data key in all its versions. Destroying it makes every copy unreadable, backups and replicas included."""

    unit = "key versions"
    waived = False

    def __init__(self, ring: KeyRing, purpose: Purpose) -> None:
        self._ring = ring
        self.purpose = purpose
        self._samples: dict[str, bytes] = {}

    @property
    def name(self) -> str:
        """Each purpose has its own."""
        return f"key {self.purpose.value}"

    def look(self, authorisation_id: str) -> Found:
        """Ask the ring for the versions, and whether it opens a sample that was sealed before."""
        versions = len(self._ring.versions(authorisation_id).get(self.purpose, ()))
        sample = self._samples.get(authorisation_id)
        if sample is None:
            return Found(versions, "the key ring was asked for its versions")
        opens = self._opens(authorisation_id, sample)
        how = "still opens" if opens else "does not open any more"
        return Found(max(versions, int(opens)), f"the key ring was asked; a sample sealed before {how}")

    def erase(self, authorisation_id: str) -> None:
        """Destroy all versions."""
        if self.purpose in self._ring.versions(authorisation_id):
            self._samples[authorisation_id] = self._ring.seal(authorisation_id, self.purpose, _SAMPLE, _SAMPLE_OF)
        self._ring.destroy(authorisation_id, self.purpose)

    def _opens(self, authorisation_id: str, sample: bytes) -> bool:
        try:
            self._ring.open(authorisation_id, self.purpose, sample, _SAMPLE_OF)
        except (KeyDestroyed, Poison):
            return False
        return True


@dataclass(frozen=True, slots=True)
class SealedPart:
    """Sealed bytes in a record: a picture, a crop, a template."""

    authorisation_id: str
    data: bytes
    bound_to: str


class SealedRecordsPlace:
    """The records of a topic whose sealed parts can be read. Records themselves go with their topic's retention.

    Args:
        topic: its name.
        purpose: whose key opens the parts.
        records: reads the topic.
        parts: the sealed parts of a record; raises Poison for one that cannot be read at all.
        ring: tries to open them.
    """

    unit = "records that open"
    waived = False

    def __init__(
        self,
        topic: str,
        purpose: Purpose,
        records: Records,
        parts: Callable[[Record], Iterable[SealedPart]],
        ring: KeyRing,
    ) -> None:
        self._topic = topic
        self.purpose = purpose
        self._records = records
        self._parts = parts
        self._ring = ring

    @property
    def name(self) -> str:
        """Each topic is a place."""
        return f"topic {self._topic}"

    def look(self, authorisation_id: str) -> Found:
        """Read the topic to its end and try to open every part of the authorisation."""
        try:
            records = self._records(self._topic)
        except UnknownReference as missing:
            return Found(None, f"not checked: {missing}")
        tried = readable = 0
        for record in records:
            found = [part for part in self._read(record) if part.authorisation_id == authorisation_id]
            tried += bool(found)
            readable += any(self._opens(part) for part in found)
        return Found(readable, f"all {tried} records of the authorisation in the topic were tried with the key ring")

    def erase(self, authorisation_id: str) -> None:
        """Nothing to do here: with the key destroyed, no copy of these records can be read."""

    def _read(self, record: Record) -> Iterable[SealedPart]:
        if record.value is None:
            return ()
        try:
            return tuple(self._parts(record))
        except Poison:
            return ()

    def _opens(self, part: SealedPart) -> bool:
        if part.data.startswith(_JPEG):
            # Never sealed at all: the worst that can be found, and not to be mistaken for unreadable.
            return True
        try:
            self._ring.open(part.authorisation_id, self.purpose, part.data, part.bound_to)
        except (KeyDestroyed, Poison):
            return False
        return True
