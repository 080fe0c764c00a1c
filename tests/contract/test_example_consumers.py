"""Every valid example through whatever reads its topic, twice: the second time changes nothing and tells nobody.

The authorisations among the examples carry signatures that hold. Others are stand-ins, and nobody holds the keys that
sealed pictures and templates: each is shown to be refused for that, then signed or put right, and shown to be taken.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from tests.contract.examples import VALID, example_trust, name, of_topic
from tests.unit.pipeline.kept import KEY, MemoryLog, holds
from watchbound import client
from watchbound.adapters import codecs
from watchbound.alerting.budget import BudgetPolicy
from watchbound.alerting.budget_watch import BudgetWatch
from watchbound.alerting.fold import AlertCodecs, AlertFold
from watchbound.alerting.lookalike import LookalikeCheck, Resemblance
from watchbound.alerting.raise_alert import AlertPolicy
from watchbound.alerting.window_codec import AlertWindowCodec
from watchbound.domain.alert import Alert, AlertEvent
from watchbound.domain.audit import AuditEvent
from watchbound.domain.authorisation import Authorisation
from watchbound.domain.decision import Decision
from watchbound.domain.errors import Poison, PoisonReason
from watchbound.domain.listing import EntryStatus, approval_statement, listing_of, proposal_statement
from watchbound.domain.match import Match
from watchbound.domain.signature import Role
from watchbound.domain.standing import AuthorisationState, Refusal
from watchbound.domain.watchlist import EntryAdded, EntryProposed, EntryRemoved, WatchlistChange
from watchbound.governance.record.gather import Gatherer
from watchbound.governance.watchlist_log import Pending, pending_handler
from watchbound.matching.admission import FrameAdmission, FreshnessLimits
from watchbound.matching.counts import FrameCounts
from watchbound.matching.intake import Intake
from watchbound.pipeline import metric_names as names
from watchbound.pipeline.audit import AuditTrail
from watchbound.pipeline.audit_record import AuditRecord
from watchbound.pipeline.audit_verify import Evidence, verify
from watchbound.pipeline.authority import AuthorityView
from watchbound.pipeline.checkpoint import SignedCheckpoint
from watchbound.pipeline.feed import authority_handler
from watchbound.pipeline.keyed_fold import FoldStep
from watchbound.pipeline.tallies import TallyBook
from watchbound.pipeline.topics import (
    ALERTS,
    AUDIT,
    AUTHORISATIONS,
    DEAD_LETTERS,
    DECISIONS,
    FRAMES,
    MATCHES,
    TALLIES,
    WATCHLIST_CHANGES,
    WATCHLIST_PROPOSALS,
)
from watchbound.pipeline.watchlist_delta import WatchlistDelta, watchlist_handler
from watchbound.pipeline.watchlist_roster import Roster, roster_handler
from watchbound.ports import Record, TopicPartition
from watchbound.replay.judges import judges
from watchbound.replay.letters import read_letters, standings
from watchbound.replay.policies import POLICIES
from watchbound.replay.replayer import Outcome, Replayer
from watchbound.stack.demo_summary import TallySheet
from watchbound.testing.audit import FakeAuditLog
from watchbound.testing.clock import ManualClock
from watchbound.testing.keyring import FakeKeyRing, UnsealedKeyRing
from watchbound.testing.log import InMemoryBroker
from watchbound.testing.metrics import RecordedMetrics
from watchbound.testing.signing import FakeSigner, FakeTrustList

WHOSE = "op-2026-117"
NOW = datetime(2026, 11, 23, 12, 0, 0, 500_000, tzinfo=UTC)
"""Three tenths of a second after the frame was captured."""

CHANGES = codecs.watchlist_change(UnsealedKeyRing())
PROPOSALS = codecs.watchlist_proposal(UnsealedKeyRing())

FRAME_EXAMPLES, MATCH_EXAMPLES, DECISION_EXAMPLES = (of_topic(topic.name) for topic in (FRAMES, MATCHES, DECISIONS))


def record(topic: str, key: str | None, value: bytes, at: datetime = NOW) -> Record:
    return Record(TopicPartition(topic, 0), 7, key, value, (), at)


def each(examples: dict[str, bytes]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("data", examples.values(), ids=examples)


class World:
    """A service's view of the deployment that the examples speak of, active at noon."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock(NOW)
        self.metrics = RecordedMetrics()
        self.ring = FakeKeyRing()
        self.ring.create(WHOSE)
        self.view = AuthorityView(self.clock, 3600, example_trust(folder))
        self.view.apply(codecs.AUTHORISATION.decode(of_topic(AUTHORISATIONS.name)["active"]))
        self.view.confirm()
        self.officers = FakeTrustList()
        for account in ("j.okafor", "m.lindqvist"):
            self.officers.trust(FakeSigner(account), account, Role.WATCHLIST_OFFICER)
        self.roster = Roster(self.officers)
        self.reviewers = FakeTrustList()

    def fold(self) -> Subject:
        wire = AlertCodecs(codecs.MATCH, codecs.DECISION, codecs.ALERT, AlertWindowCodec(codecs.MATCH))
        lookalikes = LookalikeCheck(self.ring, Resemblance())
        policy = AlertPolicy(timedelta(seconds=20), timedelta(seconds=600))
        audit = AuditTrail(FakeAuditLog(), self.clock)
        return Subject(
            AlertFold(policy, self.view, self.roster, self.reviewers, lookalikes, wire, audit, self.clock, self.metrics)
        )

    def list_subject_of(self, match: Match) -> None:
        """Have two officers put their names to the entry of a match, with the papers of an example."""
        added = CHANGES.decode(of_topic(WATCHLIST_CHANGES.name)["added"])
        assert isinstance(added, EntryAdded)
        images = tuple(replace(image, entry=match.entry) for image in added.images)
        self.roster.apply(listing_of(signed(replace(added, entry=match.entry, images=images))))


