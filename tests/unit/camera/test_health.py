"""Each state from constructed pictures, at its boundary."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from watchbound.camera.health import (
    DARK_AFTER,
    FROZEN_AFTER,
    SILENT_AFTER,
    CameraHealth,
    CameraState,
    Luma,
    PictureStatistics,
)

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
SHAPE = (36, 64)
CHANCE = np.random.default_rng(5)


def daylight() -> Luma:
    return CHANCE.integers(40, 220, SHAPE).astype(np.uint8)


def black() -> Luma:
    return CHANCE.integers(0, 3, SHAPE).astype(np.uint8)


def dark() -> Luma:
    return CHANCE.integers(0, 38, SHAPE).astype(np.uint8)


def night_with_lamps() -> Luma:
    luma = black()
    luma[5:15, 10:30] = 240
    return luma


class Played:
    """A camera's health and a present that moves with each picture."""

    def __init__(self, fps: float = 5.0) -> None:
        self.now = NOON
        self.health = CameraHealth(fps, self.now)

    def show(self, pictures: list[Luma], every_s: float = 0.2) -> CameraState:
        for luma in pictures:
            self.now += timedelta(seconds=every_s)
            self.health.saw(luma, self.now)
        return self.state()

    def state(self) -> CameraState:
        return self.health.state(self.now)


def test_it_connects_then_delivers() -> None:
    camera = Played()
    assert camera.state() is CameraState.CONNECTING
    assert camera.show([daylight()]) is CameraState.OK
    assert camera.show([daylight() for _ in range(200)]) is CameraState.OK


def test_what_the_source_says_is_told() -> None:
    camera = Played()
    camera.show([daylight()])
    for tell, state in (
        (camera.health.disconnected, CameraState.DISCONNECTED),
        (camera.health.connecting, CameraState.CONNECTING),
        (camera.health.ended, CameraState.ENDED),
    ):
        tell(camera.now)
        assert camera.state() is state


def test_silence_is_a_lost_connection_from_its_limit_on() -> None:
    camera = Played()
    camera.show([daylight()])
    camera.now += SILENT_AFTER - timedelta(milliseconds=1)
    assert camera.state() is CameraState.OK
    camera.now += timedelta(milliseconds=1)
    assert camera.state() is CameraState.DISCONNECTED
    assert camera.health.good_for(camera.now) == timedelta(0)
    assert camera.show([daylight()]) is not CameraState.DISCONNECTED


def test_the_same_picture_is_frozen_after_a_while_and_a_new_one_thaws_it() -> None:
    camera, still = Played(), daylight()
    camera.show([still])
    steps = int(FROZEN_AFTER / timedelta(seconds=0.2))
    assert camera.show([still] * (steps - 1)) is CameraState.OK
    assert camera.show([still]) is CameraState.FROZEN
    assert camera.show([daylight()]) is CameraState.OK


def test_sensor_noise_is_life() -> None:
    camera, still = Played(), daylight()
    noisy = [np.clip(still + CHANCE.normal(0, 1, SHAPE), 0, 255).astype(np.uint8) for _ in range(100)]
    assert camera.show(noisy) is CameraState.OK


@pytest.mark.parametrize(("picture", "state"), [(black, CameraState.BLACK), (dark, CameraState.DARK)])
def test_black_and_dark_take_a_moment_and_end_at_once(picture: Callable[[], Luma], state: CameraState) -> None:
    camera = Played()
    camera.show([daylight()])
    steps = int(DARK_AFTER / timedelta(seconds=0.2))
    assert camera.show([picture() for _ in range(steps)]) is CameraState.OK
    assert camera.show([picture()]) is state
    assert camera.show([daylight()]) is CameraState.OK


def test_a_covered_lens_is_black_even_when_nothing_moves() -> None:
    assert Played().show([np.zeros(SHAPE, np.uint8)] * 100) is CameraState.BLACK


def test_lamps_at_night_are_enough_light() -> None:
    assert Played().show([night_with_lamps() for _ in range(60)]) is CameraState.OK


def test_less_than_half_the_rate_over_a_window_is_slow() -> None:
    assert Played(fps=5.0).show([daylight() for _ in range(60)], every_s=0.5) is CameraState.SLOW
    assert Played(fps=5.0).show([daylight() for _ in range(60)], every_s=0.35) is CameraState.OK
    assert Played(fps=0.2).show([daylight() for _ in range(20)], every_s=5.0) is CameraState.OK


def test_a_new_connection_is_given_a_window_before_it_is_slow() -> None:
    camera = Played(fps=5.0)
    assert camera.show([daylight() for _ in range(9)], every_s=1.0) is CameraState.OK
    assert camera.show([daylight() for _ in range(9)], every_s=1.0) is CameraState.SLOW
    camera.health.disconnected(camera.now)
    camera.health.connecting(camera.now)
    assert camera.show([daylight() for _ in range(5)], every_s=1.0) is CameraState.OK


def test_good_for_counts_from_the_first_picture_after_a_loss() -> None:
    camera = Played()
    camera.show([daylight() for _ in range(51)])
    assert camera.health.good_for(camera.now) == timedelta(seconds=10)
    camera.health.disconnected(camera.now)
    assert camera.health.good_for(camera.now) == timedelta(0)


def test_statistics_keep_three_numbers() -> None:
    statistics = PictureStatistics.of(np.full(SHAPE, 90, np.uint8))
    assert (statistics.mean, statistics.spread, statistics.bright_end) == (90.0, 0.0, 90.0)
