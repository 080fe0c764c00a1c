from __future__ import annotations

import gc
import threading
import weakref
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
import simplejpeg
from numpy.typing import NDArray

from tests.unit.extraction.faces import face_at
from tests.unit.matching.scene import BLUE, GREEN, OFFICE, RED, START, TERMS, Scene, enrolled, picture, walk
from watchbound.domain.act import ActKind
from watchbound.domain.errors import Unavailable
from watchbound.domain.sealing import Purpose
from watchbound.domain.watchlist import Category, EntryRemoved
from watchbound.extraction.align import ARCFACE_POINTS, STANDARD, CropTemplate
from watchbound.extraction.shots import Shot, TrackEvidence
from watchbound.matching.search import Stopped
from watchbound.pipeline import metric_names as names
from watchbound.pipeline.authority import AuthorityView
from watchbound.pipeline.runner import Runner, RunnerPolicy
from watchbound.pipeline.sealing import open_crop, seal_frame
from watchbound.pipeline.topics import FRAMES, MATCHES
from watchbound.testing.eyes import FAKE_DIGEST


def listed(scene: Scene) -> Scene:
    scene.gallery.add([enrolled("red", RED)])
    scene.roster.apply(scene.officers.listing([enrolled("red", RED)], START))
    return scene


def test_a_listed_person_is_announced_and_an_unlisted_one_leaves_nothing() -> None:
    two = [a + b for a, b in zip(walk(RED, 8), walk(BLUE, 8, start=300), strict=True)]
    scene = listed(Scene(two))
    scene.play()
    matches = scene.matches()
    assert {match.entry.reference for match in matches} == {"red"}
    assert all(match.score >= 0.9 and match.threshold == 0.9 for match in matches)
    assert len({match.track_id for match in matches}) == 1
    assert simplejpeg.decode_jpeg(open_crop(scene.ring, matches[0])).size > 0
    assert scene.metrics.total(names.TRACKS_OPENED, camera="gate") == 2


def test_the_first_match_does_not_wait_for_a_better_shot() -> None:
    scene = listed(Scene(walk(RED, 1)))
    scene.play()
    assert len(scene.matches()) == 1


def test_a_passage_costs_a_few_embeddings_not_one_a_frame() -> None:
    scene = listed(Scene(walk(BLUE, 20, size=60)))
    scene.play()
    assert sum(scene.embedder.calls) <= 4


def test_what_happens_again_has_the_same_ids() -> None:
    def ids() -> list[str]:
        scene = listed(Scene(walk(RED, 10)))
        scene.play()
        return [match.id for match in scene.matches()]

    assert ids() == ids()


def test_a_track_that_jumps_to_another_person_does_not_take_its_identity_along() -> None:
    script = walk(RED, 6) + walk(GREEN, 6, start=120 + 20 * 6)
    scene = listed(Scene(script))
    scene.play()
    assert scene.metrics.total(names.TRACKS_SPLIT) == 1
    last = max(match.captured_at for match in scene.matches())
    assert last < START + timedelta(seconds=6 / 5)


@pytest.mark.parametrize("camera", ["gate", "elsewhere"])
@pytest.mark.parametrize("seconds", [-1.0, 0.0, 3599.8, 3600.0])
def test_nothing_matches_outside_the_authority(camera: str, seconds: float) -> None:
    scene = listed(Scene(walk(RED, 1)))
    scene.clock.set(START + timedelta(seconds=seconds))
    scene.authority.confirm()
    scene.play(camera=camera)
    permitted = camera == "gate" and 0 <= seconds < 3600
    assert bool(scene.matches()) is permitted
    assert scene.metrics.total(names.FRAMES_REFUSED) == (0 if permitted else 1)
    assert scene.metrics.total(names.FRAMES_PROCESSED) == (1 if permitted else 0)