class Subject:
    """Alerting of one key, which keeps its state from record to record."""

    def __init__(self, fold: AlertFold) -> None:
        self._fold = fold
        self._state: bytes | None = None

    def take(self, topic: str, value: Match | Decision, data: bytes, sent_at: datetime = NOW) -> list[Alert]:
        """The alerts that a record raises."""
        step = self.step(topic, value.subject, data, sent_at)
        return [codecs.ALERT.decode(output.value) for output in step.outputs]

    def step(self, topic: str, key: str, data: bytes, sent_at: datetime = NOW) -> FoldStep:
        step = self._fold.handle(key, record(topic, key, data, sent_at), self._state, NOW - timedelta(seconds=60))
        self._state = step.state
        step.done()
        return step


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def signed(change: EntryAdded) -> EntryAdded:
    """The change with signatures that hold, by the officers whom its papers name."""
    entry, papers = change.entry, change.papers
    image_ids = [image.image_id for image in change.images]
    proposed = FakeSigner(papers.added_by).sign(proposal_statement(entry, image_ids, replace(papers, approved_by="")))
    approval = approval_statement(entry, image_ids, papers, proposed, change.at)
    return replace(change, proposed=proposed, approved=FakeSigner(papers.approved_by).sign(approval))


def test_every_topic_with_examples_is_read_here() -> None:
    read = {FRAMES, MATCHES, DECISIONS, AUTHORISATIONS, WATCHLIST_CHANGES, WATCHLIST_PROPOSALS}
    read |= {TALLIES, DEAD_LETTERS, ALERTS, AUDIT}
    assert {topic.name for topic in read} == {path.parent.name for path in VALID}, [name(path) for path in VALID]


# --- frames, by matching -----------------------------------------------------------------------------------------


@each(FRAME_EXAMPLES)
def test_a_frame_is_let_in_and_opened_by_nobody_without_its_key(world: World, data: bytes) -> None:
    limits = FreshnessLimits(timedelta(seconds=5), timedelta(seconds=1))
    counts = FrameCounts(world.metrics, TallyBook("worker-0", world.clock))
    intake = Intake(codecs.FRAME, FrameAdmission(world.view, world.clock, limits), world.ring, counts)
    sent = record(FRAMES.name, codecs.FRAME.decode(data).camera_id, data)
    admitted = [intake.admit(sent) for _ in range(2)]
    assert admitted[0] == admitted[1]
    assert admitted[0] is not None
    frame, authorisation = admitted[0]
    assert (authorisation.id, authorisation.threshold) == (WHOSE, 0.55)
    with pytest.raises(Poison) as sealed_elsewhere:
        intake.open(frame)
    assert sealed_elsewhere.value.reason is PoisonReason.UNSEALABLE
    world.view.apply(codecs.AUTHORISATION.decode(of_topic(AUTHORISATIONS.name)["cancelled"]))
    assert intake.admit(sent) is None
    assert world.metrics.total(names.FRAMES_REFUSED, reason=Refusal.CANCELLED.value) == 1


