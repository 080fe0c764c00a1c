from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbound.domain.candidate import Candidate
from watchbound.domain.watchlist import Category, ResponseLevel, WatchlistEntry
from watchbound.extraction.shots import Standing
from watchbound.matching.decide import DecisionPolicy, decide

POLICY = DecisionPolicy()
ENTRY = WatchlistEntry("op-1", "r-1", Category.MISSING, ResponseLevel.AMBER)


def standing(score: float | None, shots: int, threshold: float = 0.5) -> Standing:
    candidates = [] if score is None else [Candidate(ENTRY, score)]
    return decide(candidates, shots, threshold, POLICY).standing


@pytest.mark.parametrize(
    ("score", "shots", "expected"),
    [
        (0.60, 1, Standing.MATCHED),
        (0.53, 1, Standing.UNDECIDED),
        (0.53, 2, Standing.MATCHED),
        (0.50, 2, Standing.MATCHED),
        (0.49, 9, Standing.UNDECIDED),
        (0.36, 2, Standing.UNDECIDED),
        (0.34, 2, Standing.CLEARLY_NOT_LISTED),
        (0.34, 1, Standing.UNDECIDED),
        (0.29, 1, Standing.CLEARLY_NOT_LISTED),
        (None, 1, Standing.CLEARLY_NOT_LISTED),
    ],
)
def test_one_strong_shot_or_several_that_agree(score: float | None, shots: int, expected: Standing) -> None:
    assert standing(score, shots) is expected


@given(st.floats(-1, 1), st.integers(1, 20), st.floats(0.01, 1))
def test_below_the_threshold_nothing_ever_matches(score: float, shots: int, threshold: float) -> None:
    finding = decide([Candidate(ENTRY, score)], shots, threshold, POLICY)
    assert (finding.candidate is not None) is (finding.standing is Standing.MATCHED)
    if score < threshold:
        assert finding.candidate is None
