from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import simplejpeg
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.matching.scene import BLUE, EVERY_FRAME, GREEN, RED, START, Colour, Scene, enrolled, picture, walk
from watchbound.domain.face import Box, Detection
from watchbound.extraction.decode import Grey
from watchbound.extraction.track import Track
from watchbound.matching.attention import Attention, AttentionPolicy, Rest
from watchbound.pipeline import metric_names as names
from watchbound.pipeline.topics import FRAMES

POLICY = AttentionPolicy()
EMPTY = np.full((90, 160), 90, np.uint8)
Script = list[list[tuple[Detection, Colour]]]
NOBODY: Script = [[]]


def after(seconds: float) -> datetime:
    return datetime(2026, 11, 1, tzinfo=UTC) + timedelta(seconds=seconds)


def track(first_seen: float) -> Track:
    return Track("t", "gate", after(first_seen), after(first_seen), Box(0, 0, 10, 10))


def unasked() -> Grey:
    msg = "a frame was glanced at without need"
    raise AssertionError(msg)


def searched(tracks: list[Track], policy: AttentionPolicy = POLICY) -> Attention:
    attention = Attention(policy)
    attention.searched(after(0), tracks, EMPTY.copy)
    return attention


def test_the_first_frame_of_a_camera_is_searched() -> None:
    assert Attention(POLICY).rest(after(0), [], unasked) is None


def test_a_face_that_is_known_is_looked_at_again_after_a_third_of_a_second() -> None:
    attention = searched([track(-5)])
    assert attention.rest(after(0.2), [track(-5)], unasked) is Rest.SOON
    assert attention.rest(after(0.4), [track(-5)], unasked) is None


def test_while_a_face_is_new_every_frame_is_searched() -> None:
    attention = searched([track(-5), track(0)])
    assert attention.rest(after(0.2), [track(-5), track(0)], unasked) is None


def test_an_empty_scene_is_searched_when_something_moves_and_every_two_seconds() -> None:
    attention = searched([])
    assert attention.rest(after(0.4), [], EMPTY.copy) is Rest.STILL
    someone = EMPTY.copy()
    someone[20:40, 20:30] = 200
    assert attention.rest(after(0.6), [], unasked) is Rest.SOON
    assert attention.rest(after(0.8), [], someone.copy) is None
    assert attention.rest(after(2.0), [], unasked) is None


def test_a_scene_with_faces_in_it_is_never_taken_for_empty() -> None:
    assert searched([]).rest(after(0.6), [track(-5)], unasked) is None
    assert searched([track(-5)]).rest(after(0.6), [], unasked) is None


def test_zero_searches_every_frame_and_keeps_no_picture() -> None:
    attention = Attention(EVERY_FRAME)
    attention.searched(after(0), [], unasked)
    assert attention.rest(after(0.01), [track(-5)], unasked) is None


def test_the_picture_of_the_scene_is_overwritten() -> None:
    kept, looked_at = EMPTY.copy(), EMPTY.copy()
    attention = Attention(POLICY)
    attention.searched(after(0), [], lambda: kept)
    attention.rest(after(0.4), [], lambda: looked_at)
    assert kept.any()
    assert not looked_at.any()
    attention.forget()
    assert not kept.any()


@given(st.lists(st.sampled_from([0.04, 0.1, 0.2, 0.5]), min_size=1, max_size=40), st.booleans())
def test_no_camera_is_left_alone_for_longer_than_is_said(steps: list[float], followed: bool) -> None:
    tracks = [track(-5)] if followed else []
    attention, at, last = searched(tracks), 0.0, 0.0
    for step in steps:
        at += step
        if attention.rest(after(at), tracks, EMPTY.copy) is None:
            attention.searched(after(at), tracks, EMPTY.copy)
            last = at
        bound = POLICY.every if followed else POLICY.still_every + POLICY.every
        assert at - last < bound.total_seconds()


# --- in a worker ---------------------------------------------------------------------------------------------------


def listed(script: Script) -> Scene:
    scene = Scene(script, POLICY)
    scene.gallery.add([enrolled("red", RED)])
    scene.roster.apply(scene.officers.listing([enrolled("red", RED)], START))
    return scene


def frames(script: Script) -> list[bytes]:
    return [bytes(simplejpeg.encode_jpeg(picture(people), 95, "BGR", "444")) for people in script]