# --- matches and decisions, by alerting --------------------------------------------------------------------------


@each(MATCH_EXAMPLES)
def test_a_match_is_one_alert_however_often_it_comes(world: World, data: bytes) -> None:
    match = codecs.MATCH.decode(data)
    world.list_subject_of(match)
    subject = world.fold()
    (opened,) = subject.take(MATCHES.name, match, data)
    assert (opened.event, opened.revision, opened.best.id) == (AlertEvent.OPENED, 0, match.id)
    again = subject.step(MATCHES.name, match.subject, data)
    assert (again.outputs, again.changed) == ((), False)


def test_the_match_of_the_alert_examples_opens_the_alert_that_they_speak_of(world: World) -> None:
    data = MATCH_EXAMPLES["fused-shots"]
    match = codecs.MATCH.decode(data)
    world.list_subject_of(match)
    (opened,) = world.fold().take(MATCHES.name, match, data)
    assert opened.id == codecs.ALERT.decode(of_topic(ALERTS.name)["opened"]).id


@each(MATCH_EXAMPLES)
def test_a_match_of_somebody_whom_no_two_officers_listed_raises_nothing(world: World, data: bytes) -> None:
    match = codecs.MATCH.decode(data)
    assert world.fold().take(MATCHES.name, match, data, NOW - timedelta(seconds=10)) == []
    assert world.metrics.total(names.MATCHES_SUPPRESSED, reason="entry_unknown") == 1


@each(DECISION_EXAMPLES)
def test_a_decision_counts_once_and_only_with_its_reviewers_signature(world: World, data: bytes) -> None:
    decision = codecs.DECISION.decode(data)
    about = MATCH_EXAMPLES["fused-shots"]
    match = codecs.MATCH.decode(about)
    world.list_subject_of(match)
    subject = world.fold()
    (opened,) = subject.take(MATCHES.name, match, about)
    assert decision.alert_id == opened.id
    world.clock.set(decision.decided_at)
    with pytest.raises(Poison) as unsigned:
        subject.step(DECISIONS.name, decision.subject, data)
    assert unsigned.value.reason is PoisonReason.UNTRUSTED

    reviewer = FakeSigner(f"key-of-{decision.reviewer}")
    world.reviewers.trust(reviewer, decision.reviewer, Role.REVIEWER)
    decision = replace(decision, signature=reviewer.sign(decision.statement()))
    said = codecs.DECISION.encode(decision)
    (adjudicated,) = subject.take(DECISIONS.name, decision, said)
    assert (adjudicated.event, adjudicated.id) == (AlertEvent.ADJUDICATED, opened.id)
    assert adjudicated.adjudication is not None
    assert [word.reviewer for word in adjudicated.adjudication.words] == [decision.reviewer]
    again = subject.step(DECISIONS.name, decision.subject, said)
    assert (again.outputs, again.changed) == ((), False)


# --- authorisations, watchlist changes and proposals, by everybody -----------------------------------------------


def test_the_authorisations_are_one_history_that_is_never_turned_back(world: World) -> None:
    handle = authority_handler(codecs.AUTHORISATION, world.view)
    examples = of_topic(AUTHORISATIONS.name)

    def told(example: str) -> Authorisation:
        handle(record(AUTHORISATIONS.name, WHOSE, examples[example]))
        found = world.view.find(WHOSE)
        assert found is not None
        return found

    for example, state, threshold in (
        ("active", AuthorisationState.ACTIVE, 0.55),
        ("threshold-changed", AuthorisationState.ACTIVE, 0.6),
        ("cancelled", AuthorisationState.CANCELLED, 0.6),
    ):
        once, twice = told(example), told(example)
        assert once == twice
        assert (once.state, once.threshold) == (state, threshold)
    assert {told(example).state for example in examples} == {AuthorisationState.CANCELLED}


def test_a_draft_permits_nothing(world: World, tmp_path: Path) -> None:
    view = AuthorityView(world.clock, 3600, example_trust(tmp_path))
    view.confirm()
    handle = authority_handler(codecs.AUTHORISATION, view)
    for _ in range(2):
        handle(record(AUTHORISATIONS.name, WHOSE, of_topic(AUTHORISATIONS.name)["draft"]))
        assert view.refusal_of(WHOSE, "gate-north", NOW) is Refusal.NOT_ACTIVE


