"""Fail closed, at the boundaries: without authority nothing leaves the camera, not even from its buffer."""

from datetime import timedelta

import numpy as np
import pytest

from tests.unit.camera.site_of_one import NOON, PlayedSource, SiteOfOne, authorisation, picture_of
from watchbound.camera.health import Luma
from watchbound.camera.sources.source import LazyPicture
from watchbound.domain.standing import Refusal
from watchbound.domain.written_authority import WrittenAuthority
from watchbound.pipeline import metric_names as names
from watchbound.ports import Image


def ten_seconds() -> PlayedSource:
    return PlayedSource([picture_of(n / 5) for n in range(50)])


def run(site: SiteOfOne) -> None:
    site.pace.on_wait = site.send_buffered
    site.runner.run()
    site.send_buffered()


def refusals(site: SiteOfOne) -> dict[str, float]:
    series = site.metrics.series(names.FRAMES_REFUSED)
    return {dict(labels)["reason"]: sum(samples) for labels, samples in series.items()}


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        (None, Refusal.NO_AUTHORISATION),
        (authorisation("south"), Refusal.CAMERA_NOT_COVERED),
        (
            authorisation("north", start=NOON + timedelta(hours=1), end=NOON + timedelta(hours=2)),
            Refusal.NOT_YET_STARTED,
        ),
        (authorisation("north", start=NOON - timedelta(hours=1), end=NOON), Refusal.ENDED),
        (authorisation("north", cancelled=True), Refusal.CANCELLED),
    ],
)
def test_nothing_is_published_without_authority(known: WrittenAuthority | None, reason: Refusal) -> None:
    site = SiteOfOne(ten_seconds())
    if known is not None:
        site.authority.apply(known)
    run(site)
    assert site.published() == []
    assert refusals(site) == {reason.value: 50}
    assert site.tallied()["refused"] == 50


def test_authority_that_was_never_confirmed_permits_nothing() -> None:
    site = SiteOfOne(ten_seconds())
    site.authority.apply(authorisation("north"))
    site.clock.set(NOON + timedelta(days=365 * 40))
    run(site)
    assert site.published() == []
    assert refusals(site) == {Refusal.AUTHORITY_UNKNOWN.value: 50}


def test_the_window_holds_its_start_and_not_its_end() -> None:
    site = SiteOfOne(ten_seconds())
    start, end = NOON + timedelta(seconds=2), NOON + timedelta(seconds=6)
    site.authority.apply(authorisation("north", start=start, end=end))
    run(site)
    times = [frame.captured_at for frame in site.published()]
    assert min(times) == start
    assert max(times) < end
    assert len(times) == 20 - 1  # the frame captured just before the end was sent after it
    assert refusals(site) == {Refusal.NOT_YET_STARTED.value: 10, Refusal.ENDED.value: 20 + 1}


def test_a_cancellation_between_capture_and_sending_stops_what_is_buffered() -> None:
    site = SiteOfOne(PlayedSource([picture_of(n / 5) for n in range(6)]))
    site.authority.apply(authorisation("north"))
    site.runner.run()
    assert len(site.buffers) == 6
    site.authority.apply(authorisation("north", cancelled=True))
    site.send_buffered()
    assert site.published() == []
    assert refusals(site) == {Refusal.CANCELLED.value: 6}


def test_an_end_between_capture_and_sending_stops_what_is_buffered() -> None:
    site = SiteOfOne(PlayedSource([picture_of(0.0)]))
    site.authority.apply(authorisation("north", end=NOON + timedelta(seconds=1)))
    site.runner.run()
    site.clock.advance(1.0)
    site.send_buffered()
    assert site.published() == []
    assert refusals(site) == {Refusal.ENDED.value: 1}


def test_a_frame_published_names_its_authority_its_time_and_its_place() -> None:
    site = SiteOfOne(ten_seconds())
    site.authority.apply(authorisation("north"))
    run(site)
    frames = site.published()
    assert [frame.sequence for frame in frames] == list(range(50))
    assert {frame.authorisation_id for frame in frames} == {"op-1"}
    assert frames[7].captured_at == NOON + timedelta(seconds=1.4)


def test_without_authority_no_picture_is_converted_or_kept() -> None:
    def nothing() -> Image:
        return np.zeros((48, 64, 3), np.uint8)

    class Untouchable(LazyPicture):
        def image(self) -> Image:
            pytest.fail("a picture was converted without authority")

        def luma(self) -> Luma:
            return np.full((36, 64), 90, np.uint8)

    site = SiteOfOne(PlayedSource([Untouchable(n / 5, nothing) for n in range(5)]))
    run(site)
    assert site.metrics.total(names.FRAMES_REFUSED) == 5
