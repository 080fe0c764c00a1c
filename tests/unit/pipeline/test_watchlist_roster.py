from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.domain.values import ENTRY
from tests.unit.strategies import after
from watchbound.adapters.codecs import LISTING_CHANGE, watchlist_change
from watchbound.domain.embedding import Embedding
from watchbound.domain.errors import Poison, PoisonReason
from watchbound.domain.listing import EntryStatus, Listing, ListingChange, listing_of
from watchbound.domain.watchlist import Category, EnrolledImage, EntryAdded, EntryRemoved, ResponseLevel, WatchlistEntry
from watchbound.pipeline.topics import WATCHLIST_CHANGES
from watchbound.pipeline.watchlist_roster import Roster, roster_handler
from watchbound.ports import Record, TopicPartition
from watchbound.testing.keyring import UnsealedKeyRing
from watchbound.testing.watchlist import FakeOfficers, TwoOfficers

WATCHLIST_CHANGE = watchlist_change(UnsealedKeyRing())

DAY_S = 86_400.0
REFERENCES = ("a", "b", "c")
ROLL = "op-1"
TEMPLATE = Embedding(np.array([1, 0], np.float32), "model")


OFFICERS = FakeOfficers()


def listing(reference: str, seconds: float = 0, expires: float = DAY_S, image: str = "i") -> Listing:
    category = Category.MISSING if reference == "a" else Category.WANTED_BY_COURT
    entry = WatchlistEntry(ROLL, reference, category, ResponseLevel.AMBER)
    return OFFICERS.listing([EnrolledImage(entry, image, TEMPLATE)], after(seconds), after(expires))


def removed(reference: str, seconds: float = 0) -> EntryRemoved:
    return EntryRemoved(ROLL, reference, after(seconds))


def roster_of(*changes: ListingChange) -> Roster:
    roster = Roster(OFFICERS.trust)
    for change in changes:
        roster.apply(change)
    return roster


def test_nobody_is_listed_of_whom_nothing_was_said() -> None:
    roster = roster_of(listing("a"))
    assert roster.status(ROLL, "b", after(1)) is EntryStatus.UNKNOWN
    assert roster.status("op-2", "a", after(1)) is EntryStatus.UNKNOWN


def test_an_entry_expires_by_itself_at_the_very_moment() -> None:
    roster = roster_of(listing("a", expires=60))
    assert roster.status(ROLL, "a", after(59.999)) is EntryStatus.LISTED
    assert roster.status(ROLL, "a", after(60)) is EntryStatus.EXPIRED
    assert (roster.size(ROLL, after(59)), roster.size(ROLL, after(60))) == (1, 0)


def test_a_removed_entry_stays_removed_until_it_is_approved_again() -> None:
    roster = roster_of(listing("a", 0), removed("a", 10))
    assert roster.status(ROLL, "a", after(20)) is EntryStatus.REMOVED
    roster.apply(listing("a", 0))
    assert roster.status(ROLL, "a", after(20)) is EntryStatus.REMOVED, "an older approval was replayed"
    roster.apply(listing("a", 11))
    assert roster.status(ROLL, "a", after(20)) is EntryStatus.LISTED


def test_a_list_is_counted_by_category() -> None:
    roster = roster_of(listing("a"), listing("b"), listing("c"), removed("c", 1))
    assert roster.categories(ROLL, after(2)) == {Category.MISSING: 1, Category.WANTED_BY_COURT: 1}
    assert roster.size(ROLL, after(2)) == 2


def test_the_digest_names_the_list_and_everything_that_was_approved_of_it() -> None:
    one = roster_of(listing("a"), listing("b")).digest(ROLL, after(1))
    assert one == roster_of(listing("b"), listing("a")).digest(ROLL, after(1))
    others = [
        roster_of(listing("a")),
        roster_of(listing("a"), listing("b", image="another")),
        roster_of(listing("a"), listing("b", expires=60)),
    ]
    assert len({one, *(other.digest(ROLL, after(1)) for other in others)}) == 4


histories = st.lists(
    st.one_of(
        st.builds(listing, st.sampled_from(REFERENCES), st.integers(0, 50), st.integers(60, 100)),
        st.builds(removed, st.sampled_from(REFERENCES), st.integers(0, 50)),
    ),
    max_size=12,
)
seconds_now = st.integers(0, 120)


@given(histories, seconds_now)
def test_who_is_listed_was_approved_since_every_removal_and_has_not_expired(
    history: list[ListingChange], seconds: int
) -> None:
    roster, now = roster_of(*history), after(seconds)
    listed = {found.entry.reference: found for found in roster.listings(ROLL, now)}
    for reference in REFERENCES:
        status = roster.status(ROLL, reference, now)
        assert (status is EntryStatus.LISTED) == (reference in listed)
        if status is EntryStatus.LISTED:
            approved = listed[reference].at
            seen = [change for change in history if _reference(change) == reference]
            after_it = seen[_last_index(seen, listed[reference]) + 1 :]
            assert not any(isinstance(change, EntryRemoved) for change in after_it)
            assert all(change.at <= approved for change in seen if isinstance(change, EntryRemoved))
            assert now < listed[reference].papers.expires_at
    assert roster.size(ROLL, now) == sum(roster.categories(ROLL, now).values()) == len(listed)


@given(histories, seconds_now)
def test_reading_the_topic_twice_lists_nobody_who_was_not(history: list[ListingChange], seconds: int) -> None:
    once, twice = roster_of(*history), roster_of(*history, *history)
    for reference in REFERENCES:
        assert twice.status(ROLL, reference, after(seconds)) is once.status(ROLL, reference, after(seconds))


