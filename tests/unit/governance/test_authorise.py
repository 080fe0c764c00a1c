from __future__ import annotations

from datetime import timedelta

import pytest

from tests.unit.governance.desk import NOW, Desk, authorisation
from watchbound.domain.authorisation import AuthorisationState, Refusal
from watchbound.domain.errors import InvalidValue, NotAuthorised, Unavailable, UnknownReference
from watchbound.governance.authorise import require_enrollable
from watchbound.pipeline.topics import AUTHORISATIONS
from watchbound.testing.keyring import FakeKeyRing


def test_what_is_granted_is_in_force_for_those_who_follow_and_told_to_the_audit_log() -> None:
    desk = Desk()
    desk.grant()
    assert desk.view.covering("gate-1") == authorisation()
    (event,) = desk.audited()
    assert (event.actor, event.act, event.authorisation_id) == ("Supt Example", "authorisation.granted", "op-1")
    assert "locate-missing at Central station" in event.reason


def test_it_is_keyed_by_its_id() -> None:
    desk = Desk()
    desk.grant()
    assert [record.key for record in desk.broker.records(AUTHORISATIONS.name)] == ["op-1"]


def test_an_id_is_never_used_twice_even_after_cancelling() -> None:
    desk = Desk()
    desk.grant()
    desk.authoriser.cancel("op-1", "Supt Example", "person found")
    desk.follow()
    with pytest.raises(InvalidValue, match="exists already"):
        desk.authoriser.create(authorisation(), desk.ring)


def test_one_that_is_over_is_refused() -> None:
    with pytest.raises(InvalidValue, match="must end in the future"):
        Desk().authoriser.create(authorisation(start=NOW - timedelta(hours=4)), FakeKeyRing())


def test_a_camera_serves_one_authorisation_at_a_time() -> None:
    desk = Desk()
    desk.grant()
    with pytest.raises(InvalidValue, match="gate-1 is covered by authorisation op-1"):
        desk.authoriser.create(authorisation("op-2", start=NOW + timedelta(hours=3)), desk.ring)
    desk.grant(authorisation("other-camera", camera="gate-2"))
    desk.grant(authorisation("afterwards", start=NOW + timedelta(hours=4)))
    desk.authoriser.cancel("op-1", "Supt Example", "moved")
    desk.follow()
    desk.grant(authorisation("instead", hours=2))


def test_cancelling_ends_it_and_says_who_and_why() -> None:
    desk = Desk()
    desk.grant()
    cancelled = desk.authoriser.cancel("op-1", "Insp Other", "person found")
    desk.follow()
    assert cancelled.state is AuthorisationState.CANCELLED
    assert desk.view.covering("gate-1") is Refusal.NOT_ACTIVE
    event = desk.audited()[-1]
    assert (event.actor, event.act, event.reason) == ("Insp Other", "authorisation.cancelled", "person found")
    desk.authoriser.cancel("op-1", "Insp Other", "again")


@pytest.mark.parametrize(("by", "reason"), [("", "x"), ("x", " ")])
def test_a_cancellation_names_its_author_and_reason(by: str, reason: str) -> None:
    desk = Desk()
    desk.grant()
    with pytest.raises(InvalidValue, match="--by"):
        desk.authoriser.cancel("op-1", by, reason)


def test_an_unknown_one_cannot_be_cancelled() -> None:
    with pytest.raises(UnknownReference, match="authorise list"):
        Desk().authoriser.cancel("nothing", "Supt Example", "x")


def test_nothing_is_done_on_knowledge_that_may_be_out_of_date() -> None:
    desk = Desk()
    desk.grant()
    desk.clock.advance(5)
    with pytest.raises(Unavailable, match=r"last confirmed 5\.0 s ago"):
        desk.authoriser.create(authorisation("op-2", camera="gate-2"), desk.ring)
    with pytest.raises(Unavailable):
        desk.authoriser.cancel("op-1", "Supt Example", "x")


def test_what_cannot_be_audited_is_not_granted() -> None:
    desk = Desk()
    desk.audit.broken = True
    with pytest.raises(Unavailable, match="audit log"):
        desk.authoriser.create(authorisation(), desk.ring)
    assert desk.broker.records(AUTHORISATIONS.name) == []


def test_what_is_not_acknowledged_is_not_granted() -> None:
    desk = Desk()
    desk.broker.acknowledging = False
    with pytest.raises(Unavailable):
        desk.authoriser.create(authorisation(), desk.ring)
    desk.follow()
    assert desk.view.find("op-1") is None


def test_people_may_be_enrolled_before_the_start_but_not_after_the_end_or_a_cancellation() -> None:
    desk = Desk()
    desk.grant(authorisation(start=NOW + timedelta(hours=1)))
    assert require_enrollable(desk.view, desk.clock, "op-1").id == "op-1"
    desk.clock.set(NOW + timedelta(hours=5))
    desk.follow()
    with pytest.raises(NotAuthorised, match="ended at"):
        require_enrollable(desk.view, desk.clock, "op-1")
    desk.authoriser.cancel("op-1", "Supt Example", "x")
    desk.follow()
    with pytest.raises(NotAuthorised, match="cancelled"):
        require_enrollable(desk.view, desk.clock, "op-1")
