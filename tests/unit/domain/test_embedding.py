from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given

from watchbound.domain.embedding import UNIT_TOLERANCE, Embedding, Vector
from watchbound.domain.errors import InvalidValue

from ..strategies import vectors

AXIS = np.array([1.0, 0.0], dtype=np.float32)


@given(vectors())
@example(np.full(16, 3e38, np.float32))
@example(np.full(16, 1e-38, np.float32))
def test_any_finite_output_becomes_a_unit_vector(raw: Vector) -> None:
    embedding = Embedding.of(raw, "model")
    assert embedding.vector.dtype == np.float32
    assert abs(float(np.linalg.norm(embedding.vector)) - 1) <= UNIT_TOLERANCE


@given(vectors(dimension=4), vectors(dimension=4))
def test_similarity_is_symmetric_and_in_range(one: Vector, other: Vector) -> None:
    a, b = Embedding.of(one, "model"), Embedding.of(other, "model")
    assert a.similarity(b) == pytest.approx(b.similarity(a), abs=1e-6)
    assert -1.0 <= a.similarity(b) <= 1.0
    assert a.similarity(a) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize(
    "vector",
    [
        pytest.param(np.zeros(2, np.float32), id="no-length"),
        pytest.param(np.array([1, np.nan], np.float32), id="nan"),
        pytest.param(np.array([np.inf, 0], np.float32), id="infinite"),
        pytest.param(np.array([3e38, 3e38], np.float32), id="squares-overflow"),
        pytest.param(AXIS * np.float32(1.01), id="too-long"),
        pytest.param(np.empty(0, np.float32), id="empty"),
        pytest.param(AXIS.reshape(1, 2), id="two-dimensional"),
    ],
)
def test_a_vector_that_is_no_template_is_refused(vector: Vector) -> None:
    with pytest.raises(InvalidValue, match="an embedding"):
        Embedding(vector, "model")


@pytest.mark.parametrize("raw", [np.zeros(2, np.float32), np.array([np.nan, 1], np.float32)])
def test_an_output_without_a_length_is_refused(raw: Vector) -> None:
    with pytest.raises(InvalidValue, match="finite length above 0"):
        Embedding.of(raw, "model")


def test_a_template_names_its_model() -> None:
    with pytest.raises(InvalidValue, match="digest of the model"):
        Embedding(AXIS, "")


def test_templates_of_two_models_do_not_compare() -> None:
    with pytest.raises(InvalidValue, match="different models"):
        Embedding(AXIS, "one").similarity(Embedding(AXIS, "other"))


def test_a_template_cannot_be_changed_from_outside() -> None:
    vector = AXIS.copy()
    embedding = Embedding(vector, "model")
    vector[0] = 0
    assert embedding.vector[0] == 1
    with pytest.raises(ValueError, match="read-only"):
        embedding.vector[0] = 0