@given(histories, seconds_now, seconds_now)
def test_time_alone_lists_nobody(history: list[ListingChange], one: int, another: int) -> None:
    roster = roster_of(*history)
    earlier, later = sorted((one, another))
    listed = {found.entry.reference for found in roster.listings(ROLL, after(earlier))}
    assert {found.entry.reference for found in roster.listings(ROLL, after(later))} <= listed


def _reference(change: ListingChange) -> str:
    return change.entry.reference if isinstance(change, Listing) else change.reference


def _last_index(changes: list[ListingChange], wanted: Listing) -> int:
    return max(index for index, change in enumerate(changes) if change == wanted)


def _addition() -> EntryAdded:
    return OFFICERS.added([EnrolledImage(ENTRY, "a" * 64, TEMPLATE)], after(0), after(DAY_S))


def record(key: str | None, value: bytes | None, at: datetime | None = None) -> Record:
    return Record(TopicPartition(WATCHLIST_CHANGES.name, 0), 0, key, value, (), at or after(0))


def test_the_topic_is_followed_without_its_templates() -> None:
    roster = Roster(OFFICERS.trust)
    handle = roster_handler(LISTING_CHANGE.decode, roster)
    change = _addition()
    handle(record("op-1/REF-1", WATCHLIST_CHANGE.encode(change)))
    handle(record("op-1/REF-1", None))
    assert roster.status(ROLL, "REF-1", after(1)) is EntryStatus.LISTED
    (found,) = roster.listings(ROLL, after(1))
    assert found == listing_of(change)
    handle(record("op-1/REF-1", WATCHLIST_CHANGE.encode(EntryRemoved(ROLL, "REF-1", after(2)))))
    assert roster.status(ROLL, "REF-1", after(3)) is EntryStatus.REMOVED


@pytest.mark.parametrize("key", ["op-1/other", "op-1", None])
def test_a_change_under_another_key_is_poison(key: str | None) -> None:
    with pytest.raises(Poison) as caught:
        roster_handler(LISTING_CHANGE.decode, Roster(OFFICERS.trust))(record(key, WATCHLIST_CHANGE.encode(_addition())))
    assert caught.value.reason is PoisonReason.WRONG_KEY


def test_what_cannot_be_read_has_replaced_what_stood_there() -> None:
    roster = Roster(OFFICERS.trust)
    handle = roster_handler(LISTING_CHANGE.decode, roster)
    handle(record("op-1/REF-1", WATCHLIST_CHANGE.encode(_addition())))
    with pytest.raises(Poison):
        handle(record("op-1/REF-1", b"\xff"))
    assert roster.status(ROLL, "REF-1", after(1)) is EntryStatus.UNKNOWN
    assert roster.status(ROLL, "REF-1", after(1) + timedelta(days=1)) is EntryStatus.UNKNOWN


@pytest.mark.parametrize(
    "bend",
    [
        lambda found: replace(found, image_ids=("another",)),
        lambda found: replace(found, entry=replace(found.entry, category=Category.RISK_OF_HARM)),
        lambda found: replace(found, entry=replace(found.entry, authorisation_id="op-2")),
        lambda found: replace(found, papers=replace(found.papers, expires_at=after(2 * DAY_S))),
        lambda found: replace(found, papers=replace(found.papers, added_by="somebody-else")),
        lambda found: replace(found, papers=replace(found.papers, approved_by="somebody-else")),
        lambda found: replace(found, at=after(1)),
        lambda found: replace(found, proposed=found.approved),
        lambda found: replace(found, approved=found.proposed),
    ],
)
def test_what_two_officers_did_not_sign_as_it_stands_is_unknown(bend: Callable[[Listing], Listing]) -> None:
    forged = bend(listing("a"))
    roster = roster_of(forged)
    assert roster.status(forged.entry.authorisation_id, "a", after(1)) is EntryStatus.UNKNOWN
    assert roster.listings(forged.entry.authorisation_id, after(1)) == ()


def test_one_officer_with_both_names_is_nobody() -> None:
    alone = TwoOfficers(OFFICERS.first, OFFICERS.first)
    entry = WatchlistEntry(ROLL, "a", Category.MISSING, ResponseLevel.AMBER)
    roster = roster_of(alone.listing([EnrolledImage(entry, "i", TEMPLATE)], after(0)))
    assert roster.status(ROLL, "a", after(1)) is EntryStatus.UNKNOWN


def test_a_key_that_is_revoked_while_the_service_runs_vouches_for_nobody_any_more() -> None:
    officers = FakeOfficers()
    roster = Roster(officers.trust)
    entry = WatchlistEntry(ROLL, "a", Category.MISSING, ResponseLevel.AMBER)
    roster.apply(officers.listing([EnrolledImage(entry, "i", TEMPLATE)], after(0)))
    assert roster.status(ROLL, "a", after(1)) is EntryStatus.LISTED
    officers.trust.revoke(officers.first.key_id)
    assert roster.status(ROLL, "a", after(1)) is EntryStatus.UNKNOWN


def test_a_forger_s_later_word_does_not_hide_behind_an_earlier_one() -> None:
    """What nobody signed replaces what stood there, as on the topic itself; it cannot be believed, so nobody is."""
    roster = roster_of(listing("a"), replace(listing("a", 5), image_ids=("another",)))
    assert roster.status(ROLL, "a", after(6)) is EntryStatus.UNKNOWN