class Watchlist:
    """What matching keeps of the watchlist-changes topic."""

    def __init__(self, world: World) -> None:
        self.roster, self.delta = world.roster, WatchlistDelta(world.clock)
        self._handlers: list[Callable[[Record], None]] = [
            roster_handler(codecs.LISTING_CHANGE.decode, self.roster),
            watchlist_handler(CHANGES, self.delta),
        ]

    def take(self, change: WatchlistChange) -> None:
        about = change.entry if isinstance(change, EntryAdded) else change
        subject = f"{about.authorisation_id}/{about.reference}"
        for handle in self._handlers:
            handle(record(WATCHLIST_CHANGES.name, subject, CHANGES.encode(change)))

    def found(self, change: EntryAdded) -> list[tuple[str, float]]:
        """Who is found with the entry's own templates, and how like."""
        probes = np.stack([image.embedding.vector for image in change.images])
        digest = change.images[0].embedding.model_digest

        def listed(candidate: object) -> bool:
            return self.roster.status(WHOSE, change.entry.reference, NOW) is EntryStatus.LISTED

        answers = self.delta.correct(WHOSE, probes, digest, [[] for _ in probes], 5, listed)
        return [(best.entry.reference, round(best.score, 5)) for answer in answers for best in answer[:1]]


@pytest.mark.parametrize("example", [e for e in of_topic(WATCHLIST_CHANGES.name) if e.startswith("added")])
def test_an_entry_is_matched_once_two_officers_have_signed_it(world: World, example: str) -> None:
    watchlist = Watchlist(world)
    change = CHANGES.decode(of_topic(WATCHLIST_CHANGES.name)[example])
    assert isinstance(change, EntryAdded)
    reference = change.entry.reference
    watchlist.take(change)
    assert world.roster.status(WHOSE, reference, NOW) is EntryStatus.UNKNOWN
    assert watchlist.found(change) == []
    for _ in range(2):
        watchlist.take(signed(change))
        assert world.roster.status(WHOSE, reference, NOW) is EntryStatus.LISTED
        assert watchlist.found(change) == [(reference, 1.0)] * len(change.images)


def test_a_removed_entry_is_matched_no_more(world: World) -> None:
    watchlist = Watchlist(world)
    added, removed = (CHANGES.decode(of_topic(WATCHLIST_CHANGES.name)[example]) for example in ("added", "removed"))
    assert isinstance(added, EntryAdded)
    assert isinstance(removed, EntryRemoved)
    watchlist.take(signed(added))
    for _ in range(2):
        watchlist.take(removed)
        assert world.roster.status(WHOSE, removed.reference, NOW) is EntryStatus.REMOVED
        assert watchlist.found(added) == []


@each(of_topic(WATCHLIST_PROPOSALS.name))
def test_a_proposal_waits_for_a_second_officer(data: bytes) -> None:
    pending = Pending()
    handle = pending_handler(PROPOSALS, pending)
    proposal = PROPOSALS.decode(data)
    assert isinstance(proposal, EntryProposed)
    for _ in range(2):
        handle(record(WATCHLIST_PROPOSALS.name, f"{WHOSE}/{proposal.entry.reference}", data))
        (waiting,) = pending.of(WHOSE)
        assert PROPOSALS.encode(waiting) == data


# --- tallies, by the demo, the deployment record and the budget --------------------------------------------------


def test_tallies_count_once_wherever_they_are_added_up(world: World) -> None:
    tallies = {example: codecs.TALLY.decode(data) for example, data in of_topic(TALLIES.name).items()}
    sheet = TallySheet()
    gatherer = Gatherer(WHOSE, world.reviewers, frozenset())
    watch = BudgetWatch(BudgetPolicy(), frozenset(), world.view, lambda *_: None, world.metrics)
    for _ in range(2):
        for tally in sorted(tallies.values(), key=lambda tally: tally.index):  # as a source sends them
            sheet.add(tally)
            gatherer.take_tally(tally)
            watch.take_tally(tally)
    assert sheet.frames()["published"] == tallies["camera"].published == 50
    assert sheet.frames()["processed"] == 49 + 40
    assert sheet.unaccounted() == 50 - (49 + 1) - (40 + 9 + 1)
    authorisation, written = world.view.find(WHOSE), world.view.written(WHOSE)
    assert authorisation is not None
    assert written is not None
    gathered = gatherer.facts(authorisation, written, None, None, None, NOW)
    assert sorted(gathered.tallies, key=lambda tally: tally.index) == sorted(tallies.values(), key=lambda t: t.index)
    watch.look()
    assert world.metrics.total(names.BUDGET_FACES) == tallies["matching"].compared == 7


