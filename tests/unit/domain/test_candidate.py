from __future__ import annotations

import math

import pytest
from hypothesis import given

from watchbound.domain.candidate import Candidate
from watchbound.domain.errors import InvalidValue

from ..strategies import scores
from .values import ENTRY


@given(scores)
def test_any_cosine_is_a_score(score: float) -> None:
    assert Candidate(ENTRY, score).score == score


@pytest.mark.parametrize("score", [math.nan, math.inf, -math.inf, 1.0001, -1.0001])
def test_anything_else_is_not(score: float) -> None:
    with pytest.raises(InvalidValue, match="cosine similarity"):
        Candidate(ENTRY, score)
