from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from watchbound.domain.face import Box
from watchbound.extraction.shots import Shot, ShotPolicy, Standing, TrackEvidence, cut_context

START = datetime(2026, 11, 1, 12, tzinfo=UTC)
POLICY = ShotPolicy()
CROP = np.zeros((112, 112, 3), np.uint8)


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def unit(*values: float) -> NDArray[np.float32]:
    vector = np.array(values, np.float32)
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


def shot(worth: float, seconds: float = 0.0) -> Shot:
    return Shot(worth, after(seconds), CROP, CROP)


def taken(standing: Standing, worth: float = 0.4) -> TrackEvidence:
    evidence = TrackEvidence()
    evidence.take(worth, START)
    evidence.judged(standing)
    return evidence


def test_the_first_usable_sight_is_wanted_at_once() -> None:
    assert TrackEvidence().wants(0.01, START, POLICY)


def test_an_undecided_track_is_asked_again_soon_but_not_without_end() -> None:
    evidence = taken(Standing.UNDECIDED)
    assert not evidence.wants(0.4, after(0.1), POLICY)
    assert evidence.wants(0.4, after(0.4), POLICY)
    for n in range(POLICY.max_shots):
        evidence.take(0.4, after(n))
        evidence.judged(Standing.UNDECIDED)
    assert not evidence.wants(0.4, after(60), POLICY)
    assert evidence.wants(0.6, after(60), POLICY)


@pytest.mark.parametrize("standing", [Standing.UNKNOWN, Standing.UNDECIDED])
def test_while_a_shot_is_on_its_way_only_a_clearly_better_sight_is_wanted(standing: Standing) -> None:
    evidence = taken(standing)
    evidence.take(0.4, after(1))
    assert not evidence.wants(0.4, after(5), POLICY)
    assert evidence.wants(0.6, after(5), POLICY)
    evidence.judged(Standing.UNDECIDED)
    assert evidence.wants(0.4, after(5), POLICY)


def test_a_clearly_unlisted_track_costs_nothing_more_unless_it_is_seen_far_better() -> None:
    evidence = taken(Standing.CLEARLY_NOT_LISTED)
    assert not evidence.wants(0.6, after(60), POLICY)
    assert evidence.wants(0.75, after(60), POLICY)


def test_a_matched_track_is_confirmed_again_and_again() -> None:
    evidence = taken(Standing.MATCHED)
    assert not evidence.wants(0.4, after(1), POLICY)
    assert evidence.wants(0.1, after(2), POLICY)


def test_fusing_weighs_the_better_shot_more() -> None:
    evidence = TrackEvidence()
    evidence.fuse(shot(0.9), unit(1, 0))
    evidence.fuse(shot(0.1), unit(0, 1))
    fused = evidence.fused()
    assert float(np.linalg.norm(fused)) == pytest.approx(1, abs=1e-6)
    assert float(fused @ unit(1, 0)) > 0.98
    assert evidence.count == 2


def test_another_persons_template_does_not_agree() -> None:
    evidence = TrackEvidence()
    assert evidence.agrees(unit(1, 0), POLICY)
    evidence.fuse(shot(0.5), unit(1, 0))
    assert evidence.agrees(unit(1, 1), POLICY)
    assert not evidence.agrees(unit(0, 1), POLICY)


def test_nothing_fused_is_no_template() -> None:
    with pytest.raises(ValueError, match="no template"):
        TrackEvidence().fused()


@given(st.floats(-300, 700), st.floats(-300, 700), st.floats(1, 600), st.floats(1, 600))
def test_a_cut_is_never_empty_and_holds_no_view_of_the_frame(x: float, y: float, width: float, height: float) -> None:
    image = np.zeros((360, 480, 3), np.uint8)
    cut = cut_context(image, Box(x, y, width, height), [Box(x + width, y, width, height)])
    assert cut.shape[0] >= 1
    assert cut.shape[1] >= 1
    assert not np.shares_memory(cut, image)
