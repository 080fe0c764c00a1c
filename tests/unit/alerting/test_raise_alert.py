from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.unit.alerting.factory import GAP_S, ONE_PERSON, POLICY, SUPPRESS_S, at, decision, match
from watchbound.alerting.raise_alert import CLEARLY_BETTER, AlertPolicy, Quiet, Step, due, expire, raise_alert, settle
from watchbound.alerting.window import AlertWindow, Lookalike, PassageState
from watchbound.domain.adjudication import Standing
from watchbound.domain.alert import Alert, AlertEvent, alert_id
from watchbound.domain.decision import Decision, Verdict
from watchbound.domain.match import Match

LISTENING = at(-1000)


class Line:
    """A window with everything that has come out of it; things happen half a second after their capture."""

    def __init__(self, policy: AlertPolicy = ONE_PERSON) -> None:
        self._policy = policy
        self.window: AlertWindow | None = None
        self.alerts: list[Alert] = []
        self.quiet: Quiet | None = None

    def take(self, *happenings: Match | Decision, lookalike: bool = False) -> Line:
        for happening in happenings:
            if isinstance(happening, Match):
                now = happening.captured_at + timedelta(seconds=0.5)
                self._keep(raise_alert(self.window, happening, self._policy, now, lookalike))
            else:
                self._keep(settle(self.window, happening, self._policy, happening.decided_at))
        return self

    def tick(self, seconds: float, listening_since: float = -1000) -> Line:
        assert self.window is not None
        self._keep(expire(self.window, self._policy, at(seconds), at(listening_since)))
        return self

    def events(self) -> list[tuple[AlertEvent, int]]:
        return [(alert.event, alert.revision) for alert in self.alerts]

    def _keep(self, step: Step) -> None:
        self.window, self.quiet = step.window, step.quiet
        self.alerts += step.alerts


OPENED, UPDATED, EXPIRED, ADJUDICATED = AlertEvent
CONFIRM, REJECT, LOOKALIKE, CANNOT_TELL = Verdict


def test_the_first_match_opens() -> None:
    first = match(0, 0.6)
    (alert,) = Line().take(first).alerts
    assert (alert.event, alert.revision, alert.matches) == (OPENED, 0, 1)
    assert alert.id == alert_id(first)
    assert (alert.first_seen, alert.last_seen, alert.opened_by) == (at(-1), at(0), at(0))
    assert alert.best is first


def test_more_of_the_same_is_not_told_but_remembered() -> None:
    line = Line().take(match(0, 0.6), match(1, 0.61), match(2, 0.59))
    assert line.events() == [(OPENED, 0)]
    assert line.quiet is Quiet.NOTHING_NEW
    assert line.window is not None
    assert line.window.passage is not None
    assert (line.window.passage.best.score, line.window.passage.last_seen) == (0.61, at(2))


def test_clearly_better_evidence_updates() -> None:
    assert Line().take(match(0, 0.6), match(1, 0.6 + CLEARLY_BETTER)).events() == [(OPENED, 0), (UPDATED, 1)]


def test_small_gains_add_up_to_an_update() -> None:
    line = Line().take(match(0, 0.60), match(1, 0.63), match(2, 0.66))
    assert line.events() == [(OPENED, 0), (UPDATED, 1)]
    assert line.alerts[-1].best.score == 0.66


def test_another_camera_updates_once() -> None:
    line = Line().take(match(0), match(1, camera="gate-2"), match(2, camera="gate-1"), match(3, camera="gate-2"))
    assert line.events() == [(OPENED, 0), (UPDATED, 1)]
    assert line.alerts[-1].cameras == ("gate-1", "gate-2")


def test_the_same_match_twice_changes_nothing() -> None:
    line = Line().take(match(0), match(1))
    before = line.window
    line.take(match(1))
    assert (line.window, line.quiet) == (before, Quiet.DUPLICATE)


@pytest.mark.parametrize(("seconds", "expected"), [(GAP_S, [OPENED]), (GAP_S + 0.001, [OPENED, EXPIRED, OPENED])])
def test_the_gap_in_capture_time_parts_passages(seconds: float, expected: list[AlertEvent]) -> None:
    assert [event for event, _ in Line().take(match(0), match(seconds)).events()] == expected


def test_expiry_tells_when_the_person_was_last_seen() -> None:
    line = Line().take(match(0), match(5)).tick(5.5 + GAP_S)
    assert line.events() == [(OPENED, 0)]
    line.tick(5.6 + GAP_S)
    assert line.events() == [(OPENED, 0), (EXPIRED, 1)]
    assert line.alerts[-1].last_seen == at(5)
    assert line.tick(6 + GAP_S).events() == [(OPENED, 0), (EXPIRED, 1)]


