"""The retention clock with a moved clock, across restarts, and while something is away."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from watchbound.adapters import codecs
from watchbound.domain.act import ActKind
from watchbound.domain.authorisation import Authorisation
from watchbound.domain.errors import ConfigurationError, NotAuthorised, Unavailable
from watchbound.domain.moment import Window
from watchbound.domain.receipt import DeletionReceipt, PlaceDeleted, SignedReceipt
from watchbound.domain.sealing import Purpose
from watchbound.domain.signature import Signature
from watchbound.domain.standing import AuthorisationState, Refusal
from watchbound.domain.written_authority import WrittenAuthority
from watchbound.governance.purge import Purger, covered
from watchbound.governance.retention import RetentionClock, Undertaker
from watchbound.pipeline import metric_names as names
from watchbound.pipeline.audit import AuditTrail
from watchbound.pipeline.authority import AuthorityView
from watchbound.pipeline.authority_desk import AuthorityDesk
from watchbound.pipeline.feed import authority_handler
from watchbound.pipeline.topics import AUTHORISATIONS
from watchbound.ports import Record, Signer
from watchbound.testing.metrics import RecordedMetrics
from watchbound.testing.office import Office, activation, terms
from watchbound.testing.signing import FakeSigner

from .purging import GONE, KEPT, NOW, Deployments

END = NOW + timedelta(hours=4)
SECOND = timedelta(seconds=1)


class World:
    """Two deployments and their authority; `restart` begins the service anew, with nothing but what is kept."""

    def __init__(self, folder: Path) -> None:
        self.left = Deployments(folder)
        self.office = Office()
        self.producer = self.left.broker.producer()
        self.clock_trusted = True
        self.misconfigured = 0
        self.publish(self.office.active(terms(id=GONE, window=Window(NOW, END)), NOW - SECOND))
        far = Window(NOW, NOW + timedelta(days=300))
        self.publish(self.office.active(terms(id=KEPT, window=far), NOW - SECOND))
        self.restart()

    def publish(self, written: WrittenAuthority) -> None:
        self.producer.send(AUTHORISATIONS.name, written.id, codecs.AUTHORISATION.encode(written)).wait(1)

    def restart(self) -> None:
        self.metrics = RecordedMetrics()
        self.view = AuthorityView(self.left.clock, 5.0, self.office.trust)
        self.read()
        trail = AuditTrail(self.left.log, self.left.clock)
        self.desk = AuthorityDesk(self.producer, codecs.AUTHORISATION, self.view, self.left.clock, trail)
        self.undertaker = Undertaker(
            self.view,
            self.desk,
            self._purger,
            self.left.shelf,
            self.left.ring,
            self.office.trust,
            self.office.guardian,
            self.left.clock,
        )
        self.retention = RetentionClock(
            self.view, self.undertaker, self.left.clock, lambda: self.clock_trusted, self.metrics
        )

    def _purger(self) -> Purger:
        if self.misconfigured > 0:
            self.misconfigured -= 1
            msg = "a setting that a person must mend"
            raise ConfigurationError(msg)
        return self.left.purger()

    def read(self) -> None:
        """What the topic holds once it is compacted: the last record of each."""
        handle = authority_handler(codecs.AUTHORISATION, self.view)
        for record in self.standing().values():
            handle(record)
        self.view.confirm()

    def standing(self) -> dict[str | None, Record]:
        return {record.key: record for record in self.left.broker.records(AUTHORISATIONS.name)}

    def round(self, at: Any) -> None:
        self.left.clock.set(at)
        self.view.confirm()
        self.retention.round()

    def gone(self, name: str = GONE) -> frozenset[Purpose]:
        return frozenset(Purpose) - set(self.left.ring.versions(name))

    def known(self, name: str = GONE) -> Authorisation:
        found = self.view.find(name)
        assert found is not None
        return found

    def overdue(self) -> dict[str, float]:
        return {one.value: self.metrics.samples(names.RETENTION_OVERDUE, purpose=one.value)[-1] for one in Purpose}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.mark.parametrize("restarted", [False, True])
def test_each_kind_of_data_goes_at_its_deadline_and_not_before(world: World, restarted: bool) -> None:
    stages: list[tuple[Any, set[Purpose], AuthorisationState]] = [
        (END - SECOND, set(), AuthorisationState.ACTIVE),
        (END, {Purpose.FRAMES}, AuthorisationState.ENDED),
        (END + timedelta(hours=24) - SECOND, {Purpose.FRAMES}, AuthorisationState.ENDED),
        (END + timedelta(hours=24), {Purpose.FRAMES, Purpose.WATCHLIST}, AuthorisationState.ENDED),
        (END + timedelta(days=31) - SECOND, {Purpose.FRAMES, Purpose.WATCHLIST}, AuthorisationState.ENDED),
        (END + timedelta(days=31), set(Purpose), AuthorisationState.PURGED),
    ]
    for at, gone, state in stages:
        if restarted:
            world.left.clock.set(at)
            world.restart()
        world.round(at)
        assert set(world.gone()) == gone
        assert world.known().state is state
        assert world.gone(KEPT) == frozenset()
    assert world.left.counts(GONE) == dict.fromkeys(world.left.counts(GONE), 0)
    receipts = world.left.shelf.receipts(GONE)
    assert len(receipts) == 3
    assert covered(receipts) == frozenset(Purpose)


def test_a_service_that_was_down_for_weeks_purges_everything_at_once_when_it_is_back(world: World) -> None:
    world.left.clock.set(END + timedelta(days=40))
    world.restart()
    world.round(END + timedelta(days=40))
    assert world.known().state is AuthorisationState.PURGED
    assert [one.receipt.purposes for one in world.left.shelf.receipts(GONE)] == [frozenset(Purpose)]


def test_a_cancelled_deployment_is_counted_from_its_cancellation(world: World) -> None:
    written = world.view.written(GONE)
    assert written is not None
    at = NOW + timedelta(hours=1)
    world.publish(world.office.with_act(written, ActKind.CANCEL, world.office.officer, at))
    world.left.clock.set(at)
    world.restart()
    world.round(at)
    assert world.gone() == {Purpose.FRAMES}
    world.round(at + timedelta(hours=24))
    assert world.gone() == {Purpose.FRAMES, Purpose.WATCHLIST}
    assert world.known().state is AuthorisationState.CANCELLED


def urgent(world: World, hours: int = 4) -> WrittenAuthority:
    """Begun now and unsigned, with keys; short enough to end long before the time for a signature is over."""
    short = terms(id="urgent", window=Window(NOW, NOW + timedelta(hours=hours)), urgent=True, cameras=frozenset({"b"}))
    drafted = world.office.drafted(short, NOW)
    world.left.ring.create("urgent")
    return world.office.with_act(drafted, ActKind.ACTIVATE, world.office.drafter, NOW, activation(NOW))


@pytest.mark.parametrize("hours", [4, 48])
def test_an_urgent_deployment_that_nobody_signed_goes_with_all_that_came_of_it(world: World, hours: int) -> None:
    world.publish(urgent(world, hours))
    world.restart()
    world.round(NOW + timedelta(hours=min(hours, 24)) - SECOND)
    assert world.gone("urgent") == frozenset()
    world.round(NOW + timedelta(hours=24) - SECOND)
    assert world.gone("urgent") == ({Purpose.FRAMES} if hours == 4 else frozenset())
    world.round(NOW + timedelta(hours=24))
    assert world.gone("urgent") == frozenset(Purpose)
    assert world.known("urgent").state is AuthorisationState.PURGED


def test_an_urgent_deployment_that_is_refused_goes_at_once_with_all_that_came_of_it(world: World) -> None:
    at = NOW + timedelta(hours=1)
    world.publish(world.office.with_act(urgent(world), ActKind.CANCEL, world.office.officer, at))
    world.left.clock.set(at)
    world.restart()
    world.round(at)
    assert world.gone("urgent") == frozenset(Purpose)
    assert world.known("urgent").state is AuthorisationState.PURGED


def test_an_urgent_deployment_that_is_signed_after_its_end_keeps_its_alerts_and_permits_nothing(world: World) -> None:
    world.publish(urgent(world))
    world.restart()
    world.round(END)
    assert world.known("urgent").state is AuthorisationState.ENDED
    world.left.clock.set(NOW + timedelta(hours=24) - SECOND)
    world.view.confirm()
    signed = world.desk.act("urgent", ActKind.SIGN, world.office.officer, "necessary")
    assert signed.refusal(world.left.clock.now()) is Refusal.ENDED
    assert signed.refusal(NOW + timedelta(hours=1)) is Refusal.ENDED
    world.round(NOW + timedelta(hours=24))
    assert world.gone("urgent") == {Purpose.FRAMES}
    world.round(END + timedelta(hours=24))
    assert world.gone("urgent") == {Purpose.FRAMES, Purpose.WATCHLIST}


def test_nobody_signs_an_urgent_deployment_once_the_time_for_it_is_over(world: World) -> None:
    world.left.gallery.down = True
    world.publish(urgent(world))
    world.restart()
    world.round(END)
    world.left.clock.set(NOW + timedelta(hours=24))
    world.view.confirm()
    with pytest.raises(NotAuthorised, match="none followed by"):
        world.desk.act("urgent", ActKind.SIGN, world.office.officer, "too late")


def test_while_a_store_is_away_it_shows_how_overdue_it_is_and_tries_again_later_and_later(world: World) -> None:
    world.left.gallery.down = True
    due_at = END + timedelta(hours=24)
    world.round(END)
    for minutes in range(0, 60, 1):
        world.round(due_at + timedelta(minutes=minutes))
    assert world.overdue() == {"frames": 0.0, "watchlist": 59 * 60.0, "alerts": 0.0}
    failed = world.metrics.total(names.PURGES, outcome="failed")
    assert 5 <= failed <= 12
    world.left.gallery.down = False
    world.round(due_at + timedelta(hours=2))
    assert world.overdue() == {"frames": 0.0, "watchlist": 0.0, "alerts": 0.0}
    assert world.gone() == {Purpose.FRAMES, Purpose.WATCHLIST}


def test_files_that_the_store_keeps_are_overdue_until_they_are_gone(world: World) -> None:
    world.left.gallery.tidy = False
    at = END + timedelta(hours=24)
    world.round(at)
    world.round(at + timedelta(minutes=1))
    assert world.overdue()["watchlist"] == 60.0
    assert world.metrics.total(names.PURGES, outcome="incomplete") == 2
    world.left.gallery.clean_up(GONE)
    world.round(at + timedelta(hours=1))
    assert world.overdue()["watchlist"] == 0.0


def test_no_audit_no_deletion_yet_it_is_told_that_it_is_overdue(world: World) -> None:
    world.left.log.broken = True
    world.round(END + timedelta(minutes=2))
    assert world.gone() == frozenset()
    assert world.overdue()["frames"] == 120.0


def test_authority_that_may_be_out_of_date_deletes_nothing(world: World) -> None:
    world.left.clock.set(END + timedelta(hours=1))
    world.retention.round()
    assert world.gone() == frozenset()
    assert world.overdue()["frames"] == 3600.0


def test_a_clock_that_is_not_trusted_ends_nothing_and_deletes_nothing(world: World) -> None:
    world.clock_trusted = False
    world.round(NOW + timedelta(days=40))
    assert world.gone() == frozenset()
    assert world.known().state is AuthorisationState.ACTIVE
    world.clock_trusted = True
    world.round(END)
    assert world.gone() == {Purpose.FRAMES}


def test_a_clock_that_stops_being_trusted_during_a_round_deletes_nothing_more(world: World) -> None:
    world.publish(urgent(world))
    world.restart()
    answers = iter([True, False])
    world.retention = RetentionClock(
        world.view, world.undertaker, world.left.clock, lambda: next(answers), world.metrics
    )
    world.round(NOW + timedelta(days=40))
    assert (world.gone("urgent"), world.gone()) == (frozenset(Purpose), frozenset())


def test_what_was_put_off_by_a_wrong_clock_is_tried_as_soon_as_the_clock_is_right(world: World) -> None:
    world.left.log.broken = True
    world.round(NOW + timedelta(days=40))
    world.left.log.broken = False
    world.clock_trusted = False
    world.round(NOW + timedelta(days=40))
    world.clock_trusted = True
    world.round(END)
    assert world.gone() == {Purpose.FRAMES}


def test_what_has_not_ended_is_purged_for_nobody(world: World) -> None:
    world.left.clock.set(END - SECOND)
    world.view.confirm()
    with pytest.raises(NotAuthorised, match="has not ended"):
        world.undertaker.purge(GONE, frozenset(Purpose))
    assert world.gone() == frozenset()


def test_nobody_purges_on_authority_that_may_be_out_of_date(world: World) -> None:
    world.left.clock.set(END)
    with pytest.raises(Unavailable):
        world.undertaker.purge(GONE, frozenset(Purpose))
    assert world.gone() == frozenset()


def test_a_person_may_purge_all_before_the_deadlines_and_the_chain_names_the_receipt(world: World) -> None:
    world.left.clock.set(END)
    world.view.confirm()
    signed = world.undertaker.purge(GONE, frozenset(Purpose))
    written = world.view.written(GONE)
    assert written is not None
    assert written.acts[-1].act.kind is ActKind.PURGE
    assert dict(written.acts[-1].act.details) == {"receipt": signed.receipt.digest()}
    assert signed.receipt.by == "guardian"


def test_after_alerts_were_kept_back_the_chain_is_closed_when_they_go(world: World) -> None:
    world.left.clock.set(END)
    world.view.confirm()
    world.undertaker.purge(GONE, frozenset(Purpose) - {Purpose.ALERTS})
    assert world.known().state is AuthorisationState.ENDED
    world.round(END + timedelta(days=31))
    assert world.known().state is AuthorisationState.PURGED


def nobodys(name: str) -> WrittenAuthority:
    """What anybody could write who may write to the topic and holds no key."""
    return WrittenAuthority(terms(id=name, window=Window(NOW - timedelta(hours=9), NOW - timedelta(hours=8))), ())


def test_a_record_that_nobody_signed_keeps_nothing_from_its_deletion(world: World) -> None:
    world.publish(nobodys("a-nobody"))
    world.left.clock.set(END)
    world.restart()
    world.round(END)
    assert world.gone() == {Purpose.FRAMES}
    assert world.metrics.total(names.PURGES, outcome="failed") == 0
    assert world.left.shelf.receipts("a-nobody") == []


def test_a_record_that_nobody_signed_destroys_no_key_of_the_deployment_whose_id_it_takes(world: World) -> None:
    world.publish(nobodys(KEPT))
    world.restart()
    world.round(NOW + timedelta(days=31))
    assert world.gone(KEPT) == frozenset()
    assert world.gone() == {Purpose.FRAMES, Purpose.WATCHLIST}
    # Somebody must look: by what stands there, it should be gone.
    assert world.overdue()["alerts"] > 0
    assert world.metrics.total(names.PURGES, outcome="failed") == 1
    with pytest.raises(NotAuthorised, match="vouches for what stands on the log"):
        world.undertaker.purge(KEPT, frozenset(Purpose))


def test_a_pause_vouches_for_no_terms(world: World) -> None:
    forged = world.office.with_act(nobodys(KEPT), ActKind.DRAFT, FakeSigner("key-of-nobody"), NOW)
    world.publish(world.office.with_act(forged, ActKind.PAUSE, world.office.reviewer, NOW))
    world.restart()
    world.round(NOW + timedelta(days=31))
    assert world.gone(KEPT) == frozenset()


@pytest.mark.parametrize("left", ["drafter", "officer"])
@pytest.mark.parametrize("restarted", [False, True])
def test_what_is_due_goes_although_whoever_drafted_or_signed_it_has_left_the_trust_list(
    world: World, left: str, restarted: bool
) -> None:
    before = world.standing()[GONE].value
    world.office.trust.remove(f"key-of-{left}")
    for at, gone in (
        (END - SECOND, set()),
        (END, {Purpose.FRAMES}),
        (END + timedelta(hours=24), {Purpose.FRAMES, Purpose.WATCHLIST}),
        (END + timedelta(days=31), set(Purpose)),
        (END + timedelta(days=32), set(Purpose)),
    ):
        world.left.clock.set(at)
        if restarted:
            world.restart()
        world.round(at)
        assert set(world.gone()) == gone
    assert world.overdue()["alerts"] == 0.0
    assert world.metrics.total(names.PURGES, outcome="failed") == 0
    # No act follows one that does not hold: it would leave out what stands there.
    assert world.standing()[GONE].value == before


def test_what_the_clock_has_ended_goes_whoever_has_left_since(world: World) -> None:
    world.round(END)
    for holder in ("drafter", "officer"):
        world.office.trust.remove(f"key-of-{holder}")
    world.left.clock.set(END + timedelta(days=31))
    world.restart()
    world.round(END + timedelta(days=31))
    assert world.gone() == frozenset(Purpose)


def test_what_goes_wrong_with_one_keeps_nothing_of_another(world: World) -> None:
    world.publish(urgent(world))
    world.restart()
    world.misconfigured = 1
    world.round(END)
    assert [set(world.gone(name)) for name in ("urgent", GONE)] == [set(), {Purpose.FRAMES}]
    assert world.metrics.total(names.PURGES, outcome="failed") == 1
    world.round(END + timedelta(minutes=1))
    assert world.gone("urgent") == {Purpose.FRAMES}


def test_a_receipt_that_cannot_be_read_keeps_nothing_of_another_and_what_it_says_is_overdue(
    world: World, tmp_path: Path
) -> None:
    world.publish(urgent(world))
    world.restart()
    world.round(END)
    (tmp_path / "receipts" / "urgent" / "x.json").write_text("{")
    world.round(END + timedelta(hours=24))
    assert world.gone("urgent") == {Purpose.FRAMES}
    assert world.gone() == {Purpose.FRAMES, Purpose.WATCHLIST}
    assert world.overdue()["frames"] > 0


def receipt(of: str, signer: Signer) -> SignedReceipt:
    """One that says that all of it is gone."""
    places = (PlaceDeleted("gallery", "templates", 0, 0, "trust me"),)
    said = DeletionReceipt(of, NOW, "somebody", "a test", frozenset(Purpose), places)
    return SignedReceipt(said, signer.sign(said.statement()))


@pytest.mark.parametrize("forged", ["unsigned", "reviewer", "unknown", "of another", "revoked"])
def test_a_file_among_the_receipts_counts_only_if_it_is_signed_and_of_this_authorisation(
    world: World, tmp_path: Path, forged: str
) -> None:
    office, others = world.office, FakeSigner("key-of-nobody")
    found = {
        "unsigned": replace(receipt(GONE, office.guardian), signature=Signature("key-of-guardian", bytes(64))),
        "reviewer": receipt(GONE, office.reviewer),
        "unknown": receipt(GONE, others),
        "of another": receipt(KEPT, office.guardian),
        "revoked": receipt(GONE, office.other_officer),
    }[forged]
    office.trust.revoke("key-of-other-officer")
    folder = tmp_path / "receipts" / GONE
    folder.mkdir(parents=True)
    (folder / "29990101T000000000000Z-x.json").write_text(json.dumps(found.as_json()))
    world.round(END + timedelta(days=31))
    assert world.gone() == frozenset(Purpose)
    written = world.view.written(GONE)
    assert written is not None
    assert dict(written.acts[-1].act.details)["receipt"] != found.receipt.digest()


@pytest.mark.parametrize("who", ["guardian", "other_officer"])
def test_a_receipt_of_a_guardian_or_an_officer_counts(world: World, who: str) -> None:
    world.left.shelf.put(receipt(GONE, getattr(world.office, who)))
    world.round(END)
    assert world.gone() == frozenset()
