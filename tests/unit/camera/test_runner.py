"""One camera's loop: pace, reconnection, damage, and an account that adds up."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
import simplejpeg
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.camera.site_of_one import NOON, PlayedSource, SiteOfOne, authorisation, picture_of
from watchbound.camera.backoff import FIRST_S, LONGEST_S
from watchbound.camera.health import CameraState
from watchbound.camera.runner import DAMAGED_IN_A_ROW, HOPELESS_S
from watchbound.camera.sources.source import LazyPicture, Picture
from watchbound.domain.errors import ConfigurationError, Poison, PoisonReason, Unavailable
from watchbound.pipeline import metric_names as names
from watchbound.ports import Image


def authorised(source: PlayedSource, fps: float = 5.0, buffer_frames: int = 8) -> SiteOfOne:
    site = SiteOfOne(source, fps, buffer_frames)
    site.authority.apply(authorisation("north"))
    return site


def run(site: SiteOfOne) -> None:
    site.pace.on_wait = site.send_buffered
    site.runner.run()
    site.send_buffered()


def damaged(due_s: float) -> LazyPicture:
    def fail() -> Image:
        raise Poison(PoisonReason.UNDECODABLE, "torn")

    return LazyPicture(due_s, fail)


def events(site: SiteOfOne) -> list[str]:
    return [event for event, _ in site.said]


def test_a_played_source_takes_its_own_time_and_ends() -> None:
    site = authorised(PlayedSource([picture_of(n / 10) for n in range(100)]))
    run(site)
    frames = site.published()
    assert len(frames) == 50
    assert frames[-1].captured_at == NOON + timedelta(seconds=9.8)
    assert site.runner.health.state(site.clock.now()) is CameraState.ENDED
    height, width, _, subsampling = simplejpeg.decode_jpeg_header(frames[0].jpeg)
    assert (width, height, subsampling) == (64, 48, "420")


def test_a_live_source_is_never_waited_for() -> None:
    site = authorised(PlayedSource([picture_of(n / 10) for n in range(3)], live=True))
    site.runner.run()
    assert site.pace.waits == []


def test_a_lost_source_is_opened_again_and_again_with_growing_waits() -> None:
    site = authorised(PlayedSource(*[[Unavailable("no route to host")]] * 12, [picture_of(0.0)]))
    run(site)
    assert site.metrics.total(names.CAMERA_RECONNECTS, camera="north") == 12
    assert all(wait <= min(FIRST_S * 2**n, LONGEST_S) for n, wait in enumerate(site.pace.waits))
    assert max(site.pace.waits) > FIRST_S
    assert events(site).count("camera lost") == 12
    assert site.said[0][1]["cause"] == "no route to host"
    assert len(site.published()) == 1


@pytest.mark.parametrize(
    ("opening", "cause"),
    [([Unavailable("a.mp4: no video")], "a.mp4: no video"), ([damaged(n / 5) for n in range(200)], "every one")],
)
def test_a_file_without_a_picture_ends_its_camera_and_is_not_tried_again(
    opening: list[Picture | Exception], cause: str
) -> None:
    site = authorised(PlayedSource(opening, heals=False))
    with pytest.raises(ConfigurationError, match=f"camera north: expected pictures, got none: {cause}"):
        run(site)
    assert site.metrics.total(names.CAMERA_RECONNECTS) == 0
    assert site.runner.health.state(site.clock.now()) is CameraState.DISCONNECTED


def test_a_file_that_breaks_off_is_played_as_far_as_it_goes_and_not_again() -> None:
    site = authorised(PlayedSource([picture_of(0.0), picture_of(0.2), Unavailable("torn off")], heals=False))
    run(site)
    assert len(site.published()) == 2
    assert ("camera cut short", {"camera": "north", "cause": "torn off"}) in site.said
    assert site.runner.health.state(site.clock.now()) is CameraState.ENDED


def test_a_file_is_played_on_beyond_a_long_damage() -> None:
    broken = [damaged(n / 5) for n in range(DAMAGED_IN_A_ROW + 5)]
    site = authorised(PlayedSource([*broken, picture_of(len(broken) / 5)], heals=False))
    run(site)
    assert len(site.published()) == 1


def test_a_good_stretch_forgives_and_a_short_one_does_not() -> None:
    lost: list[Picture | Exception] = [Unavailable("gone")]
    short = [picture_of(n / 5) for n in range(10)]
    long = [picture_of(n / 5) for n in range(60)]
    site = authorised(PlayedSource(*[[*short, *lost]] * 10, [*long, *lost], [picture_of(0.0)]))
    reconnections: list[float] = []
    wait = site.pace.wait

    def noted(seconds: float) -> bool:
        if site.runner.health.state(site.clock.now()) is CameraState.DISCONNECTED:
            reconnections.append(seconds)
        return wait(seconds)

    site.pace.wait = noted  # type: ignore[method-assign]
    run(site)
    assert len(reconnections) == 11
    assert max(reconnections[5:10]) > 2 * FIRST_S
    assert reconnections[10] <= FIRST_S


def test_stopping_ends_a_wait_for_reconnection() -> None:
    site = authorised(PlayedSource([Unavailable("gone")]))
    site.pace.on_wait = lambda: setattr(site.pace, "stop", True)
    site.runner.run()
    assert site.metrics.total(names.CAMERA_RECONNECTS) == 0
    assert site.runner.health.state(site.clock.now()) is CameraState.DISCONNECTED


def test_a_stopped_camera_has_not_ended() -> None:
    site = authorised(PlayedSource([picture_of(n / 5) for n in range(50)]))
    site.pace.on_wait = lambda: setattr(site.pace, "stop", True)
    site.runner.run()
    assert site.runner.health.state(site.clock.now()) is CameraState.OK
    assert len(site.buffers) == 1


def test_a_damaged_picture_costs_itself_only() -> None:
    pictures = [damaged(n / 5) if n % 3 == 1 else picture_of(n / 5) for n in range(30)]
    site = authorised(PlayedSource(pictures))
    run(site)
    assert len(site.published()) == 20
    assert [frame.sequence for frame in site.published()] == list(range(20))
    assert "picture damaged" in events(site)


def test_nothing_but_damage_is_a_broken_connection() -> None:
    broken = [damaged(n / 5) for n in range(DAMAGED_IN_A_ROW + 5)]
    site = authorised(PlayedSource(broken, [picture_of(0.0)]))
    run(site)
    assert site.metrics.total(names.CAMERA_RECONNECTS) == 1
    assert len(site.published()) == 1


class SlowToDecode(PlayedSource):
    """Takes its time over some pictures."""

    def __init__(self, pictures: Sequence[Picture], delays: dict[int, float]) -> None:
        super().__init__(pictures)
        self.site: SiteOfOne | None = None
        self.delays = delays

    def pictures(self):  # type: ignore[no-untyped-def]  # noqa: ANN201
        for n, picture in enumerate(super().pictures()):
            assert self.site is not None
            self.site.clock.advance(self.delays.get(n, 0.0))
            yield picture


def test_late_pictures_are_shed_until_the_source_has_caught_up() -> None:
    source = SlowToDecode([picture_of(n / 5) for n in range(20)], {5: 1.6})
    source.site = site = authorised(source)
    run(site)
    sequences = [frame.sequence for frame in site.published()]
    shed = site.metrics.total(names.FRAMES_SHED, reason="late")
    assert shed == 5
    assert sequences == [0, 1, 2, 3, 4, *range(10, 20)]


def test_a_hopelessly_late_source_is_played_on_from_where_it_is() -> None:
    source = SlowToDecode([picture_of(n / 5) for n in range(20)], {5: HOPELESS_S + 60.0})
    source.site = site = authorised(source)
    run(site)
    assert len(site.published()) == 20
    assert "camera plays late" in events(site)


@given(
    st.lists(
        st.sampled_from(["send", "broker down", "broker up", "deaf", "hears", "cancel", "nothing", "nothing"]),
        max_size=60,
    ),
    st.integers(1, 5),
)
@settings(max_examples=60, deadline=None)
def test_every_captured_frame_is_accounted_for(acts: list[str], buffer_frames: int) -> None:
    site = authorised(PlayedSource([picture_of(n / 5) for n in range(len(acts) + 1)]), buffer_frames=buffer_frames)
    todo = iter(acts)

    def act() -> None:
        match next(todo, "nothing"):
            case "send":
                site.send_buffered()
            case "broker down" | "broker up" as which:
                site.broker.down = which == "broker down"
            case "deaf" | "hears" as which:
                site.broker.acknowledging = which == "hears"
            case "cancel":
                site.authority.apply(authorisation("north", cancelled=True))
            case _:
                pass
        counted = site.counted()
        assert counted["captured"] == sum(counted.values()) - counted["captured"]

    site.pace.on_wait = act
    site.runner.run()
    site.send_buffered()
    site.broker.down = False
    counted = site.counted()
    assert counted["held"] == 0
    assert counted["captured"] == len(acts) + 1
    assert counted["published"] == len(site.published())
    assert site.tallied() == {name: counted[name] for name in ("published", "shed", "refused")}


def test_back_pressure_sheds_the_oldest_and_says_so() -> None:
    site = authorised(PlayedSource([picture_of(n / 5) for n in range(10)]), buffer_frames=3)
    site.runner.run()
    assert site.metrics.total(names.FRAMES_SHED, camera="north", reason="backpressure") == 7
    site.send_buffered()
    assert [frame.sequence for frame in site.published()] == [7, 8, 9]


@pytest.mark.parametrize("fault", ["down", "deaf"])
def test_an_absent_broker_costs_frames_and_nothing_else(fault: str) -> None:
    site = authorised(PlayedSource([picture_of(n / 5) for n in range(20)]))
    if fault == "down":
        site.broker.down = True
    else:
        site.broker.acknowledging = False
    waits = 0

    def mend() -> None:
        nonlocal waits
        waits += 1
        site.send_buffered()
        if waits == 10:
            site.broker.down, site.broker.acknowledging = False, True

    site.pace.on_wait = mend
    site.runner.run()
    site.send_buffered()
    assert len(site.published()) == 10
    assert site.metrics.total(names.FRAMES_SHED) == 10
    assert site.publisher.ready() is None