def play(scene: Scene, script: Script, batch: int) -> None:
    """Five frames a second; the detector answers by what is in the picture, not by how often it was asked."""
    answers = {jpeg: [face for face, _ in people] for jpeg, people in zip(frames(script), script, strict=True)}
    pictures = {
        simplejpeg.decode_jpeg(jpeg, "BGR", fastdct=True, fastupsample=True).tobytes(): jpeg for jpeg in answers
    }
    scene.detector.detect = lambda image: answers[pictures[image.tobytes()]]  # type: ignore[method-assign]
    for number, jpeg in enumerate(frames(script), start=1):
        scene.publish(scene.frame(jpeg))
        if number % batch == 0:
            scene.step()
        scene.clock.advance(0.2)
    scene.step()


def test_half_the_frames_of_a_known_passage_rest_and_every_frame_is_accounted_for() -> None:
    script = walk(BLUE, 20)
    scene = listed(script)
    play(scene, script, 1)
    rested = scene.metrics.total(names.FRAMES_RESTED, camera="gate", reason="soon")
    assert scene.metrics.total(names.FRAMES_PROCESSED) == 20
    assert scene.metrics.total(names.FACES_DETECTED) == 20 - rested
    assert rested == 9
    assert scene.metrics.total(names.TRACKS_OPENED) == 1


def test_nobody_in_view_and_nothing_moving_costs_a_search_in_two_seconds() -> None:
    script: Script = [*NOBODY * 20, *walk(RED, 2)]
    scene = listed(script)
    play(scene, script, 1)
    assert scene.metrics.total(names.FRAMES_RESTED, reason="still") == 8
    assert scene.metrics.total(names.FRAMES_RESTED, reason="soon") == 10
    assert len(scene.matches()) >= 1
    assert min(match.captured_at for match in scene.matches()) <= START + timedelta(seconds=20 * 0.2 + 0.2)


@pytest.mark.parametrize("other", [4, 7, 16])
def test_the_same_frames_in_other_batches_give_the_same_names(other: int) -> None:
    """What rests must not hang on what the watchlist answered, since a replay learns that at another frame."""
    away: Script = [*NOBODY * 9]
    first = [a + b for a, b in zip(walk(RED, 14), walk(GREEN, 14, start=330), strict=True)]
    script = [*NOBODY * 3, *first, *away, *walk(RED, 9, start=200)]

    def told(batch: int) -> tuple[set[str], set[str]]:
        scene = listed(script)
        play(scene, script, batch)
        firsts = {match.id for match in scene.matches() if match.index == 0}
        return {match.track_id for match in scene.matches()}, firsts

    assert told(other) == told(1)
    assert len(told(1)[0]) == 2


def test_a_successor_searches_the_same_frames_from_the_first_of_the_open_passage() -> None:
    script: Script = [*NOBODY * 3, *walk(RED, 12)]
    scene = listed(script)
    play(scene, script, 1)
    (source, offset), *_ = scene.worker.watermarks().items()
    before = {match.id for match in scene.matches() if match.index == 0}
    said = len(scene.matches())
    detect, successor = scene.detector.detect, scene.build([])
    scene.detector.detect = detect  # type: ignore[method-assign]
    records = [record for record in scene.broker.records(FRAMES.name) if record.source == source]
    successor.handle(records[offset:])
    assert {match.id for match in scene.matches()[said:] if match.index == 0} == before


def test_a_frame_that_rests_is_dead_lettered_all_the_same_when_it_is_no_picture() -> None:
    script = walk(BLUE, 8)
    scene = listed(script)
    play(scene, script, 1)
    scene.publish(scene.frame(frames(script)[-1]))
    scene.step()
    scene.clock.advance(0.1)
    scene.publish(scene.frame(b"not a picture at all"))
    scene.step()
    assert scene.dead_letters() == ["not_a_picture"]


def test_a_frame_that_cannot_be_searched_does_not_use_up_the_search() -> None:
    scene = listed(walk(RED, 1))
    good = frames(walk(RED, 1))[0]
    scene.publish(scene.frame(good[: len(good) // 2]))
    scene.step()
    scene.clock.advance(0.1)
    scene.publish(scene.frame(good))
    scene.step()
    assert scene.dead_letters() == ["undecodable"]
    assert len(scene.matches()) == 1


def test_an_empty_scenes_picture_goes_with_its_camera() -> None:
    scene = listed(NOBODY)
    play(scene, NOBODY, 1)
    (follower,) = scene.cameras
    kept = follower.attention._empty
    assert kept is not None
    assert kept.any()
    scene.clock.advance(6)
    scene.worker.handle([])
    assert not kept.any()
