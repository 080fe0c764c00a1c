from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.unit.governance.desk import BLUE, GREEN, RED, Desk, photo
from watchbound.domain.activation import Activation, PreDeploymentItem
from watchbound.domain.embedding import Embedding
from watchbound.domain.errors import NotAuthorised, NotTrusted, Unavailable
from watchbound.domain.listing import list_digest
from watchbound.domain.watchlist import Category, EnrolledImage, ResponseLevel, WatchlistEntry
from watchbound.governance.review import Likeness, Reviewer, last_review, likenesses
from watchbound.governance.roll_call import stays
from watchbound.pipeline.audit import AuditTrail
from watchbound.testing.signing import FakeSigner


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Three people, listed by two officers."""
    desk = Desk()
    desk.grant()
    for reference, colour in (("REF-1", RED), ("REF-2", GREEN), ("REF-3", BLUE)):
        photo(tmp_path / f"{reference}.png", colour)
    desk.enrol(tmp_path)
    return desk


def reviewer(desk: Desk) -> Reviewer:
    return Reviewer(desk.officers.trust, desk.roster, desk.clock, AuditTrail(desk.audit, desk.clock))


def image(reference: str, *vector: float) -> EnrolledImage:
    entry = WatchlistEntry("op-1", reference, Category.MISSING, ResponseLevel.AMBER)
    return EnrolledImage(entry, f"{reference}-{vector}", Embedding.of(np.array(vector, np.float32), "m"))


def test_every_pair_that_resembles_is_shown_once_by_its_best_images() -> None:
    images = [image("a", 1, 0), image("a", 0, 1), image("b", 0.1, 1), image("c", 1, 0.9), image("d", -1, -1)]
    found = likenesses(images, lookalike_from=0.6, duplicate_from=0.9)
    assert [(pair.one, pair.other, pair.duplicate) for pair in found] == [
        ("a", "b", True),
        ("a", "c", False),
        ("b", "c", False),
    ]
    assert found[0].similarity == pytest.approx(1 / 1.01**0.5, abs=1e-6)
    assert likenesses([], 0.6, 0.9) == ()
    assert isinstance(found[0], Likeness)


def test_duplicates_are_shown_under_a_threshold_that_they_do_not_reach() -> None:
    images = [image("a", 1, 0), image("b", 0.75, (1 - 0.75**2) ** 0.5), image("c", -1, 0)]
    (found,) = likenesses(images, lookalike_from=0.8, duplicate_from=0.7)
    assert (found.one, found.other, found.duplicate) == ("a", "b", True)


def test_a_review_counts_for_a_day_and_for_the_very_list_that_was_shown(desk: Desk) -> None:
    review = reviewer(desk).record("op-1", desk.roster.listings("op-1", desk.clock.now()), desk.officers.first)
    assert (review.reviewed_by, review.size) == ("watchlist-1", 3)
    assert last_review(desk.audit.events, "op-1") == review
    assert last_review(desk.audit.events, "op-2") is None
    review.require_good(desk.roster, desk.clock.now())
    desk.remover.remove("op-1", "REF-2", "watchlist-1", "found")
    desk.follow()
    with pytest.raises(NotAuthorised, match="has changed since watchlist-1 reviewed it"):
        review.require_good(desk.roster, desk.clock.now())


def test_an_activation_names_the_very_list_that_was_reviewed(desk: Desk) -> None:
    shown = desk.roster.listings("op-1", desk.clock.now())
    review = reviewer(desk).record("op-1", shown, desk.officers.first)
    vouched = review.activation(frozenset(PreDeploymentItem))
    assert (vouched.watchlist_digest, vouched.watchlist_size) == (list_digest(shown), 3)
    assert Activation.of(vouched.details()) == vouched


def test_a_review_of_yesterday_is_none(desk: Desk) -> None:
    review = reviewer(desk).record("op-1", desk.roster.listings("op-1", desk.clock.now()), desk.officers.first)
    desk.clock.advance(24 * 3600)
    review.require_good(desk.roster, desk.clock.now())
    desk.clock.advance(1)
    with pytest.raises(NotAuthorised, match="lasts 24 hours"):
        review.require_good(desk.roster, desk.clock.now())


def test_a_list_that_changed_while_it_was_looked_at_is_not_reviewed(desk: Desk) -> None:
    shown = desk.roster.listings("op-1", desk.clock.now())
    with pytest.raises(NotAuthorised, match="has changed"):
        reviewer(desk).record("op-1", shown[1:], desk.officers.first)
    assert last_review(desk.audit.events, "op-1") is None


def test_only_a_watchlist_officer_reviews_and_only_where_it_is_remembered(desk: Desk) -> None:
    shown = desk.roster.listings("op-1", desk.clock.now())
    with pytest.raises(NotTrusted):
        reviewer(desk).record("op-1", shown, FakeSigner("stranger"))
    desk.audit.broken = True
    with pytest.raises(Unavailable):
        reviewer(desk).record("op-1", shown, desk.officers.first)


def test_who_was_listed_when_is_told_by_the_audit_log_alone(desk: Desk, tmp_path: Path) -> None:
    listed_at = desk.clock.now()
    desk.clock.advance(60)
    desk.view.confirm()
    desk.remover.remove("op-1", "REF-2", "watchlist-1", "found")
    removed_at = desk.clock.now()
    found = {stay.reference: stay for stay in stays(desk.audit.events, "op-1")}
    assert set(found) == {"REF-1", "REF-2", "REF-3"}
    gone = found["REF-2"]
    assert (gone.since, gone.until, gone.ended_by) == (listed_at, removed_at, "removed")
    assert gone.covers(listed_at)
    assert not gone.covers(removed_at)
    stayed = found["REF-1"]
    assert (stayed.category, stayed.added_by, stayed.approved_by) == ("missing", "watchlist-1", "watchlist-2")
    assert (stayed.ended_by, stayed.until.isoformat()) == ("expired", "2026-12-01T00:00:00+00:00")
    assert stays(desk.audit.events, "op-2") == ()


def test_approved_anew_is_another_stay(desk: Desk, tmp_path: Path) -> None:
    photo(tmp_path / "more" / "REF-1" / "side.png", (30, 30, 240))
    desk.clock.advance(60)
    desk.enrol(tmp_path / "more")
    first, second = (stay for stay in stays(desk.audit.events, "op-1") if stay.reference == "REF-1")
    assert (first.ended_by, first.until) == ("approved anew", second.since)