def test_a_service_that_has_just_begun_to_listen_expires_nothing() -> None:
    line = Line().take(match(0)).tick(seconds=3600, listening_since=3600 - GAP_S)
    assert line.events() == [(OPENED, 0)]
    assert line.tick(seconds=3601, listening_since=3600 - GAP_S).events()[-1] == (EXPIRED, 1)


def test_a_passage_declared_over_too_early_goes_on_under_its_id() -> None:
    line = Line().take(match(0)).tick(100).take(match(10, 0.58))
    assert line.events() == [(OPENED, 0), (EXPIRED, 1), (UPDATED, 2)]
    assert len({alert.id for alert in line.alerts}) == 1


def test_a_match_from_within_an_expired_passage_does_not_reopen_it() -> None:
    line = Line().take(match(0), match(10)).tick(100).take(match(5, 0.9))
    assert line.events() == [(OPENED, 0), (EXPIRED, 1)]
    assert line.quiet is Quiet.LATE


def test_a_match_from_before_the_open_passage_is_late_or_joins() -> None:
    line = Line().take(match(0), match(100))
    assert line.take(match(-1, 0.9)).quiet is Quiet.LATE
    assert line.take(match(79, 0.9)).quiet is Quiet.LATE
    assert line.take(match(95)).quiet is Quiet.NOTHING_NEW
    assert line.window is not None
    assert line.window.passage is not None
    assert line.window.passage.first_seen == at(94)


@pytest.mark.parametrize(("verdict", "why"), [(CONFIRM, Quiet.CONFIRMED), (REJECT, Quiet.REJECTED)])
def test_a_decision_silences_the_entry_for_a_while(verdict: Verdict, why: Quiet) -> None:
    line = Line().take(match(0))
    line.take(decision(line.alerts[0].id, 10, verdict), match(11, 0.9), match(10 + SUPPRESS_S, 0.9, "gate-2"))
    assert line.events() == [(OPENED, 0), (ADJUDICATED, 1)]
    assert line.quiet is why
    line.tick(5000)
    line.take(match(11 + SUPPRESS_S))
    assert line.events()[2:] == [(OPENED, 0)]
    assert line.take(match(10 + SUPPRESS_S, 0.95)).quiet is Quiet.LATE


def test_without_suppression_a_decision_still_covers_the_passage_it_is_about() -> None:
    line = Line().take(match(0))
    policy = replace(ONE_PERSON, suppress=timedelta(0))
    step = settle(line.window, decision(line.alerts[0].id, 1), policy, at(1))
    assert raise_alert(step.window, match(GAP_S), policy, at(GAP_S)).quiet is Quiet.CONFIRMED
    assert raise_alert(step.window, match(GAP_S + 1), policy, at(GAP_S + 1)).alerts


def test_the_same_decision_twice_is_told_once() -> None:
    line = Line().take(match(0))
    spoken = decision(line.alerts[0].id, 10)
    before = line.take(spoken).window
    assert line.take(spoken).window == before
    assert line.events() == [(OPENED, 0), (ADJUDICATED, 1)]


def test_a_decision_on_an_earlier_alert_is_told_and_leaves_the_present_one_alone() -> None:
    line = Line().take(match(0), match(100))
    line.take(decision(line.alerts[0].id, 101))
    told = line.alerts[-1]
    assert (told.id, told.event, told.revision) == (line.alerts[0].id, ADJUDICATED, 2)
    assert told.best.crop == b"", "its picture was told before, and is not kept twice"
    assert line.window is not None
    assert line.window.passage is not None
    assert line.window.passage.state is PassageState.OPEN
    assert line.take(match(101, 0.9)).events()[-1] == (UPDATED, 1)


def test_a_decision_read_before_its_match_holds() -> None:
    first = match(0)
    line = Line().take(decision(alert_id(first), 10), first, match(11))
    assert line.events() == [(OPENED, 0), (ADJUDICATED, 1)]
    assert line.quiet is Quiet.CONFIRMED