# --- dead letters, by replay -------------------------------------------------------------------------------------


def test_dead_letters_are_listed_once_and_a_retry_judges_each_anew(world: World) -> None:
    broker = InMemoryBroker(world.clock)
    for data in [*of_topic(DEAD_LETTERS.name).values()] * 2:
        letter = codecs.DEAD_LETTER.decode(data)
        broker.producer().send(DEAD_LETTERS.name, letter.topic, data).wait(1)
    audit = FakeAuditLog()
    replayer = Replayer(
        lambda _source, _offset: None,
        judges(world.view, world.clock, timedelta(seconds=5), codecs.FRAME, codecs.MATCH, codecs.DECISION),
        broker.producer(),
        AuditTrail(audit, world.clock),
        "ops-3",
        "a test",
    )

    def retried() -> dict[str, tuple[Outcome, str]]:
        kept = read_letters(broker.records(DEAD_LETTERS.name), codecs.DEAD_LETTER, standings(audit.events))
        assert [letter.content.topic for letter in kept] == [FRAMES.name, MATCHES.name]
        return {done.letter.content.topic: (done.outcome, done.why) for done in replayer.retry(kept, POLICIES["all"])}

    first = retried()
    assert first[FRAMES.name] == (Outcome.DROPPED, "gone")
    assert first[MATCHES.name][0] is Outcome.STILL_POISON
    # What was dropped is told in the audit log, and is not tried again.
    assert retried() == {MATCHES.name: first[MATCHES.name]}
    assert not broker.records(MATCHES.name)


# --- alerts, by whoever subscribes -------------------------------------------------------------------------------


def test_a_subscriber_sees_each_alert_event_once(monkeypatch: pytest.MonkeyPatch) -> None:
    broker = InMemoryBroker(ManualClock(NOW))
    monkeypatch.setattr(
        client,
        "_open",
        lambda _settings, group, on_revoked, start: broker.consumer(group, [ALERTS.name], on_revoked, start),
    )
    alerts = sorted((codecs.ALERT.decode(data) for data in of_topic(ALERTS.name).values()), key=lambda a: a.revision)
    for alert in alerts:
        for _ in range(2):
            broker.producer().send(ALERTS.name, alert.subject, codecs.ALERT.encode(alert)).wait(1)
    with client.AlertConsumer(None, "control-room", WHOSE, timeout_s=0.0) as consumer:
        seen = list(consumer)
    assert [(alert.id, alert.revision, alert.event) for alert in seen] == [
        (alert.id, alert.revision, alert.event) for alert in alerts
    ]
    with client.AlertConsumer(None, "control-room", WHOSE, timeout_s=0.0) as resumed:
        assert list(resumed) == []


# --- the audit log, by whoever verifies it -----------------------------------------------------------------------


def test_audited_acts_are_a_log_that_verifies_and_a_checkpoint_needs_the_logs_own_key() -> None:
    said = {example: codecs.AUDIT_RECORD.decode(data) for example, data in of_topic(AUDIT.name).items()}
    acts = [one for one in said.values() if isinstance(one, AuditRecord)]
    acts.sort(key=lambda act: act.index)
    events: list[AuditEvent] = [act.event for act in acts]
    log = MemoryLog.of(events)
    own = log.evidence({1, len(events)})
    verdict = verify(log, acts[0].log_id, own * 2, [KEY], holds)
    assert (verdict.ok, verdict.events, verdict.vouched) == (True, len(events), len(events))
    checkpoint = said["checkpoint"]
    assert isinstance(checkpoint, SignedCheckpoint)
    assert checkpoint.checkpoint.size == acts[-1].index + 1
    refused = verify(log, acts[0].log_id, [Evidence("the example", checkpoint)], [KEY], holds)
    assert "not believed" in (refused.why or "")
    assert refused.vouched == 0
