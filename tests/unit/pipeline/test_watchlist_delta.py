from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from watchbound.adapters.codecs import watchlist_change
from watchbound.domain.candidate import Candidate
from watchbound.domain.embedding import Embedding
from watchbound.domain.errors import InvalidValue, Poison, PoisonReason, Unavailable
from watchbound.domain.sealing import Purpose
from watchbound.domain.watchlist import (
    Category,
    EnrolledImage,
    EntryAdded,
    EntryRemoved,
    ResponseLevel,
    WatchlistChange,
    WatchlistEntry,
)
from watchbound.pipeline.topics import WATCHLIST_CHANGES
from watchbound.pipeline.watchlist_delta import WatchlistDelta, watchlist_handler
from watchbound.ports import Record, TopicPartition
from watchbound.testing.clock import ManualClock
from watchbound.testing.gallery import InMemoryGallery
from watchbound.testing.keyring import FakeKeyRing, UnsealedKeyRing
from watchbound.testing.watchlist import FakeOfficers

WATCHLIST_CHANGE = watchlist_change(UnsealedKeyRing())

OFFICERS = FakeOfficers()
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MODEL = "m" * 64
KEEP_S = 120.0


def unit(*values: float) -> NDArray[np.float32]:
    vector = np.array(values, np.float32)
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


def entry(reference: str, authorisation_id: str = "op-1") -> WatchlistEntry:
    return WatchlistEntry(authorisation_id, reference, Category.MISSING, ResponseLevel.AMBER)


def added(reference: str, *vectors: NDArray[np.float32], at: datetime = NOW, model: str = MODEL) -> EntryAdded:
    person = entry(reference)
    images = [EnrolledImage(person, f"{i:064x}", Embedding(v, model)) for i, v in enumerate(vectors)]
    return OFFICERS.added(images, at)


def removed(reference: str, at: datetime = NOW) -> EntryRemoved:
    return EntryRemoved("op-1", reference, at)


def delta_with(*changes: WatchlistChange) -> WatchlistDelta:
    delta = WatchlistDelta(ManualClock(NOW), KEEP_S)
    for change in changes:
        delta.apply(change, change.at)
    return delta


def found(delta: WatchlistDelta, probe: NDArray[np.float32], limit: int = 5) -> dict[str, float]:
    (answer,) = delta.search("op-1", probe[None], MODEL, limit)
    return {candidate.entry.reference: round(candidate.score, 4) for candidate in answer}


X, Y = unit(1, 0), unit(0, 1)


def _everybody(_candidate: Candidate) -> bool:
    return True


def test_an_added_entry_is_found_by_its_best_image() -> None:
    delta = delta_with(added("a", X, Y), added("b", unit(1, 1)))
    assert found(delta, Y) == {"a": 1.0, "b": round(2**-0.5, 4)}
    assert found(delta, Y, limit=1) == {"a": 1.0}
    assert delta.search("op-2", X[None], MODEL, 5) == [[]]


def test_it_is_held_for_as_long_as_was_said() -> None:
    clock = ManualClock(NOW)
    delta = WatchlistDelta(clock, KEEP_S)
    delta.apply(added("a", X), NOW)
    delta.apply(added("later", Y, at=NOW + timedelta(seconds=1)), NOW)
    clock.advance(KEEP_S - 0.001)
    assert set(found(delta, X)) == {"a", "later"}
    clock.advance(0.001)
    assert set(found(delta, X)) == {"later"}


def test_the_later_of_the_two_stamps_counts() -> None:
    old = NOW - timedelta(hours=1)
    delta = WatchlistDelta(ManualClock(NOW), KEEP_S)
    delta.apply(added("slow-author", X, at=old), NOW)
    delta.apply(added("slow-broker", X, at=NOW), old)
    delta.apply(added("replayed", X, at=old), old)
    assert set(found(delta, X)) == {"slow-author", "slow-broker"}


def test_a_removal_is_remembered_without_end_until_the_entry_is_added_again() -> None:
    clock = ManualClock(NOW)
    delta = WatchlistDelta(clock, KEEP_S)
    delta.apply(added("a", X), NOW)
    delta.apply(removed("a"), NOW)
    clock.advance(86_400)
    assert delta.is_removed("op-1", "a")
    assert not delta.is_removed("op-2", "a")
    assert found(delta, X) == {}
    delta.apply(added("a", X), NOW)
    assert not delta.is_removed("op-1", "a"), "an addition replayed from long ago still follows the removal"


def test_an_entry_enrolled_anew_never_answers_with_its_removed_image() -> None:
    gallery = InMemoryGallery()
    gallery.create("op-1", MODEL, 2)
    wrong, right = added("a", X), added("a", Y)
    gallery.add(wrong.images)
    delta = delta_with(wrong, removed("a"), right)
    # The gallery has not caught up: it still holds the image that was removed, and not the new one.
    stored = gallery.search("op-1", np.stack([X, Y]), MODEL, 5)
    first, second = delta.correct("op-1", np.stack([X, Y]), MODEL, stored, 5, _everybody)
    assert [(c.entry.reference, c.score) for c in first] == [("a", 0.0)]
    assert [(c.entry.reference, c.score) for c in second] == [("a", 1.0)]


