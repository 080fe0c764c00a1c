from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from watchbound.extraction.decode import Grey
from watchbound.extraction.motion import has_moved

_SHAPE = (90, 160)


def scene(seed: int = 1) -> NDArray[np.float64]:
    return np.random.default_rng(seed).uniform(40, 180, _SHAPE)


def seen(values: NDArray[np.float64]) -> Grey:
    return np.clip(values, 0, 255).astype(np.uint8)


def test_noise_and_another_light_are_no_movement() -> None:
    noise = np.random.default_rng(2).normal(0, 1.0, _SHAPE)
    assert not has_moved(seen(scene()), seen(scene() + noise))
    assert not has_moved(seen(scene()), seen(scene() * 1.15))
    assert not has_moved(seen(scene()), seen(scene() * 0.8))


@pytest.mark.parametrize(("rows", "columns"), [(2, 2), (3, 3), (40, 30)])
def test_whoever_comes_into_view_is_movement(rows: int, columns: int) -> None:
    now = scene()
    now[30 : 30 + rows, 60 : 60 + columns] = 230
    assert has_moved(seen(scene()), seen(now))


def test_pictures_of_two_sizes_always_differ() -> None:
    assert has_moved(seen(scene()), seen(scene())[:, :80])


def test_a_black_picture_is_compared_like_any_other() -> None:
    black = np.zeros(_SHAPE, np.uint8)
    assert not has_moved(black, black)
    assert has_moved(black, seen(scene()))
