"""Builds the deployment record: facts in, one frozen value out. Nothing here reads a log or a clock."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from watchbound.domain.adjudication import Adjudication, Standing, adjudicate, observed
from watchbound.domain.authorisation import Authorisation
from watchbound.domain.decision import Decision
from watchbound.domain.demography import Observation
from watchbound.domain.moment import Window
from watchbound.domain.watchlist import Category
from watchbound.governance.record.coverage import CameraCoverage, coverage, operated, pauses
from watchbound.governance.record.facts import Act, AlertFact, Facts, WatchlistFacts
from watchbound.governance.record.recall import Recall, recall
from watchbound.governance.record.reconcile import Discrepancy, Frames, discrepancies, frames_of
from watchbound.governance.record.slices import Cell, sliced
from watchbound.governance.record.stated import Stated
from watchbound.statistics.proportion import Proportion

FALSE = frozenset({Standing.REJECTED, Standing.LOOKALIKE})
"""A lookalike is not the person: a false alert that is also counted by itself."""

BINS = 60
"""At most so many bars in the timeline."""


@dataclass(frozen=True, slots=True)
class JudgedAlert:
    """An alert, and what its reviewers' words come to."""

    fact: AlertFact
    standing: Standing
    decided_at: datetime | None
    observed: Observation | None


@dataclass(frozen=True, slots=True)
class Rates:
    """False alerts over their two denominators, and the error rate of ISO/IEC 19795.

    Attributes:
        over_faces: over faces seen (tracks): the field's published figure.
        over_alerts: over alerts that were decided, true and false.
        over_operational_alerts: the same without alerts on seeded volunteers, which are sent to be true.
        fpir: over faces compared with the list: those that could have raised one.
    """

    over_faces: Proportion
    over_alerts: Proportion
    over_operational_alerts: Proportion
    fpir: Proportion


@dataclass(frozen=True, slots=True)
class Bar:
    """One step of the timeline."""

    span: Window
    compared: int
    shed: int


@dataclass(frozen=True, slots=True)
class DeploymentRecord:
    """What is published about a deployment after it, and all that it rests on.

    Attributes:
        thresholds: the minimum's changes: when, by whom, why.
        operated: from the first published frame to the last; None where none was.
        duration_s: of that, without pauses.
        faces: found in single frames.
        seen: tracks: faces seen passing.
        compared: of these, compared with the watchlist.
        recall: None without a volunteers' log; never guessed.
        fpir_slices: each group's part of the FPIR: false alerts of the group over *all* faces compared.
        over_alerts_slices: false alerts of the group over the group's decided alerts.
        notes: what a reader must know beside the figures, such as undecided alerts.
        stated: what was stated and not counted; None where nothing was.
    """

    authorisation: Authorisation
    acts: tuple[Act, ...]
    watchlist: WatchlistFacts | None
    operated: Window | None
    paused: tuple[Window, ...]
    duration_s: float
    frames: Frames
    faces: int
    seen: int
    compared: int
    alerts: tuple[JudgedAlert, ...]
    rates: Rates
    recall: Recall | None
    fpir_slices: tuple[Cell, ...]
    over_alerts_slices: tuple[Cell, ...]
    coverage: tuple[CameraCoverage, ...]
    timeline: tuple[Bar, ...]
    notes: tuple[str, ...]
    discrepancies: tuple[Discrepancy, ...]
    made_at: datetime
    stated: Stated | None = None

    def standings(self) -> dict[Standing, int]:
        """Alerts by where they stand, every standing named; they add up to the alerts opened."""
        counted = Counter(alert.standing for alert in self.alerts)
        return {standing: counted[standing] for standing in Standing}

    @property
    def true_alerts(self) -> int:
        """Confirmed by people."""
        return self.standings()[Standing.CONFIRMED]

    @property
    def false_alerts(self) -> int:
        """Rejected by people, lookalikes included."""
        return sum(self.standings()[standing] for standing in FALSE)

    def by_category(self) -> dict[Category, int]:
        """Alerts by the category of their entry, ordered by its word; those without any absent."""
        counted = Counter(alert.fact.entry.category for alert in self.alerts)
        return dict(sorted(counted.items(), key=lambda item: item[0].value))