class TestTwoReviewers:
    """The rule that is on unless a deployment says otherwise."""

    def test_one_confirmation_silences_nothing(self) -> None:
        line = Line(POLICY).take(match(0))
        line.take(decision(line.alerts[0].id, 1, CONFIRM, "a"), match(2, 0.9), match(2 + GAP_S + 1))
        assert line.events() == [(OPENED, 0), (ADJUDICATED, 1), (UPDATED, 2), (EXPIRED, 3), (OPENED, 0)]
        assert standings(line) == [Standing.UNDECIDED, *[Standing.AWAITING_SECOND] * 3, Standing.UNDECIDED]

    def test_the_second_one_settles_it(self) -> None:
        line = Line(POLICY).take(match(0))
        first = line.alerts[0].id
        line.take(decision(first, 1, CONFIRM, "a"), decision(first, 2, CONFIRM, "b"), match(3, 0.9)).tick(100)
        assert (line.events()[-1], standings(line)[-1]) == ((ADJUDICATED, 2), Standing.CONFIRMED)

    def test_nobody_is_their_own_second(self) -> None:
        line = Line(POLICY).take(match(0))
        first = line.alerts[0].id
        line.take(decision(first, 1, CONFIRM, "a"), decision(first, 2, CONFIRM, "a"))
        assert standings(line)[-1] is Standing.AWAITING_SECOND

    def test_one_rejection_is_enough(self) -> None:
        line = Line(POLICY).take(match(0))
        assert line.take(decision(line.alerts[0].id, 1, REJECT, "a"), match(2, 0.9)).quiet is Quiet.REJECTED

    def test_who_disagrees_keeps_it_in_front_of_people(self) -> None:
        line = Line(POLICY).take(match(0))
        first = line.alerts[0].id
        line.take(decision(first, 1, REJECT, "a"), decision(first, 2, CONFIRM, "b"), match(3, 0.9))
        assert (line.events()[-1], standings(line)[-1]) == ((UPDATED, 3), Standing.DISAGREED)
        line.take(decision(first, 4, REJECT, "b"))
        assert standings(line)[-1] is Standing.REJECTED
        assert line.take(match(5, 0.99)).quiet is Quiet.REJECTED

    def test_who_cannot_tell_is_heard_and_changes_nothing(self) -> None:
        line = Line(POLICY).take(match(0))
        line.take(decision(line.alerts[0].id, 1, CANNOT_TELL, "a"), match(2, 0.9))
        assert line.events() == [(OPENED, 0), (ADJUDICATED, 1), (UPDATED, 2)]
        assert standings(line)[-1] is Standing.UNDECIDED

    def test_a_second_reviewer_who_comes_late_is_heard_about_the_alert_they_mean(self) -> None:
        line = Line(POLICY).take(match(0))
        first = line.alerts[0].id
        line.take(decision(first, 1, CONFIRM, "a"), match(100), decision(first, 101, CONFIRM, "b"))
        assert (line.alerts[-1].id, standings(line)[-1]) == (first, Standing.CONFIRMED)
        assert line.take(match(102, 0.9)).events()[-1] == (UPDATED, 1)


class TestLookalikes:
    """A pairing that two reviewers have judged."""

    def judged(self) -> Line:
        line = Line(POLICY).take(match(0))
        first = line.alerts[0].id
        return line.take(decision(first, 1, LOOKALIKE, "a"), decision(first, 2, LOOKALIKE, "b"))

    def test_their_template_is_kept_once_two_agree(self) -> None:
        line = Line(POLICY).take(match(0))
        first = line.alerts[0]
        line.take(decision(first.id, 1, LOOKALIKE, "a"))
        assert known(line) == ()
        line.take(decision(first.id, 2, LOOKALIKE, "b"))
        assert known(line) == (Lookalike(first.id, first.best.id, b"sealed template", "m"),)

    def test_the_lookalike_raises_nothing_and_the_entry_still_does(self) -> None:
        line = self.judged()
        assert line.take(match(3, 0.9), lookalike=True).quiet is Quiet.LOOKALIKE
        assert line.take(match(4)).events()[-1] == (OPENED, 0)

    def test_a_changed_mind_lets_them_alert_again(self) -> None:
        line = self.judged()
        line.take(decision(line.alerts[0].id, 3, CONFIRM, "b"))
        assert (known(line), standings(line)[-1]) == ((), Standing.DISAGREED)

    def test_a_match_without_a_template_suppresses_nobody(self) -> None:
        line = Line(POLICY).take(replace(match(0), template=b""))
        first = line.alerts[0].id
        line.take(decision(first, 1, LOOKALIKE, "a"), decision(first, 2, LOOKALIKE, "b"))
        assert (known(line), standings(line)[-1]) == ((), Standing.LOOKALIKE)

    def test_a_window_that_knows_one_is_kept_as_long_as_its_key(self) -> None:
        line = self.judged()
        assert line.window is not None
        assert due(line.window, POLICY, LISTENING) == at(2) + POLICY.keep_lookalikes


def standings(line: Line) -> list[Standing]:
    """What each event says the reviewers have come to."""
    return [alert.adjudication.standing for alert in line.alerts if alert.adjudication is not None]


def known(line: Line) -> tuple[Lookalike, ...]:
    assert line.window is not None
    return line.window.lookalikes


def test_a_window_is_forgotten_when_no_replay_can_reach_it() -> None:
    line = Line().take(match(0)).tick(100)
    assert line.window is not None
    forgotten = due(line.window, POLICY, LISTENING)
    assert forgotten == at(0.5) + POLICY.keep
    assert expire(line.window, POLICY, forgotten, LISTENING).window is not None
    assert expire(line.window, POLICY, forgotten + timedelta(seconds=1), LISTENING) == Step(None)
