"""The record's figures, each against a count made by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.unit.governance.record import deployment
from tests.unit.governance.record.deployment import alert, at, decision, facts, span, tallies
from watchbound.domain.adjudication import Standing
from watchbound.domain.decision import Verdict
from watchbound.domain.demography import Sex
from watchbound.domain.watchlist import ResponseLevel
from watchbound.governance.record.build import build_record


def test_the_published_fields_are_what_was_counted() -> None:
    record = build_record(facts())
    assert (record.operated, record.duration_s) == (span(0, 600), 600.0)
    assert (record.faces, record.seen, record.compared) == (8000, 1000, 800)
    assert (len(record.alerts), record.true_alerts, record.false_alerts) == (5, 2, 2)
    assert record.standings()[Standing.UNDECIDED] == 1
    assert sum(record.standings().values()) == len(record.alerts)
    assert record.discrepancies == ()
    assert any("1 of 5 alerts: nobody has decided" in note for note in record.notes)


def test_both_denominators_and_the_fpir_have_their_own_trials() -> None:
    rates = build_record(facts()).rates
    assert (rates.over_faces.count, rates.over_faces.of) == (2, 1000)
    assert (rates.fpir.count, rates.fpir.of) == (2, 800)
    assert (rates.over_alerts.count, rates.over_alerts.of) == (2, 4)
    assert (rates.over_operational_alerts.count, rates.over_operational_alerts.of) == (2, 3)


def test_a_confirmation_that_needs_a_second_reviewer_is_not_a_true_alert_yet() -> None:
    red = alert("red", 100, level=ResponseLevel.RED)
    first = decision(red, Verdict.CONFIRM)
    record = build_record(facts(alerts=(red,), decisions=(first,)))
    assert (record.true_alerts, record.false_alerts) == (0, 0)
    assert any("true alert unconfirmed" in note for note in record.notes)
    second = decision(red, Verdict.CONFIRM, "officer.3")
    assert build_record(facts(alerts=(red,), decisions=(first, second))).true_alerts == 1


def test_the_recall_of_volunteers_is_measured_against_their_own_log() -> None:
    found = build_record(facts()).recall
    assert found is not None
    assert (found.tpir.count, found.tpir.of) == (1, 2)
    assert [noted.camera_id for noted in found.missed] == ["gate-2"]


@pytest.mark.parametrize("verdict", [Verdict.REJECT, Verdict.LOOKALIKE])
def test_an_alert_on_somebody_else_recalls_no_volunteer(verdict: Verdict) -> None:
    blue = deployment.BLUE
    record = build_record(facts(alerts=(blue,), decisions=(decision(blue, verdict),)))
    found = record.recall
    assert found is not None
    assert record.false_alerts == 1
    assert (found.tpir.count, found.tpir.of, len(found.missed)) == (0, 2, 2)


def test_an_alert_that_nobody_decided_on_recalls_its_volunteer() -> None:
    found = build_record(facts(alerts=(deployment.BLUE,), decisions=())).recall
    assert found is not None
    assert (found.tpir.count, found.tpir.of) == (1, 2)


@pytest.mark.parametrize("verdict", [Verdict.CONFIRM, Verdict.REJECT])
def test_a_pass_while_a_decision_silences_the_entry_does_not_count(verdict: Verdict) -> None:
    silent = replace(deployment.VOLUNTEERS.passes[0], at=at(575))
    log = replace(deployment.VOLUNTEERS, passes=(silent,), tolerance=timedelta(seconds=10))
    said = (decision(deployment.BLUE, verdict),)
    found = build_record(facts(volunteers=log, alerts=(deployment.BLUE,), decisions=said)).recall
    assert found is not None
    assert (found.tpir.of, found.silenced) == (0, 1)


def test_without_a_log_recall_is_absent_and_the_record_says_why() -> None:
    record = build_record(facts(volunteers=None))
    assert record.recall is None
    assert any("recall was not measured" in note for note in record.notes)


def test_a_camera_that_was_away_shows_as_a_gap_and_not_as_nobody_passing() -> None:
    one, two = build_record(facts(tallies=tallies(away=range(3, 6)), in_flight=0)).coverage
    assert (one.gaps, one.share) == ((), 1.0)
    assert two.gaps == (span(180, 360),)
    assert two.share == pytest.approx(0.7)


def test_a_pause_is_taken_off_the_duration_and_is_no_gap() -> None:
    paused = tuple(t for t in tallies() if not 180 <= (t.span.start - at(0)).total_seconds() < 300)
    record = build_record(facts(tallies=paused, active=(span(-1, 180), span(300, 3600))))
    assert record.paused == (span(180, 300),)
    assert record.duration_s == 480.0
    assert all(camera.gaps == () for camera in record.coverage)


def test_a_deployment_that_never_operated_has_a_record_too() -> None:
    record = build_record(facts(tallies=(), alerts=(), decisions=(), volunteers=None))
    assert (record.operated, record.coverage, record.timeline) == (None, (), ())
    assert record.rates.over_faces.value is None
    assert "no frame was published" in record.notes


def test_the_timeline_holds_every_face_once() -> None:
    record = build_record(facts())
    assert sum(bar.compared for bar in record.timeline) == record.compared
    assert sum(bar.shed for bar in record.timeline) == record.frames.shed + record.frames.shed_at_site


def test_small_groups_are_withheld_and_cannot_be_had_by_subtraction() -> None:
    alerts = tuple(alert(f"a{n}", 10 + n) for n in range(20))
    groups = [Sex.FEMALE] * 12 + [Sex.MALE] * 6 + [Sex.NOT_STATED] * 2
    decisions = tuple(decision(a, Verdict.REJECT, sex=sex) for a, sex in zip(alerts, groups, strict=True))
    record = build_record(facts(alerts=alerts, decisions=decisions))
    shown = {cell.group: cell.proportion for cell in record.fpir_slices if cell.attribute == "sex"}
    assert shown["not-stated"] is None
    assert shown["male"] is None
    female = shown["female"]
    assert female is not None
    assert (female.count, female.of) == (12, 800)
