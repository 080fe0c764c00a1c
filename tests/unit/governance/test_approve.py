from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.governance.desk import BLUE, GREEN, RED, Desk, photo
from watchbound.domain.act import ActKind
from watchbound.domain.errors import InvalidValue, NotAuthorised, NotTrusted, Unavailable, UnknownReference
from watchbound.domain.listing import EntryStatus
from watchbound.domain.signature import Role
from watchbound.testing.signing import FakeSigner


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Three people wait for the second officer."""
    desk = Desk()
    desk.grant()
    for reference, colour in (("REF-1", RED), ("REF-2", GREEN), ("REF-3", BLUE)):
        photo(tmp_path / f"{reference}.png", colour)
    desk.propose(tmp_path)
    return desk


def waiting(desk: Desk) -> list[str]:
    return [proposal.entry.reference for proposal in desk.pending.of("op-1")]


def test_another_officer_makes_them_searchable_one_by_one(desk: Desk) -> None:
    desk.approve("REF-2")
    assert [reference for reference, _ in desk.enrolled()] == ["REF-2"]
    assert waiting(desk) == ["REF-1", "REF-3"]
    assert desk.status("REF-2") is EntryStatus.LISTED
    (listing,) = desk.roster.listings("op-1", desk.clock.now())
    assert (listing.papers.added_by, listing.papers.approved_by) == ("watchlist-1", "watchlist-2")


def test_nobody_approves_what_they_proposed(desk: Desk) -> None:
    with pytest.raises(NotAuthorised, match="watchlist-1 proposed REF-1"):
        desk.approver.approve("op-1", None, desk.officers.first)
    second_key = FakeSigner("another-key-of-the-first")
    desk.officers.trust.trust(second_key, "watchlist-1", Role.WATCHLIST_OFFICER)
    with pytest.raises(NotAuthorised, match="watchlist-1 proposed REF-1"):
        desk.approver.approve("op-1", None, second_key)
    assert desk.enrolled() == []


def test_only_a_watchlist_officer_approves(desk: Desk) -> None:
    reviewer = FakeSigner("reviewer")
    desk.officers.trust.trust(reviewer, "reviewer-1", Role.REVIEWER)
    with pytest.raises(NotTrusted):
        desk.approver.approve("op-1", None, reviewer)
    with pytest.raises(NotTrusted):
        desk.approver.approve("op-1", None, FakeSigner("stranger"))
    assert desk.enrolled() == []


def test_an_officer_who_was_revoked_since_has_proposed_nothing(desk: Desk) -> None:
    desk.officers.trust.revoke(desk.officers.first.key_id)
    with pytest.raises(NotTrusted):
        desk.approve()
    assert desk.enrolled() == []


def test_no_audit_no_approval(desk: Desk) -> None:
    desk.audit.broken = True
    with pytest.raises(Unavailable):
        desk.approve()
    assert desk.enrolled() == []
    assert desk.changes() == []


def test_what_was_done_stands_in_the_audit_log(desk: Desk) -> None:
    desk.approve("REF-1")
    acts = [(event.actor, event.act, event.object) for event in desk.audit.events if event.act.startswith("watchlist")]
    assert acts == [
        *[("watchlist-1", "watchlist.proposed", f"REF-{n}") for n in (1, 2, 3)],
        ("watchlist-2", "watchlist.approved", "REF-1"),
    ]


def test_rejected_is_gone_and_can_be_proposed_anew(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match="--reason"):
        desk.approver.reject("op-1", ["REF-1"], desk.officers.second, " ")
    desk.approver.reject("op-1", ["REF-1"], desk.officers.second, "wrong person")
    desk.follow()
    assert waiting(desk) == ["REF-2", "REF-3"]
    assert desk.propose(tmp_path).counts() == {"already_enrolled": 2, "accepted": 1}
    assert waiting(desk) == ["REF-1", "REF-2", "REF-3"]


def test_what_does_not_wait_cannot_be_approved(desk: Desk) -> None:
    with pytest.raises(UnknownReference, match="REF-9"):
        desk.approve("REF-1", "REF-9")
    desk.approve()
    with pytest.raises(UnknownReference, match="any reference"):
        desk.approve()


def test_nobody_is_approved_after_a_cancellation(desk: Desk) -> None:
    desk.act(ActKind.CANCEL, reason="person found")
    desk.follow()
    with pytest.raises(NotAuthorised):
        desk.approve()
    assert desk.enrolled() == []


def test_removing_takes_along_what_waits_under_the_reference(desk: Desk) -> None:
    with pytest.raises(UnknownReference):
        desk.remover.remove("op-1", "REF-1", "watchlist-1", "mistaken")
    desk.follow()
    assert waiting(desk) == ["REF-2", "REF-3"]
