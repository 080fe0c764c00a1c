"""What the topics hold of one deployment, and nothing of another."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from tests.unit.domain.values import ALERT, ENTRY, MATCH
from watchbound.domain.act import ActKind
from watchbound.domain.alert import AlertEvent
from watchbound.domain.audit import AuditEvent
from watchbound.domain.decision import Decision, Verdict
from watchbound.domain.moment import Window
from watchbound.domain.tally import Tally
from watchbound.domain.threshold_change import ThresholdChange
from watchbound.domain.written_authority import WrittenAuthority
from watchbound.governance.record.facts import Facts, IndexGap
from watchbound.governance.record.gather import Gatherer, active_spans
from watchbound.pipeline.audit_acts import Act
from watchbound.testing.office import Office, terms

BEGIN = datetime.fromisoformat("2026-11-23T09:00:00+00:00")
OFFICE = Office()


def at(minutes: float) -> datetime:
    return BEGIN + timedelta(minutes=minutes)


def span(start: float, end: float) -> Window:
    return Window(at(start), at(end))


def chain() -> WrittenAuthority:
    """Active from the beginning, paused from minute 10 to 20, cancelled in minute 60."""
    written = OFFICE.active(terms(), at(-5))
    change = ThresholdChange(0.6, "drafter").details()
    written = OFFICE.with_act(written, ActKind.SET_THRESHOLD, OFFICE.officer, at(5), change)
    written = OFFICE.with_act(written, ActKind.PAUSE, OFFICE.guardian, at(10), reason="over the budget")
    written = OFFICE.with_act(written, ActKind.RESUME, OFFICE.officer, at(20))
    return OFFICE.with_act(written, ActKind.CANCEL, OFFICE.officer, at(60))


def gathered(gatherer: Gatherer) -> Facts:
    written = chain()
    return gatherer.facts(OFFICE.read(written), written, [], 0, None, at(90))


def gatherer() -> Gatherer:
    return Gatherer("op-1", OFFICE.trust, frozenset())


def tally(index: int, authorisation: str = "op-1", camera: str = "gate-1", minutes: float = 1) -> Tally:
    return Tally("worker-1", index, camera, authorisation, span(minutes - 1, minutes), processed=1)


def signed(verdict: Verdict, reviewer: str = "reviewer") -> Decision:
    plain = Decision("a1", "op-1", "REF-1", verdict, reviewer, "", at(3))
    return replace(plain, signature=OFFICE.reviewer.sign(plain.statement()))


def test_the_spans_in_force_are_those_of_the_acts_and_the_window() -> None:
    assert list(active_spans(chain())) == [span(0, 10), span(20, 60)]


def test_the_acts_name_people_and_thresholds() -> None:
    acts = gathered(gatherer()).acts
    assert [act.kind for act in acts] == ["draft", "sign", "activate", "set-threshold", "pause", "resume", "cancel"]
    assert [act.by for act in acts[3:5]] == ["officer", "guardian"]
    assert acts[3].threshold == 0.6


def test_a_tally_counts_once_and_one_that_is_missing_is_named() -> None:
    kept = gatherer()
    for index in (0, 1, 1, 4):
        kept.take_tally(tally(index))
    kept.take_tally(tally(2, authorisation="op-2"))
    facts = gathered(kept)
    assert [one.index for one in facts.tallies] == [0, 1, 4]
    assert facts.index_gaps == (IndexGap("worker-1", 1, 3),)


def test_what_named_no_authorisation_is_ours_if_its_camera_was_ours_then() -> None:
    kept = gatherer()
    kept.take_tally(tally(0, authorisation=""))
    kept.take_tally(tally(1, authorisation="", camera="elsewhere"))
    kept.take_tally(tally(2, authorisation="", minutes=15))
    assert [one.index for one in gathered(kept).tallies] == [0]


def test_the_highest_revision_of_an_alert_counts_and_its_opening_is_remembered() -> None:
    kept = gatherer()
    opened = replace(ALERT, event=AlertEvent.OPENED, revision=0)
    better = replace(ALERT, event=AlertEvent.UPDATED, revision=2, matches=5)
    for event in (opened, better, replace(better, revision=1, matches=3)):
        kept.take_alert(event)
    kept.take_alert(replace(ALERT, id="b", best=replace(MATCH, entry=replace(ENTRY, authorisation_id="op-2"))))
    (fact,) = gathered(kept).alerts
    assert (fact.matches, fact.opening_read) == (5, True)


def test_a_decision_without_a_reviewer_s_signature_does_not_count_and_is_named() -> None:
    kept = gatherer()
    kept.take_decision(signed(Verdict.CONFIRM))
    kept.take_decision(replace(signed(Verdict.REJECT), signature=None))
    kept.take_decision(signed(Verdict.REJECT, reviewer="somebody-else"))
    facts = gathered(kept)
    assert [decision.verdict for decision in facts.decisions] == [Verdict.CONFIRM]
    assert len(facts.unbelieved) == 2


def test_the_watchlist_s_size_is_the_one_that_the_activation_vouches_for() -> None:
    watchlist = gathered(gatherer()).watchlist
    assert watchlist is not None
    assert (watchlist.size, watchlist.digest) == (5, "5" * 64)
    assert "reviewed by watchlist-1" in watchlist.as_of


def test_what_changed_on_the_list_after_the_activation_is_counted() -> None:
    def event(name: str, act: Act, minutes: float, authorisation: str = "op-1") -> AuditEvent:
        return AuditEvent(name, at(minutes), "watchlist-2", act, authorisation, "REF-1", "a test")

    audit = [
        event("before", Act.WATCHLIST_APPROVED, -10),
        event("after", Act.WATCHLIST_APPROVED, 3),
        event("elsewhere", Act.WATCHLIST_APPROVED, 3, "op-2"),
        event("gone", Act.WATCHLIST_REMOVED, 4),
    ]
    told, untold = (
        gatherer().facts(OFFICE.read(chain()), chain(), events, 0, None, at(90)).watchlist for events in (audit, None)
    )
    assert told is not None
    assert (told.approved_since, told.removed_since) == (1, 1)
    assert untold is not None
    assert (untold.approved_since, untold.removed_since) == (None, None)
