from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbound.domain.embedding import Embedding
from watchbound.domain.errors import InvalidValue
from watchbound.domain.probe import require_probes

from ..strategies import vectors

UNIT = np.eye(3, 4, dtype=np.float32)


@given(st.lists(vectors(dimension=4), min_size=1, max_size=4))
def test_templates_may_be_asked_for(raws: list[np.ndarray[tuple[int], np.dtype[np.float32]]]) -> None:
    require_probes(np.stack([Embedding.of(raw, "model").vector for raw in raws]), 1)


def test_no_probes_are_no_fault() -> None:
    require_probes(np.empty((0, 4), np.float32), 1)


@pytest.mark.parametrize(
    ("probes", "limit", "fault"),
    [
        pytest.param(UNIT, 0, "at least 1", id="no-candidates"),
        pytest.param(UNIT[0], 1, "shape", id="one-dimensional"),
        pytest.param(UNIT[:, :0], 1, "shape", id="no-dimension"),
        pytest.param(UNIT * np.array([[1], [2], [1]], np.float32), 1, "probe 1 of 3 has 2", id="too-long"),
        pytest.param(UNIT * np.array([[1], [1], [np.nan]], np.float32), 1, "probe 2 of 3 has nan", id="nan"),
    ],
)
def test_anything_else_is_refused_and_shown(
    probes: np.ndarray[tuple[int, ...], np.dtype[np.float32]], limit: int, fault: str
) -> None:
    with pytest.raises(InvalidValue, match=fault):
        require_probes(probes, limit)