def test_nothing_matches_once_cancelled_or_unknown_or_stale() -> None:
    for change in ("cancelled", "unknown", "stale"):
        scene = listed(Scene(walk(RED, 3)))
        if change == "cancelled":
            scene.authority.apply(OFFICE.cancelled(TERMS))
        elif change == "unknown":
            scene.authority.forget("op-1")
        else:
            scene.clock.advance(3600)
        scene.play()
        assert scene.matches() == []
        assert scene.metrics.total(names.FRAMES_REFUSED) == 3


def searches(scene: Scene) -> list[int]:
    """From now on, how many probes each question to the gallery holds, whether it is answered or not."""
    asked: list[int] = []
    search = scene.gallery.search

    def counted(*args: Any) -> Any:
        asked.append(len(args[1]))
        return search(*args)

    scene.gallery.search = counted  # type: ignore[assignment]
    return asked


def paused(scene: Scene) -> None:
    """What an officer's pause tells the worker."""
    scene.authority.apply(OFFICE.with_act(OFFICE.active(TERMS), ActKind.PAUSE, OFFICE.officer, scene.clock.now()))


def test_nobody_in_view_is_compared_after_a_pause_though_the_list_grows() -> None:
    scene = Scene(walk(RED, 3))
    scene.play()
    assert scene.cameras.passages()
    paused(scene)
    asked = searches(scene)
    scene.gallery.add([enrolled("red", RED)])
    scene.tell(scene.officers.added([enrolled("red", RED)], scene.clock.now()))
    scene.worker.handle([])
    assert asked == []


def test_a_search_that_waits_is_not_made_once_its_authority_is_paused() -> None:
    scene = listed(Scene(walk(RED, 1)))
    asked = searches(scene)
    scene.gallery.down = True

    def pause_and_mend() -> None:
        paused(scene)
        asked.append(-1)
        scene.gallery.down = False

    timer = threading.Timer(0.3, pause_and_mend)
    timer.start()
    scene.play()
    timer.join()
    assert asked[-1] == -1, "nothing was asked after the pause"
    assert len(asked) > 1
    assert scene.matches() == []


def test_authority_that_ends_while_the_search_waits_announces_nothing() -> None:
    scene = listed(Scene(walk(RED, 1)))
    search = scene.gallery.search

    def cancelling(*args: object) -> object:
        scene.authority.apply(OFFICE.cancelled(TERMS))
        return search(*args)  # type: ignore[arg-type]

    scene.gallery.search = cancelling  # type: ignore[method-assign,assignment]
    scene.play()
    assert scene.matches() == []