def test_correct_drops_the_removed_and_keeps_the_rest_of_the_gallery() -> None:
    stored = [[Candidate(entry("gone"), 0.9), Candidate(entry("old"), 0.8)]]
    delta = delta_with(added("gone", X), removed("gone"), added("new", unit(0.85, (1 - 0.85**2) ** 0.5)))
    (answer,) = delta.correct("op-1", X[None], MODEL, stored, 5, _everybody)
    assert [candidate.entry.reference for candidate in answer] == ["new", "old"]
    (answer,) = delta.correct("op-1", X[None], MODEL, stored, 5, lambda candidate: candidate.entry.reference == "old")
    assert [candidate.entry.reference for candidate in answer] == ["old"], "nobody vouched for the other"


def test_another_model_is_refused() -> None:
    with pytest.raises(InvalidValue, match="enrol the watchlist again"):
        delta_with(added("a", X)).search("op-1", X[None], "n" * 64, 5)


REFERENCES = ("a", "b", "c", "d")
vectors = st.tuples(st.integers(-3, 3), st.integers(-3, 3)).filter(any).map(lambda pair: unit(*pair))
changes = st.lists(
    st.one_of(
        st.builds(lambda r, v: added(r, *v), st.sampled_from(REFERENCES), st.lists(vectors, min_size=1, max_size=3)),
        st.builds(removed, st.sampled_from(REFERENCES)),
    ),
    max_size=10,
)


@given(history=changes, behind=st.integers(0, 10), probe=vectors, limit=st.integers(1, 4))
def test_a_gallery_that_lags_is_corrected_to_one_that_does_not(
    history: list[WatchlistChange], behind: int, probe: NDArray[np.float32], limit: int
) -> None:
    """However many of the last changes the gallery has not seen, the answer is that of a gallery that saw all."""
    lagging, exact = _gallery(history[: max(len(history) - behind, 0)]), _gallery(history)
    delta = delta_with(*history)
    stored = lagging.search("op-1", probe[None], MODEL, len(REFERENCES))
    (answer,) = delta.correct("op-1", probe[None], MODEL, stored, limit, _everybody)
    (expected,) = exact.search("op-1", probe[None], MODEL, len(REFERENCES))
    assert [c.score for c in answer] == pytest.approx([c.score for c in expected[:limit]], abs=1e-6)
    assert {c.entry.reference for c in answer} <= {c.entry.reference for c in expected}


def _gallery(history: list[WatchlistChange]) -> InMemoryGallery:
    gallery = InMemoryGallery()
    gallery.create("op-1", MODEL, 2)
    for change in history:
        reference = change.entry.reference if isinstance(change, EntryAdded) else change.reference
        gallery.remove("op-1", reference)
        if isinstance(change, EntryAdded):
            gallery.add(change.images)
    return gallery


def record(key: str | None, value: bytes | None) -> Record:
    return Record(TopicPartition(WATCHLIST_CHANGES.name, 0), 0, key, value, (), NOW)


def test_the_topic_is_followed_and_its_keys_are_checked() -> None:
    delta = WatchlistDelta(ManualClock(NOW), KEEP_S)
    handle = watchlist_handler(WATCHLIST_CHANGE, delta)
    handle(record("op-1/a", WATCHLIST_CHANGE.encode(added("a", X))))
    handle(record("op-1/a", None))
    assert found(delta, X) == {"a": 1.0}
    handle(record("op-1/a", WATCHLIST_CHANGE.encode(removed("a"))))
    assert delta.is_removed("op-1", "a")
    for key in ("op-1/b", "a", None):
        with pytest.raises(Poison) as caught:
            handle(record(key, WATCHLIST_CHANGE.encode(added("a", X))))
        assert caught.value.reason is PoisonReason.WRONG_KEY
    assert delta.is_removed("op-1", "a")


def test_an_entry_whose_key_was_destroyed_is_passed_over() -> None:
    ring = FakeKeyRing()
    ring.create("op-1")
    codec = watchlist_change(ring)
    value = codec.encode(added("a", X))
    ring.destroy("op-1", Purpose.WATCHLIST)
    delta = WatchlistDelta(ManualClock(NOW), KEEP_S)
    watchlist_handler(codec, delta)(record("op-1/a", value))
    assert found(delta, X) == {}


def test_a_template_moved_to_another_entry_is_refused() -> None:
    ring = FakeKeyRing()
    ring.create("op-1")
    codec = watchlist_change(ring)
    moved = codec.encode(added("a", X)).replace(b"\n\x01a", b"\n\x01b").replace(b"\x12\x01a", b"\x12\x01b")
    assert moved != codec.encode(added("a", X))
    with pytest.raises(Poison) as caught:
        watchlist_handler(codec, WatchlistDelta(ManualClock(NOW), KEEP_S))(record("op-1/b", moved))
    assert caught.value.reason is PoisonReason.UNSEALABLE


def test_while_the_key_ring_is_away_a_change_is_held() -> None:
    ring = FakeKeyRing()
    ring.create("op-1")
    codec = watchlist_change(ring)
    value = codec.encode(added("a", X))
    ring.down = True
    with pytest.raises(Unavailable):
        watchlist_handler(codec, WatchlistDelta(ManualClock(NOW), KEEP_S))(record("op-1/a", value))
