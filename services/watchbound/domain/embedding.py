"""Face templates: unit vectors that say which model made them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from watchbound.domain.errors import InvalidValue

Vector: TypeAlias = NDArray[np.float32]

UNIT_TOLERANCE = 1e-3


def _norm(vector: Vector) -> float:
    """In double precision, where no finite float32 overflows when it is squared."""
    return float(np.linalg.norm(vector.astype(np.float64)))


@dataclass(frozen=True, slots=True, eq=False)
class Embedding:
    """One face template.

    Attributes:
        vector: shape (d,), float32, Euclidean norm 1, read-only.
        model_digest: sha256 of the embedder's file; scores across digests mean nothing.
    """

    vector: Vector
    model_digest: str

    def __post_init__(self) -> None:
        vector = np.asarray(self.vector, dtype=np.float32)
        if vector.ndim != 1 or vector.size == 0:
            msg = f"an embedding is one vector, got shape {vector.shape}"
            raise InvalidValue(msg)
        if not np.isfinite(vector).all():
            msg = "an embedding must be finite, got NaN or infinity"
            raise InvalidValue(msg)
        norm = _norm(vector)
        if abs(norm - 1.0) > UNIT_TOLERANCE:
            msg = f"an embedding must have norm 1 (±{UNIT_TOLERANCE}), got {norm:.6g}"
            raise InvalidValue(msg)
        if not self.model_digest:
            msg = "an embedding must name the digest of the model that made it"
            raise InvalidValue(msg)
        vector = vector.copy()
        vector.flags.writeable = False
        object.__setattr__(self, "vector", vector)

    @classmethod
    def of(cls, raw: Vector, model_digest: str) -> Embedding:
        """Normalise a model's raw output of shape (d,).

        Raises:
            InvalidValue: the output is not finite or has no length.
        """
        norm = _norm(raw)
        if not np.isfinite(norm) or norm == 0.0:
            msg = f"a model's output must have a finite length above 0, got {norm}"
            raise InvalidValue(msg)
        return cls((raw.astype(np.float64) / norm).astype(np.float32), model_digest)

    def similarity(self, other: Embedding) -> float:
        """Cosine similarity in [-1, 1].

        Raises:
            InvalidValue: the two come from different models.
        """
        if self.model_digest != other.model_digest:
            msg = (
                f"embeddings of different models do not compare: {self.model_digest[:12]} and {other.model_digest[:12]}"
            )
            raise InvalidValue(msg)
        return float(np.clip(self.vector @ other.vector, -1.0, 1.0))