def test_bad_frames_are_dead_lettered_with_their_reason_and_their_neighbours_match() -> None:
    scene = listed(Scene(walk(RED, 1)))
    good = bytes(simplejpeg.encode_jpeg(picture(walk(RED, 1)[0]), 95, "BGR", "444"))
    producer = scene.broker.producer()
    scene.publish(scene.frame(b""))
    scene.publish(scene.frame(b"not a picture at all"))
    scene.publish(scene.frame(good[: len(good) // 2]))
    scene.publish(scene.frame(good, ahead_s=30))
    scene.publish(scene.frame(good), key="door")
    producer.send(FRAMES.name, "gate", b"\xff\xff\xff").wait(1)
    scene.clock.advance(0.1)
    scene.publish(scene.frame(good))
    assert scene.step() == 7
    assert sorted(scene.dead_letters()) == sorted(
        ["empty", "not_a_picture", "undecodable", "from_the_future", "wrong_key", "bad_protobuf"]
    )
    assert len(scene.matches()) == 1
    assert scene.metrics.total(names.FRAMES_PROCESSED) == 1


def standing(colour: tuple[int, int, int]) -> bytes:
    return bytes(simplejpeg.encode_jpeg(picture(walk(colour, 1)[0]), 95, "BGR", "444"))


def test_an_altered_frame_is_dead_lettered_unsealable_and_its_neighbours_match() -> None:
    scene = listed(Scene(walk(RED, 1)))
    frame = seal_frame(scene.ring, scene.frame(standing(RED)))
    scene.publish_sealed(replace(frame, sealed=frame.sealed[:-1] + bytes([frame.sealed[-1] ^ 1])))
    scene.publish_sealed(replace(frame, sequence=frame.sequence + 1))
    scene.publish_sealed(frame)
    scene.step()
    assert scene.dead_letters() == ["unsealable", "unsealable"]
    assert len(scene.matches()) == 1


def test_a_frame_whose_key_was_destroyed_is_a_counted_refusal() -> None:
    scene = listed(Scene(walk(RED, 1)))
    scene.publish(scene.frame(standing(RED)))
    scene.ring.destroy("op-1", Purpose.FRAMES)
    scene.step()
    assert scene.metrics.total(names.FRAMES_REFUSED, camera="gate", reason="key_destroyed") == 1
    assert scene.dead_letters() == []
    assert scene.matches() == []


def test_who_has_no_authority_has_nothing_opened() -> None:
    scene = listed(Scene(walk(RED, 1)))
    scene.publish(scene.frame(standing(RED)))
    scene.ring.down = True
    scene.authority.apply(OFFICE.cancelled(TERMS))
    scene.step()
    assert scene.metrics.total(names.FRAMES_REFUSED, reason="cancelled") == 1


def test_while_the_key_ring_is_away_frames_are_held() -> None:
    scene = listed(Scene(walk(RED, 1)))
    scene.publish(scene.frame(standing(RED)))
    scene.ring.down = True
    with pytest.raises(Unavailable):
        scene.step()
    assert scene.worker.watermarks() == {}


def test_a_match_whose_crop_cannot_be_sealed_is_not_published() -> None:
    scene = listed(Scene(walk(RED, 1)))
    scene.ring.destroy("op-1", Purpose.ALERTS)
    scene.play()
    assert scene.matches() == []
    assert scene.metrics.total(names.MATCHES_UNSEALABLE, camera="gate") == 1


def test_old_and_repeated_frames_are_shed_and_counted() -> None:
    scene = listed(Scene(walk(RED, 2)))
    good = bytes(simplejpeg.encode_jpeg(picture(walk(RED, 1)[0]), 95, "BGR", "444"))
    old = scene.frame(good)
    scene.clock.advance(6)
    fresh = scene.frame(good)
    for frame in (old, fresh, fresh):
        scene.publish(frame)
    scene.step()
    assert scene.metrics.total(names.FRAMES_SHED, reason="stale") == 1
    assert scene.metrics.total(names.FRAMES_SHED, reason="out_of_order") == 1
    assert scene.metrics.total(names.FRAMES_PROCESSED) == 1


def test_every_frame_ends_somewhere_and_the_tallies_say_where() -> None:
    scene = listed(Scene(walk(RED, 4)))
    scene.play()
    scene.publish(scene.frame(b""))
    scene.publish(scene.frame(b"x", camera="elsewhere"))
    scene.step()
    totals = {name: 0 for name in ("processed", "shed", "refused", "dead_lettered")}
    for tally in scene.tallies.drain():
        for name in totals:
            totals[name] += tally.counts()[name]
    assert totals == {"processed": 4, "shed": 0, "refused": 1, "dead_lettered": 1}


def test_a_passage_counts_as_compared_once_and_a_face_too_small_for_a_template_never() -> None:
    scene = listed(Scene(walk(RED, 6)))
    scene.play()
    (tally,) = scene.tallies.drain()
    assert (tally.tracks, tally.compared) == (1, 1)
    assert tally.faces == 6
    small = listed(Scene([[(face_at(200, 180, 24), RED)]]))
    small.play()
    (tally,) = small.tallies.drain()
    assert (tally.tracks, tally.compared) == (1, 0)


def test_offsets_wait_for_the_oldest_open_passage_and_move_on_when_it_ends() -> None:
    nobody: list[list[object]] = [[] for _ in range(8)]
    scene = listed(Scene([*nobody[:2], *walk(RED, 3), *nobody]))  # type: ignore[list-item]
    held = []
    for people in scene.script:
        scene.publish(scene.frame(bytes(simplejpeg.encode_jpeg(picture(people), 95, "BGR", "444"))))
        scene.step()
        scene.clock.advance(0.2)
        held.append(next(iter(scene.worker.watermarks().values())))
    assert held[:5] == [1, 2, 2, 2, 2]
    assert held[-1] == len(scene.script)
    assert held == sorted(held)


def test_a_successor_that_replays_from_the_watermark_says_the_same() -> None:
    """A worker dies in the middle of a passage; what it had announced is announced again under the same ids."""
    script = walk(RED, 10)
    scene = listed(Scene(script))
    scene.play()
    before = {match.id for match in scene.matches()}
    (source, offset), *_ = scene.worker.watermarks().items()
    successor = scene.build(script[offset:])
    scene.clock.set(START + timedelta(seconds=2))
    records = [record for record in scene.broker.records(FRAMES.name) if record.source == source]
    successor.handle(records[offset:])
    assert offset == 0
    again = {match.id for match in scene.matches()[len(before) :]}
    assert min(match.index for match in scene.matches()[len(before) :]) == 0
    assert again & before


@pytest.mark.parametrize("bad", [np.nan, 0.0, 7.0])
def test_a_template_that_is_none_is_counted_and_its_neighbours_match(bad: float) -> None:
    two = [a + b for a, b in zip(walk(GREEN, 1), walk(RED, 1, start=420), strict=True)]
    scene = listed(Scene(two))
    embed = scene.embedder.embed

    def broken(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        templates = embed(crops)
        templates[0] = bad
        return templates

    scene.embedder.embed = broken  # type: ignore[method-assign]
    scene.play()
    assert scene.metrics.total(names.FACES_SKIPPED, reason="no_template") == 1
    assert [match.entry.reference for match in scene.matches()] == ["red"]


def test_an_unreachable_gallery_holds_the_worker_and_is_never_no_match() -> None:
    scene = listed(Scene(walk(RED, 1)))
    scene.gallery.down = True
    timer = threading.Timer(0.3, lambda: setattr(scene.gallery, "down", False))
    timer.start()
    scene.play()
    timer.join()
    assert len(scene.matches()) == 1


def test_what_piles_up_behind_a_held_worker_is_seen() -> None:
    scene = listed(Scene(walk(RED, 1)))
    scene.gallery.down = True
    runner = Runner(scene.consumer, scene.worker, scene.metrics, RunnerPolicy(max_records=1, lag_interval_s=0.0))
    jpeg = bytes(simplejpeg.encode_jpeg(picture(scene.script[0]), 95, "BGR", "444"))
    lags: list[float] = []

    def while_waiting() -> None:
        for _ in range(15):
            scene.publish(scene.frame(jpeg))
        runner.show_lag()
        lags.append(scene.metrics.total(names.CONSUMER_LAG))
        scene.gallery.down = len(lags) < 2

    scene.while_waiting = while_waiting
    scene.publish(scene.frame(jpeg))
    assert runner.step() == 1
    assert lags == [15, 30]
    assert len(scene.matches()) == 1


def test_a_worker_matches_nothing_that_cannot_be_recorded_and_goes_on_by_itself() -> None:
    scene = listed(Scene(walk(RED, 1)))
    scene.audit.broken = True
    seen: list[tuple[str | None, int, int]] = []

    def mend() -> None:
        searches = int(scene.metrics.total(names.SEARCH_SECONDS))
        seen.append((scene.complaint(), searches, len(scene.worker.watermarks())))
        scene.audit.broken = False

    timer = threading.Timer(0.3, mend)
    timer.start()
    scene.play()
    timer.join()
    assert seen == [("nothing is compared unrecorded: the audit log does not answer", 0, 0)]
    assert len(scene.matches()) == 1
    assert scene.complaint() is None
    (event,) = scene.audit.events
    assert (event.act, event.authorisation_id) == ("matching.searched", "op-1")
    assert dict(event.facts)["threshold"] == "0.9000"


def test_how_often_was_searched_is_recorded_when_the_span_is_over() -> None:
    scene = listed(Scene(walk(RED, 3)))
    scene.play()
    scene.clock.advance(60)
    scene.step()
    told = [dict(event.facts).get("searches") for event in scene.audit.events]
    assert told == [None, str(int(scene.metrics.total(names.SEARCH_SECONDS)))]


def test_a_worker_that_is_stopped_while_it_waits_commits_nothing() -> None:
    scene = listed(Scene(walk(RED, 1)))
    scene.gallery.down = True
    threading.Timer(0.2, scene.stop.set).start()
    with pytest.raises(Stopped):
        scene.play()
    assert scene.worker.watermarks() == {}


def test_an_authorisation_without_anybody_enrolled_matches_nobody_and_holds_nothing_up() -> None:
    scene = Scene(walk(RED, 2))
    scene.gallery.drop("op-1")
    scene.play()
    assert scene.matches() == []
    assert scene.metrics.total(names.FRAMES_PROCESSED) == 2


def test_a_missing_collection_of_people_who_were_enrolled_is_waited_for_not_answered() -> None:
    scene = Scene(walk(RED, 1))
    change = scene.officers.added([enrolled("blue", BLUE)], START)
    scene.tell(change)
    scene.gallery.drop("op-1")
    threading.Timer(0.2, scene.stop.set).start()
    with pytest.raises(Stopped):
        scene.play()


def test_an_emptied_collection_is_waited_for_and_what_it_was_asked_is_asked_again() -> None:
    scene = listed(Scene(walk(RED, 1)))
    scene.gallery.drop("op-1")
    scene.gallery.create("op-1", FAKE_DIGEST, 3)
    seen: list[str | None] = []

    def restore() -> None:
        seen.append(scene.complaint())
        scene.gallery.add([enrolled("red", RED)])

    timer = threading.Timer(0.3, restore)
    timer.start()
    scene.play()
    timer.join()
    assert "answers with 0 entries where 1 are listed" in (seen[0] or "")
    assert len(scene.matches()) == 1


def test_whoever_was_added_a_moment_ago_need_not_be_in_the_collection_yet() -> None:
    scene = Scene(walk(RED, 1))
    scene.tell(scene.officers.added([enrolled("red", RED)], START))
    scene.play()
    assert len(scene.matches()) == 1


def test_an_unacknowledged_match_is_not_taken_for_sent() -> None:
    scene = listed(Scene(walk(RED, 1)))
    jpeg = bytes(simplejpeg.encode_jpeg(picture(scene.script[0]), 95, "BGR", "444"))
    scene.publish(scene.frame(jpeg))
    scene.broker.acknowledging = False
    with pytest.raises(Unavailable):
        scene.step()
    assert scene.worker.watermarks() == {}
    assert scene.metrics.total(names.MATCHES_PUBLISHED) == 0


def test_a_match_counts_as_published_once_the_broker_holds_it() -> None:
    scene = listed(Scene(walk(RED, 1)))
    scene.play()
    assert scene.metrics.total(names.MATCHES_PUBLISHED, camera="gate") == len(scene.matches()) == 1


def test_an_entry_added_or_removed_a_moment_ago_counts_at_once() -> None:
    scene = Scene(walk(RED, 1))
    change = scene.officers.added([enrolled("red", RED)], START)
    scene.tell(change)
    scene.play()
    assert len(scene.matches()) == 1

    scene = listed(Scene(walk(RED, 1)))
    scene.tell(EntryRemoved("op-1", "red", START))
    scene.play()
    assert scene.matches() == []


def test_an_entry_that_somebody_only_wrote_into_the_gallery_matches_nobody() -> None:
    scene = Scene(walk(RED, 3))
    scene.gallery.add([enrolled("red", RED)])
    scene.play()
    assert scene.matches() == []


def test_an_entry_that_expired_matches_nobody() -> None:
    scene = Scene(walk(RED, 3))
    scene.gallery.add([enrolled("red", RED)])
    scene.roster.apply(scene.officers.listing([enrolled("red", RED)], START - timedelta(hours=1), START))
    scene.play()
    assert scene.matches() == []


def test_somebody_in_view_who_is_enrolled_now_is_found_without_another_shot() -> None:
    scene = Scene(walk(RED, 12))
    scene.play()
    assert scene.matches() == []
    shots = sum(scene.embedder.calls)
    change = scene.officers.added([enrolled("red", RED)], scene.clock.now())
    scene.tell(change)
    scene.worker.handle([])
    assert [match.entry.reference for match in scene.matches()] == ["red"]
    assert sum(scene.embedder.calls) == shots
    scene.worker.handle([])
    assert len(scene.matches()) == 1


def test_who_does_not_match_is_forgotten_the_moment_the_track_ends() -> None:
    """By reference counting alone: what waits for the garbage collector is still there."""
    scene = listed(Scene([*walk(BLUE, 6), *[[] for _ in range(8)]]))
    held: list[weakref.ref[object]] = []
    fuse = TrackEvidence.fuse

    def noting(evidence: TrackEvidence, shot: Shot, template: NDArray[np.float32]) -> None:
        held.extend([weakref.ref(template.base if template.base is not None else template), weakref.ref(shot.crop)])
        fuse(evidence, shot, template)

    gc.collect()
    gc.disable()
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(TrackEvidence, "fuse", noting)
            scene.play()
        assert held
        assert [reference() for reference in held if reference() is not None] == []
    finally:
        gc.enable()


def test_a_released_partition_takes_its_tracks_along() -> None:
    scene = listed(Scene(walk(RED, 3)))
    scene.play()
    partitions = frozenset(scene.worker.watermarks())
    scene.worker.release(partitions)
    assert scene.worker.watermarks() == {}


def test_the_embedder_gets_crops_of_its_own_size_and_shots_are_worth_the_same_with_every_pack() -> None:
    large = CropTemplate.of([(2 * x, 2 * y) for x, y in ARCFACE_POINTS], (224, 240))
    scenes = [listed(Scene(walk(RED, 6), template=template)) for template in (STANDARD, large)]
    for scene in scenes:
        scene.play()
    assert [scene.embedder.crop_shape for scene in scenes] == [(112, 112, 3), (240, 224, 3)]
    assert scenes[0].embedder.calls == scenes[1].embedder.calls
    assert [len(scene.matches()) for scene in scenes] == [1, 1]


def test_faces_too_small_to_use_are_counted_and_not_embedded() -> None:
    scene = listed(Scene([[(face_at(200, 180, 24), RED)]]))
    scene.play()
    assert scene.embedder.calls == []
    assert scene.metrics.total(names.FACES_SKIPPED, reason="too_small") == 1
    assert scene.broker.records(MATCHES.name) == []


@pytest.mark.parametrize(
    ("changed", "expected"),
    [({}, 1), ({"categories": frozenset({Category.WANTED_BY_COURT})}, 0), ({"min_eye_distance": 500.0}, 0)],
)
def test_nobody_is_matched_whom_the_terms_do_not_permit(changed: dict[str, Any], expected: int) -> None:
    scene = listed(Scene(walk(RED, 6)))
    scene.authority = AuthorityView(scene.clock, max_age_s=3600, trust=OFFICE.trust)
    scene.authority.apply(OFFICE.active(replace(TERMS, **changed)))
    scene.authority.confirm()
    scene.worker = scene.build(scene.script)
    scene.play()
    assert bool(scene.matches()) == bool(expected)
