"""Counts from three topics, in any order and after any restart, come to the same pause."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from tests.unit.domain.values import ALERT, ENTRY, MATCH
from watchbound.alerting.budget import BudgetPolicy
from watchbound.alerting.budget_watch import BudgetWatch
from watchbound.domain.act import ActKind
from watchbound.domain.alert import Alert
from watchbound.domain.decision import Decision, Verdict
from watchbound.domain.errors import NotAuthorised, Unavailable
from watchbound.domain.moment import Window
from watchbound.domain.tally import Tally
from watchbound.domain.watchlist import ResponseLevel
from watchbound.pipeline import metric_names as names
from watchbound.pipeline.authority import AuthorityView
from watchbound.testing.clock import ManualClock
from watchbound.testing.metrics import RecordedMetrics
from watchbound.testing.office import Office, terms

BEGIN = datetime.fromisoformat("2026-11-23T09:00:00+00:00")


def at(minutes: float) -> datetime:
    return BEGIN + timedelta(minutes=minutes)


@dataclass
class Deployment:
    """One in force since `BEGIN`, and a watch over it."""

    office: Office = field(default_factory=Office)
    metrics: RecordedMetrics = field(default_factory=RecordedMetrics)
    paused: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    problem: Exception | None = None

    def __post_init__(self) -> None:
        self.clock = ManualClock(BEGIN)
        self.view = AuthorityView(self.clock, 1e6, self.office.trust)
        self.written = self.office.active(terms(), BEGIN)
        self.view.apply(self.written)
        self.view.confirm()
        self.watch = self.started()

    def started(self) -> BudgetWatch:
        """A new process, which has read nothing yet."""
        return BudgetWatch(BudgetPolicy(), frozenset({ResponseLevel.RED}), self.view, self.pause, self.metrics)

    def pause(self, authorisation_id: str, reason: str, details: dict[str, str]) -> None:
        if self.problem is not None:
            raise self.problem
        self.paused.append((authorisation_id, reason, details))
        self.done(ActKind.PAUSE)

    def done(self, kind: ActKind) -> None:
        """An act of the officer or the guardian, now."""
        signer = self.office.guardian if kind is ActKind.PAUSE else self.office.officer
        self.written = self.office.with_act(self.written, kind, signer, self.clock.now())
        self.view.apply(self.written)

    def until(self, minutes: float) -> None:
        self.clock.set(at(minutes))


def tally(index: int, minutes: float, compared: int) -> Tally:
    return Tally("worker-1", index, "gate-1", "op-1", Window(at(minutes - 1), at(minutes)), compared=compared)


def alert(name: str, minutes: float, level: ResponseLevel = ResponseLevel.AMBER) -> Alert:
    best = replace(MATCH, entry=replace(ENTRY, response_level=level))
    return replace(ALERT, id=name, opened_by=at(minutes), best=best)


def decision(name: str, minutes: float, verdict: Verdict = Verdict.REJECT, reviewer: str = "reviewer") -> Decision:
    return Decision(name, "op-1", "REF-1", verdict, reviewer, "", at(minutes))


def news(false_alerts: int, faces: int, minutes: float = 10) -> list[Callable[[BudgetWatch], None]]:
    """So many faces until `minutes`, and false alerts among them, as three topics tell it."""
    told: list[Callable[[BudgetWatch], None]] = [lambda w: w.take_tally(tally(0, minutes, faces))]
    for n in range(false_alerts):
        told.append(lambda w, n=n: w.take_alert(alert(f"a{n}", minutes - 1)))  # type: ignore[misc]
        told.append(lambda w, n=n: w.take_decision(decision(f"a{n}", minutes)))  # type: ignore[misc]
    return told


def test_a_broken_budget_pauses_once_and_says_why_in_words_and_numbers() -> None:
    deployment = Deployment()
    deployment.until(11)
    for tell in news(false_alerts=6, faces=1000):
        tell(deployment.watch)
    deployment.watch.look()
    deployment.watch.look()
    ((name, reason, details),) = deployment.paused
    assert name == "op-1"
    assert "6 false alerts in 1000 faces" in reason
    assert details == {"faces": "1000", "false_alerts": "6", "budget": "0.001"}
    assert deployment.metrics.total(names.BUDGET_PAUSES) == 1
    assert deployment.metrics.total(names.BUDGET_FALSE_ALERTS, authorisation="op-1") == 6
    assert deployment.metrics.total(names.BUDGET_LOWER_BOUND, authorisation="op-1") > 0.001


@pytest.mark.parametrize("seed", range(5))
def test_a_restart_comes_to_the_same_counts_whatever_topic_is_read_first(seed: int) -> None:
    deployment = Deployment()
    deployment.until(11)
    told = [*news(false_alerts=6, faces=1000), *news(false_alerts=6, faces=1000)]
    random.Random(seed).shuffle(told)
    watch = deployment.started()
    for tell in told:
        tell(watch)
    watch.look()
    assert deployment.paused[0][2] == {"faces": "1000", "false_alerts": "6", "budget": "0.001"}


def test_after_a_resume_the_test_begins_anew() -> None:
    deployment = Deployment()
    deployment.until(11)
    for tell in news(false_alerts=6, faces=1000):
        tell(deployment.watch)
    deployment.watch.look()
    deployment.until(20)
    deployment.done(ActKind.RESUME)
    deployment.watch.take_tally(tally(1, 25, 400))
    # Decided only now, and still about the time before.
    deployment.watch.take_alert(alert("late", 9))
    deployment.watch.take_decision(decision("late", 24))
    deployment.watch.look()
    assert len(deployment.paused) == 1
    assert deployment.metrics.total(names.BUDGET_FACES, authorisation="op-1") == 400
    assert deployment.metrics.total(names.BUDGET_FALSE_ALERTS, authorisation="op-1") == 0


def test_a_false_alert_waits_for_the_faces_of_its_time() -> None:
    deployment = Deployment()
    deployment.watch.take_tally(tally(0, 5, 1000))
    for n in range(6):
        deployment.watch.take_alert(alert(f"a{n}", 6))
        deployment.watch.take_decision(decision(f"a{n}", 7))
    deployment.watch.look()
    assert deployment.paused == []
    deployment.watch.take_tally(tally(1, 7, 10))
    deployment.watch.look()
    assert len(deployment.paused) == 1


def test_what_is_true_undecided_or_half_a_lookalike_is_no_false_alert() -> None:
    deployment = Deployment()
    deployment.watch.take_tally(tally(0, 10, 1000))
    for n in range(12):
        deployment.watch.take_alert(alert(f"a{n}", 5, ResponseLevel.RED))
    for n in range(4):
        deployment.watch.take_decision(decision(f"a{n}", 6, Verdict.CONFIRM))
    for n in range(4, 8):
        deployment.watch.take_decision(decision(f"a{n}", 6, Verdict.LOOKALIKE))
    deployment.watch.look()
    assert deployment.metrics.total(names.BUDGET_FALSE_ALERTS, authorisation="op-1") == 0
    for n in range(4, 8):
        deployment.watch.take_decision(decision(f"a{n}", 7, Verdict.LOOKALIKE, "another"))
    deployment.watch.look()
    assert deployment.metrics.total(names.BUDGET_FALSE_ALERTS, authorisation="op-1") == 4


def test_a_deployment_that_is_not_in_force_is_not_judged() -> None:
    deployment = Deployment()
    deployment.until(11)
    for tell in news(false_alerts=6, faces=1000):
        tell(deployment.watch)
    deployment.done(ActKind.CANCEL)
    deployment.watch.look()
    assert deployment.paused == []


def test_a_pause_that_nobody_may_do_is_complained_of_until_the_deployment_stops() -> None:
    deployment = Deployment(problem=NotAuthorised("the guardian's key is not trusted"))
    deployment.until(11)
    for tell in news(false_alerts=6, faces=1000):
        tell(deployment.watch)
    deployment.watch.look()
    assert "goes on: the guardian's key is not trusted" in (deployment.watch.complaint() or "")
    assert deployment.metrics.total(names.BUDGET_PAUSES) == 0
    deployment.done(ActKind.CANCEL)
    deployment.watch.look()
    assert deployment.watch.complaint() is None


def test_a_pause_that_could_not_be_published_is_tried_again() -> None:
    deployment = Deployment(problem=Unavailable("no broker"))
    deployment.until(11)
    for tell in news(false_alerts=6, faces=1000):
        tell(deployment.watch)
    with pytest.raises(Unavailable):
        deployment.watch.look()
    deployment.problem = None
    deployment.watch.look()
    assert len(deployment.paused) == 1
