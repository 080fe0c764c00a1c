from __future__ import annotations

from datetime import timedelta

import pytest

from tests.unit.governance.desk import NOW, Desk, draft_of
from watchbound.domain.act import ActKind
from watchbound.domain.activation import Activation
from watchbound.domain.errors import InvalidValue, NotAuthorised, Unavailable, UnknownReference
from watchbound.domain.standing import AuthorisationState, Refusal
from watchbound.governance.authorise import require_enrollable
from watchbound.pipeline.audit_acts import ACT_OF
from watchbound.pipeline.topics import AUTHORISATIONS
from watchbound.testing.office import activation


def test_what_is_granted_is_in_force_for_those_who_follow_and_told_to_the_audit_log() -> None:
    desk = Desk()
    granted = desk.grant()
    assert desk.view.covering("gate-1") == granted
    told = [(event.actor, event.act, event.authorisation_id) for event in desk.audited()]
    assert told == [
        ("drafter", "authorisation.drafted", "op-1"),
        ("officer", "authorisation.signed", "op-1"),
        ("officer", "authorisation.activated", "op-1"),
    ]
    assert "locate-missing at Central station" in desk.audited()[0].reason
    assert dict(desk.audited()[-1].facts)["watchlist_size"] == "5"


def test_it_is_keyed_by_its_id() -> None:
    desk = Desk()
    desk.grant()
    assert {record.key for record in desk.broker.records(AUTHORISATIONS.name)} == {"op-1"}


def test_an_id_is_never_used_twice_even_after_cancelling() -> None:
    desk = Desk()
    desk.grant()
    desk.act(ActKind.CANCEL, reason="person found")
    desk.follow()
    with pytest.raises(InvalidValue, match="exists already"):
        desk.authoriser.draft(draft_of(), desk.office.drafter, desk.ring)


def test_one_that_is_over_is_refused() -> None:
    desk = Desk()
    with pytest.raises(InvalidValue, match="must end in the future"):
        desk.authoriser.draft(draft_of(start=NOW - timedelta(hours=4)), desk.office.drafter, desk.ring)


def test_a_camera_serves_one_authorisation_at_a_time() -> None:
    desk = Desk()
    desk.grant()
    with pytest.raises(InvalidValue, match="gate-1 is covered by authorisation op-1"):
        desk.authoriser.draft(draft_of("op-2", start=NOW + timedelta(hours=3)), desk.office.drafter, desk.ring)
    desk.grant(draft_of("other-camera", camera="gate-2"))
    desk.grant(draft_of("afterwards", start=NOW + timedelta(hours=4)))
    desk.act(ActKind.CANCEL, reason="moved")
    desk.follow()
    desk.grant(draft_of("instead", hours=2))


def test_two_drafts_that_were_made_at_once_cannot_both_begin() -> None:
    desk = Desk()
    for name in ("op-1", "op-2"):
        written = desk.office.signed(draft_of(name))
        desk.view.apply(written)
    desk.authoriser.activate("op-1", Activation.of(activation(NOW)), desk.office.officer, "ready")
    with pytest.raises(InvalidValue, match="op-1"):
        desk.authoriser.activate("op-2", Activation.of(activation(NOW)), desk.office.officer, "ready")


def test_cancelling_ends_it_and_says_who_and_why() -> None:
    desk = Desk()
    desk.grant()
    cancelled = desk.act(ActKind.CANCEL, reason="person found")
    desk.follow()
    assert cancelled.state is AuthorisationState.CANCELLED
    assert desk.view.covering("gate-1") is Refusal.CANCELLED
    event = desk.audited()[-1]
    assert (event.actor, event.act, event.reason) == ("officer", "authorisation.cancelled", "person found")
    before = len(desk.audited())
    desk.act(ActKind.CANCEL, reason="again")
    assert len(desk.audited()) == before


def test_an_unknown_one_cannot_be_cancelled() -> None:
    with pytest.raises(UnknownReference, match="authorise list"):
        Desk().act(ActKind.CANCEL, "nothing")


def test_nothing_is_permitted_on_knowledge_that_may_be_out_of_date_but_stopping_waits_for_nothing() -> None:
    desk = Desk()
    desk.grant()
    desk.clock.advance(5)
    with pytest.raises(Unavailable, match=r"last confirmed 5\.0 s ago"):
        desk.authoriser.draft(draft_of("op-2", camera="gate-2"), desk.office.drafter, desk.ring)
    paused = desk.acts.act("op-1", ActKind.PAUSE, desk.office.officer, "a test")
    assert paused.state is AuthorisationState.PAUSED
    with pytest.raises(Unavailable):
        desk.acts.act("op-1", ActKind.RESUME, desk.office.officer, "a test")


