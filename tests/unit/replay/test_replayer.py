from __future__ import annotations

import pytest

from tests.unit.alerting.factory import decision
from tests.unit.replay.bench import EVERYTHING, TERMS, Bench, frame, sighting
from watchbound.adapters import codecs
from watchbound.domain.errors import Poison, PoisonReason, Unavailable, UnknownReference
from watchbound.pipeline.topics import AUTHORISATIONS, DECISIONS, FRAMES, MATCHES
from watchbound.replay.letters import Standing, letter_named
from watchbound.replay.policies import POLICIES


def test_a_match_is_handed_over_again_under_its_own_key_and_the_audit_log_is_told_before_and_after() -> None:
    bench = Bench()
    value = codecs.MATCH.encode(sighting())
    bench.poisoned(MATCHES.name, value, PoisonReason.WRONG_KEY, key="elsewhere")
    assert bench.retry() == [("retried", "")]
    sent = [record for record in bench.broker.records(MATCHES.name) if record.key == sighting().subject]
    assert [record.value for record in sent] == [value]
    assert bench.acts() == ["dead-letter.retry-begun", "dead-letter.retried"]
    assert {event.authorisation_id for event in bench.audit.events} == {"station"}


def test_again_it_does_nothing() -> None:
    bench = Bench()
    bench.poisoned(MATCHES.name, codecs.MATCH.encode(sighting()))
    bench.retry()
    assert bench.retry() == []
    assert [letter.standing for letter in bench.letters()] == [Standing.RETRIED]


def test_a_worker_that_reported_twice_made_one_letter() -> None:
    bench = Bench()
    record = bench.poisoned(MATCHES.name, codecs.MATCH.encode(sighting()))
    bench.letters_sent.send(record, Poison(PoisonReason.BAD_VALUE, "again")).wait(1)
    assert len(bench.letters()) == 1


@pytest.mark.parametrize(
    ("what", "why"),
    [("cancelled", "cancelled"), ("unknown", "no_authorisation"), ("over", "ended"), ("elsewhere", "captured_outside")],
)
def test_what_no_authority_permits_any_more_is_dropped_with_its_reason(what: str, why: str) -> None:
    bench = Bench()
    seen = sighting(-30.0) if what == "elsewhere" else sighting()
    bench.poisoned(MATCHES.name, codecs.MATCH.encode(seen))
    if what == "cancelled":
        bench.view.apply(bench.office.cancelled(TERMS))
    elif what == "unknown":
        bench.view.forget("station")
    elif what == "over":
        bench.clock.advance(3600)
        bench.view.confirm()
    ((outcome, because),) = bench.retry()
    assert outcome == "dropped"
    assert because.startswith(why)
    assert bench.records(MATCHES.name) == 1, "it was not handed over"
    (event,) = bench.audit.events
    assert event.act == "dead-letter.dropped"
    assert dict(event.facts)["because"] == because


def test_while_authority_is_not_known_nothing_is_decided() -> None:
    bench = Bench()
    bench.poisoned(MATCHES.name, codecs.MATCH.encode(sighting()))
    bench.clock.advance(3601)
    with pytest.raises(Unavailable, match="not known"):
        bench.retry()
    assert [letter.standing for letter in bench.letters()] == [Standing.OPEN]


def test_no_audit_no_replay() -> None:
    bench = Bench()
    bench.poisoned(MATCHES.name, codecs.MATCH.encode(sighting()))
    bench.audit.broken = True
    with pytest.raises(Unavailable):
        bench.retry()
    assert bench.records(MATCHES.name) == 1


def test_a_decision_may_be_replayed_after_the_end_of_its_deployment() -> None:
    bench = Bench()
    bench.poisoned(DECISIONS.name, codecs.DECISION.encode(decision("a", 1)), PoisonReason.UNTRUSTED)
    bench.view.apply(bench.office.cancelled(TERMS))
    assert bench.retry(POLICIES["trust-mended"]) == [("retried", "")]


def test_a_frame_is_read_again_at_its_place() -> None:
    bench = Bench()
    bench.poisoned(FRAMES.name, codecs.FRAME.encode(frame()), PoisonReason.UNSEALABLE, key="gate-1")
    assert [letter.content.payload for letter in bench.letters()] == [b""]
    assert bench.retry(POLICIES["keys-mended"]) == [("retried", "")]
    assert [record.key for record in bench.broker.records(FRAMES.name)] == ["gate-1", "gate-1"]


def test_a_frame_whose_record_is_gone_or_another_is_dropped_as_gone() -> None:
    bench = Bench()
    record = bench.poisoned(FRAMES.name, codecs.FRAME.encode(frame()), key="gate-1")
    bench.removed.add(record.offset)
    assert bench.retry() == [("dropped", "gone")]


def test_a_frame_that_a_worker_would_shed_is_dropped_as_stale() -> None:
    bench = Bench()
    bench.poisoned(FRAMES.name, codecs.FRAME.encode(frame()), key="gate-1")
    bench.clock.advance(6.0)
    bench.view.confirm()
    assert bench.retry() == [("dropped", "stale")]
    assert bench.records(FRAMES.name) == 1


def test_state_is_never_fed_from_the_past() -> None:
    bench = Bench()
    bench.poisoned(AUTHORISATIONS.name, codecs.AUTHORISATION.encode(bench.office.active(TERMS)))
    assert bench.retry() == [("left", "not_replayable")]
    assert [letter.standing for letter in bench.letters()] == [Standing.OPEN]


def test_a_policy_takes_its_own_reasons_only() -> None:
    bench = Bench()
    bench.poisoned(MATCHES.name, codecs.MATCH.encode(sighting()), PoisonReason.FROM_THE_FUTURE)
    assert bench.retry(POLICIES["keys-mended"]) == []
    assert bench.retry(POLICIES["clock-mended"]) == [("retried", "")]


def test_a_partition_that_is_still_poison_is_left_alone_and_its_neighbours_are_not() -> None:
    bench = Bench()
    for number in range(30):
        bench.poisoned(MATCHES.name, f"rubbish {number}".encode(), key="one")
    good = codecs.MATCH.encode(sighting())
    partition = {record.source.partition for record in bench.broker.records(MATCHES.name)}
    other = bench.poisoned(MATCHES.name, good, key=sighting().subject)
    assert {other.source.partition} != partition
    outcomes = [outcome for outcome, _ in bench.retry()]
    assert outcomes.count("still-poison") == EVERYTHING.cap.consecutive
    assert outcomes.count("left") == 30 - EVERYTHING.cap.consecutive
    assert outcomes.count("retried") == 1


def test_a_person_may_drop_letters_and_is_named() -> None:
    bench = Bench()
    bench.poisoned(MATCHES.name, b"rubbish")
    done = list(bench.replayer.drop(bench.letters(), EVERYTHING))
    assert [each.outcome.value for each in done] == ["dropped"]
    assert (bench.audit.events[0].actor, bench.audit.events[0].reason) == ("ops-3", "a test")
    assert bench.letters()[0].standing is Standing.DROPPED


def test_a_letter_is_found_by_the_place_of_its_record() -> None:
    bench = Bench()
    record = bench.poisoned(MATCHES.name, b"rubbish")
    name = f"{MATCHES.name}/{record.source.partition}/{record.offset}"
    assert letter_named(bench.letters(), name).id == name
    with pytest.raises(UnknownReference, match="nowhere"):
        letter_named(bench.letters(), "nowhere/0/0")
