from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.extraction.faces import face_at
from watchbound.extraction.track import Tracker

START = datetime(2026, 11, 1, 12, tzinfo=UTC)


def at(frame: int, fps: float = 5.0) -> datetime:
    return START + timedelta(seconds=frame / fps)


def test_a_walking_face_is_one_track_although_its_boxes_do_not_overlap() -> None:
    tracker = Tracker("gate")
    ids = set()
    for frame in range(20):
        update = tracker.update([face_at(100 + 45 * frame, 300, 40 + frame)], at(frame))
        ids.add(update.seen[0][0].id)
    assert len(ids) == 1


def test_two_people_who_walk_side_by_side_stay_apart() -> None:
    tracker = Tracker("gate")
    for frame in range(15):
        left, right = face_at(100 + 20 * frame, 300, 50), face_at(180 + 20 * frame, 310, 50)
        faces = [left, right] if frame % 2 else [right, left]
        seen = {tuple(d.box.centre): t.id for t, d in tracker.update(faces, at(frame)).seen}
        current = seen[left.box.centre], seen[right.box.centre]
        if frame == 0:
            first = current
    assert current == first
    assert first[0] != first[1]


def test_a_short_occlusion_is_bridged_and_a_long_one_is_not() -> None:
    tracker = Tracker("gate")
    for frame in range(4):
        track = tracker.update([face_at(100 + 20 * frame, 300)], at(frame)).seen[0][0]
    for frame in range(4, 7):
        assert not tracker.update([], at(frame)).closed
    assert tracker.update([face_at(100 + 20 * 7, 300)], at(7)).seen[0][0] is track
    for frame in range(8, 14):
        tracker.update([], at(frame))
    assert not tracker.tracks
    assert tracker.update([face_at(100 + 20 * 14, 300)], at(14)).seen[0][0].id != track.id


def test_a_face_elsewhere_or_of_another_size_is_another_person() -> None:
    for other in (face_at(600, 300, 60), face_at(105, 300, 140)):
        tracker = Tracker("gate")
        first = tracker.update([face_at(100, 300, 60)], at(0)).seen[0][0]
        update = tracker.update([other], at(1))
        assert update.opened == 1
        assert update.seen[0][0].id != first.id


def test_a_split_track_begins_anew_where_it_stood() -> None:
    tracker = Tracker("gate")
    face = face_at(100, 300)
    track = tracker.update([face], at(0)).seen[0][0]
    successor = tracker.split(track, face, at(0))
    assert successor.id != track.id
    assert tracker.tracks == [successor]


walks = st.lists(
    st.lists(st.tuples(st.integers(0, 1200), st.integers(0, 700), st.integers(20, 120)), max_size=5), max_size=15
)


@given(walks)
def test_whatever_comes_ids_are_deterministic_and_each_face_has_its_own_track(
    frames: list[list[tuple[int, int, int]]],
) -> None:
    def ids() -> list[list[str]]:
        tracker = Tracker("gate")
        result = []
        for number, faces in enumerate(frames):
            update = tracker.update([face_at(x, y, size) for x, y, size in faces], at(number))
            result.append([track.id for track, _ in update.seen])
            open_tracks = [id(track) for track in tracker.tracks]
            assert len({id(track) for track, _ in update.seen}) == len(faces)
            assert len(open_tracks) == len(set(open_tracks))
        return result

    assert ids() == ids()
