from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchbound.camera.synthetic.lens import Lens
from watchbound.camera.synthetic.people import all_people
from watchbound.camera.synthetic.schedule import plan_walks
from watchbound.camera.synthetic.spec import SiteSpec
from watchbound.camera.synthetic.view import sightings
from watchbound.camera.synthetic.walk import Walk
from watchbound.domain.errors import InvalidValue

PEOPLE = all_people()
LENS = Lens(1280, 720)


def site(seed: int, seconds: float, people: int) -> SiteSpec:
    return SiteSpec("gate", seed, seconds, people=PEOPLE[:people])


sites = st.builds(site, st.integers(0, 10_000), st.floats(15, 70), st.integers(1, 6))


def moments(walk: Walk) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.linspace(walk.start_s, walk.end_s, 60)


@settings(max_examples=8, deadline=None)
@given(sites)
def test_equal_specs_plan_equal_walks(spec: SiteSpec) -> None:
    assert plan_walks(spec) == plan_walks(spec)


@settings(max_examples=8, deadline=None)
@given(sites)
def test_everybody_passes_once_completely_and_nobody_sets_out_at_the_end(spec: SiteSpec) -> None:
    walks = plan_walks(spec)
    assert {walk.person for walk in walks if walk.start_s >= 0 and walk.end_s <= spec.seconds} == set(spec.people)
    assert max(walk.start_s for walk in walks) <= spec.seconds - 2


@settings(max_examples=8, deadline=None)
@given(sites)
def test_nobody_is_in_two_places_at_once(spec: SiteSpec) -> None:
    walks = plan_walks(spec)
    for person in spec.people:
        own = [walk for walk in walks if walk.person == person]
        assert all(later.start_s > earlier.end_s for earlier, later in pairwise(own))


@settings(max_examples=6, deadline=None)
@given(sites)
def test_walkers_only_come_nearer_and_leave_the_picture_in_the_end(spec: SiteSpec) -> None:
    for walk in plan_walks(spec):
        alone = [sightings([walk], float(second), LENS)[0] for second in moments(walk)[:-1]]
        sizes = [seen.placement.eye_distance for seen in alone]
        assert all(later > earlier for earlier, later in pairwise(sizes))
        assert 7 <= sizes[0] <= 10
        assert alone[0].visible == 1.0
        assert alone[-1].visible == 0.0
        largest_whole = max(seen.placement.eye_distance for seen in alone if seen.visible >= 0.9)
        assert 34 <= largest_whole <= 60


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 6))
def test_a_short_clip_shows_everybody_near_and_clear_for_long_enough(seed: int, people: int) -> None:
    spec = site(seed, 15, people)
    walks = plan_walks(spec)
    near: dict[str, float] = dict.fromkeys(spec.people, 0.0)
    clear = dict(near)
    for second in np.arange(0, spec.seconds, 0.1):
        for seen in sightings(walks, float(second), LENS):
            if seen.placement.eye_distance >= 20 and seen.placement.face_box().centre[1] < spec.height:
                near[seen.walk.person] += 0.1
                clear[seen.walk.person] += 0.1 * (seen.visible >= 0.7)
    assert min(near.values()) >= 2.9
    assert min(clear.values()) >= 1.5


def test_a_long_clip_stays_busy() -> None:
    walks = plan_walks(site(3, 60, 6))
    faces = [sum(s.visible > 0.5 for s in sightings(walks, float(t), LENS)) for t in np.arange(15, 58, 0.2)]
    assert 2.5 <= np.mean(faces) <= 4.5
    assert min(faces) >= 1


def test_whoever_walks_in_front_hides_whoever_is_behind() -> None:
    behind = plan_walks(site(1, 20, 1))[0]
    second = behind.start_s + 5
    alone = sightings([behind], second, LENS)[0]
    placement = alone.placement
    face = placement.face_box()
    grid = np.stack(np.meshgrid(face.x + face.width * np.linspace(0.2, 0.8, 5), [face.centre[1]]), axis=-1)
    assert placement.covers(grid.reshape(-1, 2)).all()
    assert not placement.covers(np.array([[face.x - 5 * face.width, face.centre[1]]])).any()


@pytest.mark.parametrize(("seconds", "people"), [(10.0, 1), (12.0, 5), (15.0, 10)])
def test_too_many_people_for_the_time_are_refused_with_what_to_do(seconds: float, people: int) -> None:
    with pytest.raises(InvalidValue, match="or more, or fewer people"):
        plan_walks(site(1, seconds, people))


def test_a_scene_may_be_empty() -> None:
    assert plan_walks(SiteSpec("gate", 1, 3)) == ()
