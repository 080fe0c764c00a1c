from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from watchbound.adapters.model_comparison import Comparison, pair
from watchbound.domain.face import Box, Detection


def face(x: float) -> Detection:
    return Detection(box=Box(x, 10, 20, 20), landmarks=np.full((5, 2), x, np.float32), score=0.9)


def row(x: float) -> NDArray[np.float32]:
    return np.array([x, 10, 20, 20, *[x] * 10, 0.9], np.float32)


def test_each_face_answers_one_row_whatever_the_order() -> None:
    differences, alone = pair([face(100), face(10)], np.stack([row(10.25), row(100)]))
    assert differences == pytest.approx([0.25, 0.0])
    assert alone == 0


def test_a_face_that_only_one_side_found_is_counted() -> None:
    assert pair([face(10), face(200)], np.stack([row(10)])) == ([0.0], 1)
    assert pair([face(10)], np.stack([row(10), row(10)])) == ([0.0], 1)
    assert pair([], np.empty((0, 15), np.float32)) == ([], 0)


@pytest.mark.parametrize(
    ("comparison", "agrees"),
    [
        (Comparison(3, 9, 0, 0.9999, 1.0), True),
        (Comparison(3, 9, 1, 1.0, 0.0), False),
        (Comparison(3, 9, 0, 0.9998, 0.0), False),
        (Comparison(3, 9, 0, 1.0, 1.01), False),
        (Comparison(3, 0, 0, 1.0, 0.0), False),
    ],
)
def test_agreement_needs_every_bound_and_at_least_one_face(comparison: Comparison, agrees: bool) -> None:
    assert comparison.agrees is agrees
