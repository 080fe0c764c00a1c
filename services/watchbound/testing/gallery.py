"""A gallery in memory: exact, and as strict as the real ones."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from watchbound.domain.candidate import Candidate
from watchbound.domain.errors import InvalidValue, Unavailable, UnknownReference
from watchbound.domain.probe import require_probes
from watchbound.domain.watchlist import EnrolledImage


@dataclass
class _Collection:
    model_digest: str
    dimension: int
    images: dict[tuple[str, str], EnrolledImage] = field(default_factory=dict)


class InMemoryGallery:
    """A `Gallery` that compares with every template; safe to use from several threads.

    Attributes:
        down: every method raises Unavailable while set.
    """

    def __init__(self) -> None:
        self.down = False
        self._collections: dict[str, _Collection] = {}
        self._lock = threading.RLock()

    def create(self, authorisation_id: str, model_digest: str, dimension: int) -> None:
        """Make the collection if it is not there."""
        with self._lock:
            self._require_up()
            collection = self._collections.setdefault(authorisation_id, _Collection(model_digest, dimension))
            _require_model(collection, model_digest, dimension)

    def add(self, images: Sequence[EnrolledImage]) -> None:
        """Insert or replace images of one authorisation."""
        with self._lock:
            self._require_up()
            authorisations = {image.entry.authorisation_id for image in images}
            if len(authorisations) > 1:
                msg = f"images of one authorisation at a time, got {sorted(authorisations)}"
                raise InvalidValue(msg)
            for authorisation_id in authorisations:
                collection = self._collection(authorisation_id)
                for image in images:
                    _require_model(collection, image.embedding.model_digest, image.embedding.vector.size)
                collection.images.update({(image.entry.reference, image.image_id): image for image in images})

    def remove(self, authorisation_id: str, reference: str) -> int:
        """Remove an entry with all its images; returns how many images there were."""
        with self._lock:
            images = self._collection(authorisation_id).images
            gone = [key for key in images if key[0] == reference]
            for key in gone:
                del images[key]
            return len(gone)

    def images(self, authorisation_id: str) -> list[EnrolledImage]:
        """All that is enrolled, ordered by reference, then image id."""
        with self._lock:
            return [image for _, image in sorted(self._collection(authorisation_id).images.items())]

    def search(
        self, authorisation_id: str, probes: NDArray[np.float32], model_digest: str, limit: int
    ) -> list[list[Candidate]]:
        """For each probe of shape (n, d), at most `limit` entries, best first, one candidate an entry."""
        require_probes(probes, limit)
        with self._lock:
            collection = self._collection(authorisation_id)
            _require_model(collection, model_digest, probes.shape[1])
            images = list(collection.images.values())
        return [_best(images, probe, limit) for probe in probes]

    def drop(self, authorisation_id: str) -> None:
        """Remove the collection and all that is in it."""
        with self._lock:
            self._require_up()
            self._collections.pop(authorisation_id, None)

    def _collection(self, authorisation_id: str) -> _Collection:
        self._require_up()
        try:
            return self._collections[authorisation_id]
        except KeyError:
            msg = f"the authorisation {authorisation_id} has no collection; create it by enrolling"
            raise UnknownReference(msg) from None

    def _require_up(self) -> None:
        if self.down:
            msg = "the in-memory gallery is down: a test set gallery.down; set it to False to go on"
            raise Unavailable(msg)


def _require_model(collection: _Collection, model_digest: str, dimension: int) -> None:
    if (collection.model_digest, collection.dimension) != (model_digest, dimension):
        msg = (
            f"the collection holds templates of model {collection.model_digest[:12]}, dimension"
            f" {collection.dimension}; got model {model_digest[:12]}, dimension {dimension};"
            " enrol again to change models"
        )
        raise InvalidValue(msg)


def _best(images: Sequence[EnrolledImage], probe: NDArray[np.float32], limit: int) -> list[Candidate]:
    best: dict[str, Candidate] = {}
    for image in images:
        score = float(np.clip(image.embedding.vector @ probe, -1.0, 1.0))
        known = best.get(image.entry.reference)
        if known is None or score > known.score:
            best[image.entry.reference] = Candidate(image.entry, score)
    return sorted(best.values(), key=lambda candidate: -candidate.score)[:limit]
