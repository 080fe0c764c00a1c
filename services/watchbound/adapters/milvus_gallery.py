"""`Gallery` on Milvus: a collection per authorisation, on a Milvus server and on Milvus Lite's alike."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pymilvus import DataType, MilvusException

from watchbound.adapters.milvus_connect import NOT_FOUND, NOT_LOADED, MilvusConnection
from watchbound.adapters.milvus_schema import (
    ENTRY_COLUMNS,
    METRIC,
    collection_name,
    index,
    schema,
    template_field,
    to_entry,
    to_image,
    to_row,
)
from watchbound.domain.candidate import Candidate
from watchbound.domain.errors import InvalidValue
from watchbound.domain.probe import require_probes
from watchbound.domain.watchlist import EnrolledImage
from watchbound.settings import MilvusSettings

T = TypeVar("T")

_BATCH = 1000
_IMAGES_AN_ENTRY = 4
"""A first guess, for how many hits to ask; more are fetched where it proves too low."""
_MOST_HITS = 16_384
"""Milvus's own limit for one search."""
_FLUSH_EVERY = 100


class MilvusGallery:
    """The enrolled templates in Milvus; one instance serves all threads of a process.

    Searches use Bounded consistency: what was added or removed a moment ago may be missing or still there, which is
    why every worker also follows the watchlist's changes. It connects again by itself after a restart of the server.

    `drop` removes the data of Milvus Lite from the disk at once; a Milvus server makes it unreachable at once and
    deletes its files in its next garbage collection.

    Raises:
        Unavailable: no server answers at the address.
    """

    def __init__(self, settings: MilvusSettings) -> None:
        self._milvus = MilvusConnection(settings)
        self._client = self._milvus.client
        self._timeout = settings.timeout_s
        self._unflushed: dict[str, int] = {}

    def create(self, authorisation_id: str, model_digest: str, dimension: int) -> None:
        """Make the collection if it is not there, and have it loaded.

        Raises:
            InvalidValue: it is there with another model or dimension.
            Unavailable: the server does not answer.
        """
        name, slow = collection_name(authorisation_id), self._milvus.slow_s
        columns, params = schema(self._client, model_digest, dimension), index(self._client, model_digest)
        with self._milvus.answering("making a collection"):
            if not self._client.has_collection(name, timeout=self._timeout):
                self._client.create_collection(name, schema=columns, consistency_level="Bounded", timeout=slow)
            self._require_model(authorisation_id, template_field(model_digest), dimension)
            # Also where the collection was there: whoever made it may have died before it was done.
            if not self._client.list_indexes(name, timeout=self._timeout):
                self._client.create_index(name, params, timeout=slow)
            self._client.load_collection(name, timeout=slow)

    def add(self, images: Sequence[EnrolledImage]) -> None:
        """Insert or replace images, keyed by entry reference and image id, all of one authorisation.

        Raises:
            UnknownReference: the authorisation has no collection.
            InvalidValue: a template comes from another model than the collection's.
            Unavailable: the server does not answer; some of the images may have been added.
        """
        if not images:
            return
        first, kinds = images[0], {(i.entry.authorisation_id, i.embedding.model_digest) for i in images}
        if len(kinds) > 1:
            msg = f"images of one authorisation and one model at a time, got {sorted(kinds)}"
            raise InvalidValue(msg)
        authorisation_id, embedding = first.entry.authorisation_id, first.embedding
        name = collection_name(authorisation_id)
        rows = [to_row(image) for image in images]

        def upsert() -> None:
            self._require_model(authorisation_id, template_field(embedding.model_digest), embedding.vector.size)
            for start in range(0, len(rows), _BATCH):
                self._client.upsert(name, rows[start : start + _BATCH], timeout=self._timeout)
            self._flush(name, len(rows))

        self._call("adding images", authorisation_id, upsert)

    def remove(self, authorisation_id: str, reference: str) -> int:
        """Remove an entry with all its images; returns how many images there were.

        Raises:
            UnknownReference: the authorisation has no collection.
            Unavailable: the server does not answer.
        """
        name, wanted = collection_name(authorisation_id), f"reference == {json.dumps(reference, ensure_ascii=False)}"

        def delete() -> int:
            found = self._client.query(
                name, wanted, output_fields=["image_id"], consistency_level="Strong", timeout=self._timeout
            )
            self._client.delete(name, filter=wanted, timeout=self._timeout)
            return len(found)

        return self._call("removing an entry", authorisation_id, delete)

    def images(self, authorisation_id: str) -> list[EnrolledImage]:
        """All that is enrolled, ordered by reference, then image id.

        Raises:
            UnknownReference: the authorisation has no collection.
            Unavailable: the server does not answer.
        """
        rows = self._call("listing images", authorisation_id, lambda: self._rows(collection_name(authorisation_id)))
        images = [to_image(authorisation_id, found) for found in rows]
        return sorted(images, key=lambda image: (image.entry.reference, image.image_id))

    def search(
        self, authorisation_id: str, probes: NDArray[np.float32], model_digest: str, limit: int
    ) -> list[list[Candidate]]:
        """For each probe of shape (n, d), at most `limit` entries, best first, one candidate an entry.

        Raises:
            UnknownReference: the authorisation has no collection.
            InvalidValue: the probes are no unit vectors, or of another model or dimension than the collection's.
            Unavailable: the server does not answer.
        """
        require_probes(probes, limit)
        if not len(probes):
            return []
        name, field = collection_name(authorisation_id), template_field(model_digest)
        hits = limit * _IMAGES_AN_ENTRY
        while True:
            found = self._search(authorisation_id, name, field, probes, min(hits, _MOST_HITS))
            candidates = [_best(authorisation_id, rows, limit) for rows in found]
            if hits >= _MOST_HITS or all(
                len(best) == limit or len(rows) < hits for best, rows in zip(candidates, found, strict=True)
            ):
                return candidates
            hits *= 4

    def drop(self, authorisation_id: str) -> None:
        """Remove the collection and all that is in it; nothing happens when there is none.

        Raises:
            Unavailable: the server does not answer.
        """
        name = collection_name(authorisation_id)
        with self._milvus.answering("dropping a collection"):
            if self._client.has_collection(name, timeout=self._timeout):
                self._client.drop_collection(name, timeout=self._milvus.slow_s)
        self._unflushed.pop(name, None)

    def _search(
        self, authorisation_id: str, name: str, field: str, probes: NDArray[np.float32], hits: int
    ) -> list[list[Any]]:
        def search() -> list[list[Any]]:
            found = self._client.search(
                name,
                list(probes),
                anns_field=field,
                limit=hits,
                output_fields=list(ENTRY_COLUMNS),
                search_params={"metric_type": METRIC},
                consistency_level="Bounded",
                timeout=self._timeout,
            )
            return [list(rows) for rows in found]

        def explain() -> None:
            self._require_model(authorisation_id, field, probes.shape[1])

        hits_found = self._call("searching", authorisation_id, search, explain)
        if not any(hits_found):
            # A server compares dimensions only where it has something to compare.
            self._call("describing a collection", authorisation_id, explain)
        return hits_found

    def _call(
        self, act: str, authorisation_id: str, work: Callable[[], T], explain: Callable[[], None] | None = None
    ) -> T:
        """Do the work, once more where the collection had not been loaded; `explain` may raise a better error."""
        with self._milvus.answering(act, authorisation_id):
            try:
                return work()
            except MilvusException as error:
                if explain is not None and error.code != NOT_FOUND:
                    explain()
                if error.code != NOT_LOADED:
                    raise
            self._client.load_collection(collection_name(authorisation_id), timeout=self._milvus.slow_s)
            return work()

    def _require_model(self, authorisation_id: str, field: str, dimension: int) -> None:
        """Refuse templates of another model than the collection's; both are in its own description."""
        columns = self._client.describe_collection(collection_name(authorisation_id), timeout=self._timeout)["fields"]
        vector = next(column for column in columns if column["type"] == DataType.FLOAT_VECTOR)
        held = (vector["name"], int(vector["params"]["dim"]))
        if held != (field, dimension):
            msg = (
                f"the collection of {authorisation_id} holds {held[0]}, dimension {held[1]}; got {field}, dimension"
                f" {dimension}; use the model that it was enrolled with, or drop it and enrol again"
            )
            raise InvalidValue(msg)

    def _rows(self, name: str) -> list[Any]:
        # An iterator takes no consistency level. One Strong answer before it means that the server has caught up.
        self._client.query(name, output_fields=["count(*)"], consistency_level="Strong", timeout=self._timeout)
        pages = self._client.query_iterator(name, batch_size=_BATCH, output_fields=["*"], timeout=self._timeout)
        rows: list[Any] = []
        try:
            while page := pages.next():
                rows += page
        finally:
            pages.close()
        return rows

    def _flush(self, name: str, added: int) -> None:
        """Milvus Lite scans what is not flushed row by row: 110 ms a search for 10,000 rows, and 5 ms once flushed."""
        waiting = self._unflushed.get(name, 0) + added
        if self._milvus.is_lite and waiting >= _FLUSH_EVERY:
            self._client.flush(name, timeout=self._milvus.slow_s)
            waiting = 0
        self._unflushed[name] = waiting


def _best(authorisation_id: str, rows: Sequence[Any], limit: int) -> list[Candidate]:
    """The best image of each entry; the rows come best first."""
    best: dict[str, Candidate] = {}
    for found in rows:
        entry = found["entity"]
        if entry["reference"] not in best and len(best) < limit:
            score = min(1.0, max(-1.0, float(found["distance"])))
            best[entry["reference"]] = Candidate(to_entry(authorisation_id, entry), score)
    return list(best.values())
