from __future__ import annotations

from tests.unit.matching.scene import GREEN, Scene, walk
from watchbound.pipeline import metric_names as names


def test_a_silent_camera_ends_its_tracks() -> None:
    """A camera that fails never sends the frame that would say that a face has gone."""
    scene = Scene(walk(GREEN, 3))
    scene.play()
    (follower,) = scene.cameras
    (passage,) = follower.passages.values()
    template, picture = passage.evidence._sum, passage.evidence.best_context
    assert template is not None
    assert picture is not None
    assert template.any()
    assert scene.metrics.total(names.TRACKS_OPEN) == 1

    scene.clock.advance(5.7)
    scene.worker.handle([])
    assert follower.passages
    scene.clock.advance(0.2)
    scene.worker.handle([])
    assert not follower.passages
    assert scene.metrics.total(names.TRACKS_OPEN) == 0
    assert not template.any()
    assert not picture.any()


def test_a_passage_is_overwritten_when_its_camera_goes_to_another_worker() -> None:
    scene = Scene(walk(GREEN, 2))
    scene.play()
    (follower,) = scene.cameras
    (passage,) = follower.passages.values()
    template = passage.evidence._sum
    assert template is not None
    scene.worker.release(frozenset({follower.source}))
    assert not template.any()


def test_crops_go_with_their_batch() -> None:
    scene = Scene(walk(GREEN, 1))
    scene.play()
    (passage,) = next(iter(scene.cameras)).passages.values()
    assert passage.latest is not None
    assert not passage.latest.shot.crop.any()
    assert passage.latest.shot.context.any()


def test_the_detector_forgets_once_when_nothing_is_to_be_seen_any_more() -> None:
    scene = Scene(walk(GREEN, 1))
    scene.play()
    for _ in range(30):
        scene.clock.advance(0.5)
        scene.worker.handle([])
    assert scene.detector.forgotten == scene.embedder.forgotten == 1


def test_the_embedder_forgets_though_others_are_still_searched_for() -> None:
    """Where a camera is never still, the detector never rests; the last face must not wait for that."""
    scene = Scene([*walk(GREEN, 1), *[[] for _ in range(40)]])
    scene.play()
    assert scene.embedder.forgotten == 1
    assert scene.detector.forgotten == 0