def test_what_is_not_acknowledged_is_not_granted() -> None:
    desk = Desk()
    desk.broker.acknowledging = False
    with pytest.raises(Unavailable):
        desk.authoriser.draft(draft_of(), desk.office.drafter, desk.ring)
    desk.follow()
    assert desk.view.find("op-1") is None


def test_what_cannot_be_audited_is_not_granted_and_what_stops_is_done_first() -> None:
    desk = Desk()
    desk.grant()
    desk.audit.broken = True
    with pytest.raises(Unavailable):
        desk.act(ActKind.PAUSE)
    desk.follow()
    assert desk.view.covering("gate-1") is Refusal.PAUSED
    with pytest.raises(Unavailable):
        desk.act(ActKind.RESUME)
    desk.follow()
    assert desk.view.covering("gate-1") is Refusal.PAUSED


@pytest.mark.parametrize("kind", [ActKind.CANCEL, ActKind.PAUSE])
def test_a_stop_that_could_not_be_audited_is_audited_when_it_is_repeated(kind: ActKind) -> None:
    desk = Desk()
    desk.grant()
    desk.audit.broken = True
    with pytest.raises(Unavailable):
        desk.act(kind, reason="person found")
    stopped = desk.clock.now()
    desk.clock.advance(60)
    with pytest.raises(Unavailable):
        desk.act(kind, reason="again")
    desk.audit.broken = False
    before = len(desk.audited())
    desk.act(kind, reason="again")
    desk.act(kind, reason="and again")
    told = desk.audited()[before:]
    assert [(event.actor, event.act, event.reason) for event in told] == [("officer", ACT_OF[kind], "person found")]
    assert dict(told[0].facts)["done_at"] == stopped.isoformat()


def test_nothing_is_permitted_before_a_stop_is_audited() -> None:
    desk = Desk()
    desk.grant()
    desk.audit.broken = True
    with pytest.raises(Unavailable):
        desk.act(ActKind.PAUSE)
    desk.audit.broken = False
    before = len(desk.audited())
    desk.act(ActKind.RESUME)
    desk.act(ActKind.PAUSE)
    told = [event.act for event in desk.audited()[before:]]
    assert told == ["authorisation.paused", "authorisation.resumed", "authorisation.paused"]


def test_every_kind_of_act_is_recorded_as_what_it_is() -> None:
    desk = Desk()
    desk.grant()
    desk.act(ActKind.SET_THRESHOLD, requested_by="reviewer", threshold="0.5")
    desk.act(ActKind.PAUSE)
    desk.act(ActKind.RESUME)
    desk.grant(draft_of("op-2", camera="gate-2"))
    desk.act(ActKind.CANCEL, "op-2")
    desk.clock.set(NOW + timedelta(hours=5))
    desk.act(ActKind.END)
    desk.act(ActKind.PURGE, receipt="0" * 64)
    assert {event.act for event in desk.audited()} == {ACT_OF[kind].value for kind in ActKind}


def test_what_the_rules_do_not_allow_is_neither_audited_nor_published() -> None:
    desk = Desk()
    desk.authoriser.draft(draft_of(), desk.office.drafter, desk.ring)
    audited, published = len(desk.audited()), len(desk.broker.records(AUTHORISATIONS.name))
    with pytest.raises(NotAuthorised, match="must be signed"):
        desk.act(ActKind.ACTIVATE, **activation(NOW))
    desk.follow()
    with pytest.raises(NotAuthorised, match="may not act as"):
        desk.acts.act("op-1", ActKind.SIGN, desk.office.reviewer, "a test")
    assert (len(desk.audited()), len(desk.broker.records(AUTHORISATIONS.name))) == (audited, published)


def test_people_may_be_enrolled_from_the_draft_on_but_not_after_the_end_or_a_cancellation() -> None:
    desk = Desk()
    desk.authoriser.draft(draft_of(start=NOW + timedelta(hours=1)), desk.office.drafter, desk.ring)
    assert require_enrollable(desk.view, desk.clock, "op-1").id == "op-1"
    desk.clock.set(NOW + timedelta(hours=5))
    desk.follow()
    with pytest.raises(NotAuthorised, match="ended at"):
        require_enrollable(desk.view, desk.clock, "op-1")
    desk.act(ActKind.CANCEL)
    desk.follow()
    with pytest.raises(NotAuthorised, match="cancelled"):
        require_enrollable(desk.view, desk.clock, "op-1")


def test_nobody_is_enrolled_under_what_a_revoked_key_signed() -> None:
    desk = Desk()
    desk.grant()
    desk.office.trust.revoke("key-of-officer")
    desk.follow()
    with pytest.raises(NotAuthorised, match="revoked"):
        require_enrollable(desk.view, desk.clock, "op-1")
