"""The kept rate is the wanted one, whatever the source's rate and jitter."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchbound.camera.sampling import Sampler


def kept(times: list[float], fps: float) -> list[float]:
    sampler = Sampler(fps)
    return [at for at in times if sampler.keep(at)]


@pytest.mark.parametrize(
    ("source", "wanted"), [(10.0, 5.0), (30.0, 5.0), (25.0, 5.0), (29.97, 5.0), (25.0, 10.0), (5.0, 5.0), (2.0, 5.0)]
)
def test_a_steady_source_gives_the_wanted_rate_or_all_it_has(source: float, wanted: float) -> None:
    times = [n / source for n in range(int(source * 60))]
    assert len(kept(times, wanted)) == pytest.approx(60 * min(source, wanted), rel=0.02)


def test_half_of_a_twice_as_fast_source_is_every_second_picture() -> None:
    times = [n / 10 for n in range(101)]
    assert kept(times, 5.0) == pytest.approx([n / 5 for n in range(51)])


@given(st.integers(0, 1000), st.sampled_from([5.0, 6.0, 10.0, 15.0, 25.0, 30.0]))
@settings(max_examples=50)
def test_jitter_of_a_third_of_an_interval_costs_no_pictures(seed: int, source: float) -> None:
    chance = random.Random(seed)
    times = [(n + chance.uniform(-0.33, 0.33)) / source for n in range(int(source * 60))]
    assert len(kept(times, 5.0)) == pytest.approx(300, rel=0.06)


@given(st.lists(st.floats(0.0, 3.0), max_size=300), st.floats(0.5, 60.0))
def test_never_more_than_the_rate_and_always_the_first(gaps: list[float], fps: float) -> None:
    times, at = [], 0.0
    for gap in gaps:
        at += gap
        times.append(at)
    got = kept(times, fps)
    assert got[:1] == times[:1]
    assert got == sorted(got)
    if got:
        assert len(got) <= (got[-1] - got[0]) * fps + 2


@given(st.floats(0.5, 30.0))
def test_a_picture_after_a_long_pause_is_kept_and_no_burst_follows(fps: float) -> None:
    burst = [1000.0 + n * 0.001 / fps for n in range(100)]
    assert len([at for at in kept([0.0, *burst], fps) if at >= 1000.0]) <= 2