def build_record(facts: Facts, stated: Stated | None = None) -> DeploymentRecord:
    """Make the record of what was found, and of what was stated beside it."""
    alerts = _judged(facts)
    whole = operated(facts.tallies)
    paused = () if whole is None else pauses(facts.active, whole)
    cameras = coverage(facts.authorisation.cameras, facts.tallies, whole, paused)
    totals = Counter[str]()
    for tally in facts.tallies:
        totals.update(tally.counts())
    seen, compared = totals["tracks"], totals["compared"]
    decided = [alert for alert in alerts if alert.standing is Standing.CONFIRMED or alert.standing in FALSE]
    judgements = [(alert.observed, alert.standing in FALSE) for alert in decided]
    return DeploymentRecord(
        authorisation=facts.authorisation,
        acts=facts.acts,
        watchlist=facts.watchlist,
        operated=whole,
        paused=paused,
        duration_s=max((camera.expected_s for camera in cameras), default=0.0),
        frames=frames_of(facts.tallies, facts.in_flight),
        faces=totals["faces"],
        seen=seen,
        compared=compared,
        alerts=alerts,
        rates=_rates(decided, seen, compared),
        recall=_recall(facts, alerts),
        fpir_slices=sliced(judgements, compared) if len(decided) <= compared else (),
        over_alerts_slices=sliced(judgements),
        coverage=cameras,
        timeline=_timeline(facts, whole),
        notes=_notes(facts, alerts, whole),
        discrepancies=discrepancies(facts),
        made_at=facts.gathered_at,
        stated=stated,
    )


def _judged(facts: Facts) -> tuple[JudgedAlert, ...]:
    about: defaultdict[str, list[Decision]] = defaultdict(list)
    for decision in facts.decisions:
        about[decision.alert_id].append(decision)

    def judged(fact: AlertFact) -> JudgedAlert:
        adjudication = adjudicate(about[fact.id], fact.two_person)
        return JudgedAlert(fact, adjudication.standing, _settled_at(adjudication), observed(about[fact.id]))

    return tuple(judged(fact) for fact in sorted(facts.alerts, key=lambda fact: (fact.opened_by, fact.id)))


def _settled_at(adjudication: Adjudication) -> datetime | None:
    return adjudication.decided_at if adjudication.standing.settled else None


def _rates(decided: Sequence[JudgedAlert], seen: int, compared: int) -> Rates:
    wrong = sum(alert.standing in FALSE for alert in decided)
    operational = [alert for alert in decided if alert.fact.entry.category is not Category.SEEDED_VOLUNTEER]

    def over(whole: int) -> Proportion:
        # More false alerts than faces can only come of tallies that are missing; the reconciliation says so.
        return Proportion(wrong, whole) if wrong <= whole else Proportion(0, 0)

    return Rates(
        over_faces=over(seen),
        over_alerts=Proportion(wrong, len(decided)),
        over_operational_alerts=Proportion(sum(a.standing in FALSE for a in operational), len(operational)),
        fpir=over(compared),
    )


def _recall(facts: Facts, alerts: Sequence[JudgedAlert]) -> Recall | None:
    if facts.volunteers is None:
        return None
    # Whoever was recorded at a false alert was somebody else, not the volunteer.
    true = [alert for alert in alerts if alert.standing is Standing.CONFIRMED]
    recorded = {alert.fact.entry.reference: alert.observed for alert in true if alert.observed is not None}
    decided_at = {alert.fact.id: alert.decided_at for alert in alerts if alert.decided_at is not None}
    false = {alert.fact.id for alert in alerts if alert.standing in FALSE}
    return recall(facts.volunteers, [alert.fact for alert in alerts], false, decided_at, recorded)


def _timeline(facts: Facts, whole: Window | None) -> tuple[Bar, ...]:
    if whole is None:
        return ()
    step = max((whole.end - whole.start) / BINS, timedelta(seconds=1))
    count = min(BINS, -(-(whole.end - whole.start) // step))
    compared: Counter[int] = Counter()
    shed: Counter[int] = Counter()
    for tally in facts.tallies:
        middle = tally.span.start + (tally.span.end - tally.span.start) / 2
        place = min(max((middle - whole.start) // step, 0), count - 1)
        compared[place] += tally.compared
        shed[place] += tally.shed
    return tuple(
        Bar(Window(whole.start + n * step, whole.start + (n + 1) * step), compared[n], shed[n]) for n in range(count)
    )


def _notes(facts: Facts, alerts: Sequence[JudgedAlert], whole: Window | None) -> tuple[str, ...]:
    standings = Counter(alert.standing for alert in alerts)
    notes = []
    if whole is None:
        notes.append("no frame was published")
    for standing, words in (
        (Standing.UNDECIDED, "nobody has decided on them: they are neither true nor false"),
        (Standing.AWAITING_SECOND, "confirmed by one reviewer, a second is awaited: true alert unconfirmed"),
        (Standing.DISAGREED, "the reviewers disagree"),
    ):
        if standings[standing]:
            notes.append(f"{standings[standing]} of {len(alerts)} alerts: {words}")
    if facts.volunteers is None:
        notes.append("recall was not measured: no log of seeded volunteers was given")
    if facts.watchlist is None:
        notes.append("the size of the watchlist could not be established")
    return tuple(notes)
