"""What is on one watchlist while it is being enrolled, and who on it looks like whom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from watchbound.domain.embedding import Embedding
from watchbound.domain.watchlist import EnrolledImage

_ROOM = 256


class Roll:
    """The images of one watchlist by entry, searchable exactly. Belongs to one thread.

    Args:
        images: what the gallery holds, all of one model.
        dimension: length d of a template.
    """

    def __init__(self, images: Iterable[EnrolledImage], dimension: int) -> None:
        self._images: dict[str, dict[str, EnrolledImage]] = {}
        self._vectors: NDArray[np.float32] = np.empty((_ROOM, dimension), np.float32)
        self._references: list[str | None] = []
        self.put(list(images))

    @property
    def entries(self) -> int:
        """How many entries there are."""
        return len(self._images)

    def of(self, reference: str) -> tuple[EnrolledImage, ...]:
        """All images of an entry, ordered by id."""
        return tuple(image for _, image in sorted(self._images.get(reference, {}).items()))

    def holds(self, reference: str, image_id: str) -> bool:
        """Whether this very picture is enrolled under this entry."""
        return image_id in self._images.get(reference, {})

    def nearest_other(self, reference: str, embedding: Embedding) -> tuple[str, float] | None:
        """The entry of another reference that looks most like it, with the cosine similarity; None without any."""
        known = self._vectors[: len(self._references)]
        scores = known @ embedding.vector
        others = np.array([other is not None and other != reference for other in self._references], dtype=bool)
        if not others.any():
            return None
        index = int(np.argmax(np.where(others, scores, -np.inf)))
        return str(self._references[index]), float(np.clip(scores[index], -1.0, 1.0))

    def put(self, images: Sequence[EnrolledImage]) -> None:
        """Insert or replace images."""
        for image in images:
            reference = image.entry.reference
            held = self._images.setdefault(reference, {})
            if image.image_id not in held:
                self._append(reference, image.embedding.vector)
            held[image.image_id] = image

    def drop(self, reference: str) -> None:
        """Forget an entry."""
        self._images.pop(reference, None)
        # Its rows stay, owned by nobody: compacting on each removal would cost more than a few idle rows.
        self._references = [None if other == reference else other for other in self._references]

    def _append(self, reference: str, vector: NDArray[np.float32]) -> None:
        count = len(self._references)
        if count == len(self._vectors):
            self._vectors = np.concatenate([self._vectors, np.empty_like(self._vectors)])
        self._vectors[count] = vector
        self._references.append(reference)
