"""Records in, alerts out: authority, poison and counting."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest

from tests.unit.alerting.factory import GAP_S, POLICY, at, decision, match, reviewers, signed
from watchbound.adapters import codecs
from watchbound.alerting.fold import MAX_CLOCK_SKEW, MAX_CROP_BYTES, AlertCodecs, AlertFold
from watchbound.alerting.lookalike import LookalikeCheck, Resemblance
from watchbound.alerting.window_codec import AlertWindowCodec
from watchbound.domain.act import ActKind
from watchbound.domain.adjudication import Standing
from watchbound.domain.alert import Alert, AlertEvent
from watchbound.domain.decision import Decision, Verdict
from watchbound.domain.embedding import Embedding
from watchbound.domain.errors import Poison, PoisonReason, Unavailable
from watchbound.domain.listing import Listing
from watchbound.domain.match import Match
from watchbound.domain.moment import Window
from watchbound.domain.watchlist import EnrolledImage, EntryRemoved
from watchbound.domain.written_authority import WrittenAuthority
from watchbound.pipeline import metric_names as names
from watchbound.pipeline.audit import AuditTrail
from watchbound.pipeline.authority import AuthorityView
from watchbound.pipeline.keyed_fold import FoldStep
from watchbound.pipeline.sealing import seal_template
from watchbound.pipeline.topics import ALERTS, DECISIONS, MATCHES
from watchbound.pipeline.watchlist_roster import Roster
from watchbound.ports import Record, TopicPartition
from watchbound.testing.audit import FakeAuditLog
from watchbound.testing.clock import ManualClock
from watchbound.testing.keyring import FakeKeyRing
from watchbound.testing.metrics import RecordedMetrics
from watchbound.testing.office import Office, terms
from watchbound.testing.watchlist import FakeOfficers

SUBJECT = "station/P001"
OFFICE = Office()
STATION = terms(
    id="station",
    cameras=frozenset({"gate-1", "gate-2"}),
    window=Window(at(-3600), at(3600)),
    minimum_threshold=0.55,
)


class Bench:
    """A fold with one authorisation in force, at noon."""

    def __init__(self) -> None:
        self.clock = ManualClock(at(0.5))
        self.metrics = RecordedMetrics()
        self.audit = FakeAuditLog()
        self.authority = AuthorityView(self.clock, max_age_s=5, trust=OFFICE.trust)
        self.authority.apply(OFFICE.active(STATION))
        self.authority.confirm()
        self.officers = FakeOfficers()
        self.watchlist = Roster(self.officers.trust)
        self.watchlist.apply(self.listing(at(-60)))
        self.ring = FakeKeyRing()
        self.ring.create("station")
        self.reviewers = reviewers("officer-1", "officer-2")
        wire = AlertCodecs(codecs.MATCH, codecs.DECISION, codecs.ALERT, AlertWindowCodec(codecs.MATCH))
        self.fold = AlertFold(
            POLICY,
            self.authority,
            self.watchlist,
            self.reviewers,
            LookalikeCheck(self.ring, Resemblance()),
            wire,
            AuditTrail(self.audit, self.clock),
            self.clock,
            self.metrics,
        )
        self.state: bytes | None = None

    def listing(self, approved: datetime, expires: datetime | None = None) -> Listing:
        entry = match(0).entry
        image = EnrolledImage(entry, "a" * 64, Embedding(np.array([1, 0], np.float32), "m"))
        return self.officers.listing([image], approved, expires)

    def take(self, topic: str, value: bytes | None, key: str = SUBJECT, sent_at: datetime | None = None) -> FoldStep:
        record = Record(TopicPartition(topic, 0), 7, key, value, (), sent_at or at(0))
        step = self.fold.handle(key, record, self.state, at(-100))
        return self._keep(step)

    def match(self, value: Match, sent_at: datetime | None = None) -> FoldStep:
        return self.take(MATCHES.name, codecs.MATCH.encode(value), sent_at=sent_at)

    def decide(self, value: Decision) -> list[Alert]:
        step = self.take(DECISIONS.name, codecs.DECISION.encode(value))
        return [codecs.ALERT.decode(output.value) for output in step.outputs]

    def tick(self) -> FoldStep:
        assert self.state is not None
        return self._keep(self.fold.tick(SUBJECT, self.state, at(-100)))

    def suppressed(self, reason: str) -> float:
        return self.metrics.total(names.MATCHES_SUPPRESSED, reason=reason)

    def _keep(self, step: FoldStep) -> FoldStep:
        if step.record is not None:
            step.record()
        self.state = step.state
        step.done()
        return step


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_match_becomes_an_alert_under_its_subject(bench: Bench) -> None:
    (output,) = bench.match(match(0)).outputs
    assert (output.topic, output.key) == (ALERTS.name, SUBJECT)
    assert codecs.ALERT.decode(output.value).event is AlertEvent.OPENED
    assert bench.metrics.total(names.ALERTS_EMITTED, event="opened") == 1
    assert bench.metrics.samples(names.CAPTURE_TO_ALERT_SECONDS) == [0.5]


def test_an_alert_is_recorded_when_it_is_raised_and_not_when_it_goes_on(bench: Bench) -> None:
    (output,) = bench.match(match(0)).outputs
    bench.match(match(0.2, 0.9))
    bench.decide(signed(decision(codecs.ALERT.decode(output.value).id, 0.4)))
    (event,) = bench.audit.events
    alert = codecs.ALERT.decode(output.value)
    assert (event.act, event.object, event.authorisation_id) == ("alert.raised", alert.id, "station")
    best = alert.best
    assert dict(event.facts) == {
        "camera": best.camera_id,
        "entry": "P001",
        "frame": best.frame_id,
        "match": best.id,
        "threshold": f"{best.threshold:.4f}",
    }


def test_what_cannot_be_recorded_is_not_raised_and_once_it_can_it_is_recorded_once(bench: Bench) -> None:
    bench.audit.broken = True
    with pytest.raises(Unavailable):
        bench.match(match(0))
    assert (bench.state, bench.metrics.total(names.ALERTS_EMITTED)) == (None, 0)
    bench.audit.broken = False
    first = bench.match(match(0))
    # As after a crash before its state was stored.
    bench.state = None
    again = bench.match(match(0))
    assert codecs.ALERT.decode(again.outputs[0].value).id == codecs.ALERT.decode(first.outputs[0].value).id
    assert [event.act for event in bench.audit.events] == ["alert.raised"]


def test_every_match_is_either_told_or_has_a_reason(bench: Bench) -> None:
    for value in (match(0), match(0), match(0.1), match(0.2, 0.9), match(0.3, camera="elsewhere")):
        bench.match(value)
    told = bench.metrics.total(names.ALERTS_EMITTED)
    assert told + bench.metrics.total(names.MATCHES_SUPPRESSED) == bench.metrics.total(names.MATCHES_RECEIVED) == 5


def test_a_duplicate_is_not_stored_again(bench: Bench) -> None:
    assert bench.match(match(0)).changed
    assert not bench.match(match(0)).changed


def test_time_expires_an_alert_when_it_said_it_would(bench: Bench) -> None:
    wake_at = bench.match(match(0)).wake_at
    assert wake_at == at(1.5), "an open alert's entry is asked for again every second"
    bench.clock.set(at(0.5 + GAP_S) + timedelta(milliseconds=1))
    (output,) = bench.tick().outputs
    assert codecs.ALERT.decode(output.value).event is AlertEvent.EXPIRED
    assert bench.tick().outputs == ()


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (match(0, camera="elsewhere"), "camera_not_covered"),
        (match(-7200), "captured_outside_window"),
    ],
)
def test_what_authority_does_not_cover_raises_nothing(bench: Bench, value: Match, reason: str) -> None:
    step = bench.match(value)
    assert (step.outputs, step.state, bench.suppressed(reason)) == ((), None, 1)


def test_a_cancelled_deployment_raises_nothing_from_what_lay_in_the_log(bench: Bench) -> None:
    bench.authority.apply(OFFICE.cancelled(STATION))
    assert bench.match(match(0)).outputs == ()
    assert bench.suppressed("cancelled") == 1


def test_while_authority_is_not_current_a_match_is_held(bench: Bench) -> None:
    bench.clock.advance(60)
    with pytest.raises(Unavailable, match="authority"):
        bench.match(match(0))
    bench.authority.confirm()
    assert bench.match(match(0)).outputs


def purged() -> WrittenAuthority:
    """Over, and everything of it is gone."""
    ended = OFFICE.with_act(OFFICE.active(STATION), ActKind.END, OFFICE.guardian, at(3700))
    return OFFICE.with_act(ended, ActKind.PURGE, OFFICE.guardian, at(3800), {"receipt": "0" * 64})


def rejection(alert_id: str) -> Decision:
    return signed(decision(alert_id, 0.4, Verdict.REJECT))


def opened(bench: Bench) -> Alert:
    (output,) = bench.match(match(0)).outputs
    return codecs.ALERT.decode(output.value)


@pytest.mark.parametrize("how", ["over", "cancelled"])
def test_people_may_decide_after_a_deployment(bench: Bench, how: str) -> None:
    alert = opened(bench)
    if how == "over":
        bench.clock.set(at(3700))
    else:
        bench.authority.apply(OFFICE.cancelled(STATION))
    bench.authority.confirm()
    (told,) = bench.decide(rejection(alert.id))
    assert told.event is AlertEvent.ADJUDICATED
    assert bench.metrics.total(names.DECISIONS_REFUSED) == 0


def test_a_decision_on_what_is_purged_counts_for_nothing(bench: Bench) -> None:
    alert = opened(bench)
    bench.clock.set(at(3900))
    bench.authority.apply(purged())
    bench.authority.confirm()
    before = bench.state
    assert bench.decide(rejection(alert.id)) == []
    assert bench.state == before
    assert bench.metrics.total(names.DECISIONS_REFUSED, reason="purged") == 1


def test_a_decision_under_an_authorisation_that_nobody_knows_counts_for_nothing(bench: Bench) -> None:
    bench.authority.forget("station")
    said = rejection("f" * 32)
    with pytest.raises(Unavailable, match="nothing is known yet"):
        bench.decide(said)
    bench.clock.advance(2)
    assert bench.decide(said) == []
    assert bench.state is None
    assert bench.metrics.total(names.DECISIONS_REFUSED, reason="no_authorisation") == 1


def test_while_authority_is_not_current_a_decision_is_held(bench: Bench) -> None:
    alert = opened(bench)
    bench.clock.advance(60)
    with pytest.raises(Unavailable, match="the decision is held"):
        bench.decide(rejection(alert.id))
    bench.authority.confirm()
    assert bench.decide(rejection(alert.id))


def test_a_match_that_overtook_its_authorisation_waits_a_moment(bench: Bench) -> None:
    bench.authority.forget("station")
    with pytest.raises(Unavailable, match="nothing is known yet"):
        bench.match(match(0), sent_at=at(0.4))
    bench.clock.advance(2)
    assert bench.match(match(0), sent_at=at(0.4)).outputs == ()
    assert bench.suppressed("no_authorisation") == 1


def test_a_removed_entry_raises_nothing(bench: Bench) -> None:
    bench.watchlist.apply(EntryRemoved("station", "P001", at(0)))
    assert bench.match(match(0)).outputs == ()
    assert bench.suppressed("entry_removed") == 1


def test_a_decision_is_counted_and_silences(bench: Bench) -> None:
    alert = codecs.ALERT.decode(bench.match(match(0)).outputs[0].value)
    (told,) = bench.decide(signed(decision(alert.id, 0.4)))
    assert told.adjudication is not None
    assert told.adjudication.standing is Standing.AWAITING_SECOND
    (told,) = bench.decide(signed(decision(alert.id, 0.5, reviewer="officer-2")))
    assert told.adjudication is not None
    assert told.adjudication.standing is Standing.CONFIRMED
    assert bench.metrics.total(names.DECISIONS_RECEIVED, verdict="confirm") == 2
    assert bench.metrics.total(names.ALERTS_EMITTED, event="adjudicated") == 2
    bench.match(match(0.4, 0.9))
    assert bench.suppressed("confirmed") == 1


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        (SUBJECT, b"\xff\xff", PoisonReason.BAD_PROTOBUF),
        (SUBJECT, b"", PoisonReason.EMPTY),
        (SUBJECT, None, PoisonReason.EMPTY),
        ("station/P002", codecs.MATCH.encode(match(0)), PoisonReason.WRONG_KEY),
        (
            SUBJECT,
            codecs.MATCH.encode(match(0.6 + MAX_CLOCK_SKEW.total_seconds())),
            PoisonReason.FROM_THE_FUTURE,
        ),
        (
            SUBJECT,
            codecs.MATCH.encode(replace(match(0), crop=b"x" * (MAX_CROP_BYTES + 1))),
            PoisonReason.TOO_MANY_BYTES,
        ),
    ],
)
def test_what_can_never_be_handled_is_poison(bench: Bench, key: str, value: bytes | None, reason: PoisonReason) -> None:
    with pytest.raises(Poison) as caught:
        bench.take(MATCHES.name, value, key)
    assert caught.value.reason is reason


def test_a_judged_lookalike_is_suppressed_and_counted(bench: Bench) -> None:
    def passing(seconds: float, *template: float) -> Match:
        return seal_template(bench.ring, match(seconds), np.array(template, dtype=np.float32))

    alert = codecs.ALERT.decode(bench.match(passing(0, 1, 0)).outputs[0].value)
    for officer in ("officer-1", "officer-2"):
        bench.decide(signed(decision(alert.id, 0.3, Verdict.LOOKALIKE, officer)))
    assert bench.match(passing(0.4, 0.8, 0.6)).outputs == ()
    assert bench.suppressed("lookalike") == 1
    assert bench.match(passing(0.5, 0.6, 0.8)).outputs


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (decision("a", 0), "is not signed"),
        (signed(decision("a", 0), "officer-2"), "officer-2 signed a decision in the name of officer-1"),
        (signed(decision("a", 0, reviewer="stranger")), "no key stranger is trusted"),
        (replace(signed(decision("a", 0)), verdict=Verdict.REJECT), "does not hold"),
    ],
)
def test_a_decision_that_no_reviewer_signed_is_poison(bench: Bench, value: Decision, fault: str) -> None:
    with pytest.raises(Poison, match=fault) as caught:
        bench.decide(value)
    assert caught.value.reason is PoisonReason.UNTRUSTED


def test_a_revoked_reviewer_decides_nothing_any_more(bench: Bench) -> None:
    bench.reviewers.revoke("officer-1")
    with pytest.raises(Poison, match="revoked"):
        bench.decide(signed(decision("a", 0)))


def test_a_decision_from_the_future_is_poison(bench: Bench) -> None:
    with pytest.raises(Poison, match="from_the_future"):
        bench.decide(signed(decision("a", 0.6 + MAX_CLOCK_SKEW.total_seconds())))


def test_a_decision_under_anothers_key_is_poison(bench: Bench) -> None:
    with pytest.raises(Poison, match="wrong_key"):
        bench.take(DECISIONS.name, codecs.DECISION.encode(decision("a", 0)), "station/P002")


def test_the_largest_crop_fits_the_log(bench: Bench) -> None:
    step = bench.match(replace(match(0), crop=b"x" * MAX_CROP_BYTES))
    assert len(step.outputs[0].value) < ALERTS.max_message_bytes
    assert len(step.state or b"") < 1_000_000


def test_an_entry_that_expires_raises_nothing_from_that_very_moment(bench: Bench) -> None:
    bench.watchlist.apply(bench.listing(at(-50), expires=at(10)))
    assert bench.match(match(0)).outputs
    bench.state = None
    bench.clock.set(at(10))
    bench.authority.confirm()
    assert bench.match(match(9.5)).outputs == ()
    assert bench.suppressed("entry_expired") == 1


def test_an_entry_that_nobody_vouched_for_waits_a_moment_and_raises_nothing(bench: Bench) -> None:
    bench.watchlist.forget("station", "P001")
    with pytest.raises(Unavailable, match="vouched"):
        bench.match(match(0), sent_at=at(0.4))
    bench.clock.advance(2)
    assert bench.match(match(0), sent_at=at(0.4)).outputs == ()
    assert bench.suppressed("entry_unknown") == 1


def test_a_revoked_officer_takes_along_whom_they_vouched_for(bench: Bench) -> None:
    assert bench.match(match(0)).outputs
    bench.officers.trust.revoke("second")
    bench.clock.advance(3)
    assert bench.match(match(1)).outputs == ()
    assert bench.suppressed("entry_unknown") == 1


@pytest.mark.parametrize("how", ["removed", "expired"])
def test_an_open_alert_of_somebody_who_is_not_listed_any_more_is_withdrawn(bench: Bench, how: str) -> None:
    bench.watchlist.apply(bench.listing(at(-50), expires=at(2) if how == "expired" else None))
    wake_at = bench.match(match(0)).wake_at
    if how == "removed":
        bench.watchlist.apply(EntryRemoved("station", "P001", at(1)))
    bench.clock.set(wake_at or at(0))
    if how == "expired":
        assert bench.tick().outputs == ()
        bench.clock.set(at(2))
    (output,) = bench.tick().outputs
    assert codecs.ALERT.decode(output.value).event is AlertEvent.EXPIRED
    assert bench.tick().outputs == ()


def test_while_the_list_is_not_known_to_be_current_no_alert_is_withdrawn(bench: Bench) -> None:
    bench.match(match(0))
    bench.watchlist.forget("station", "P001")
    bench.clock.advance(6)
    assert bench.tick().outputs == ()
