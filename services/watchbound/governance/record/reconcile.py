"""Do the totals add up? Where they do not, the record says so instead of choosing a number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from watchbound.domain.adjudication import adjudicate
from watchbound.domain.tally import Tally
from watchbound.governance.record.facts import Facts
from watchbound.pipeline.audit_acts import Act

HANDLED = ("processed", "shed", "refused", "dead_lettered")
"""What a worker can do with a frame."""

SITE_SOURCE = "site-"
"""Begins the source of every tally that a camera site sends."""


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """Two figures that should agree and do not.

    Attributes:
        check: which of the checks found it.
        says: what does not add up, in words, with the figures.
    """

    check: str
    says: str


@dataclass(frozen=True, slots=True)
class Frames:
    """What became of the frames, as sites and workers tell it, each for its own part.

    Attributes:
        in_flight: read from the broker, not by subtraction; None where it could not be asked.
    """

    published: int
    processed: int
    shed: int
    refused: int
    dead_lettered: int
    in_flight: int | None
    shed_at_site: int
    refused_at_site: int

    @property
    def handled(self) -> int:
        """Frames of which a worker said what became of them."""
        return self.processed + self.shed + self.refused + self.dead_lettered


def frames_of(tallies: tuple[Tally, ...], in_flight: int | None) -> Frames:
    """Add the tallies up, those of sites and those of workers apart."""
    site = [tally for tally in tallies if tally.source.startswith(SITE_SOURCE)]
    workers = [tally for tally in tallies if not tally.source.startswith(SITE_SOURCE)]

    def total(among: list[Tally], name: str) -> int:
        return sum(tally.counts()[name] for tally in among)

    return Frames(
        published=total(site, "published"),
        **{name: total(workers, name) for name in HANDLED},
        in_flight=in_flight,
        shed_at_site=total(site, "shed"),
        refused_at_site=total(site, "refused"),
    )


def discrepancies(facts: Facts) -> tuple[Discrepancy, ...]:
    """All that does not add up, in the order of the flow; empty when everything does."""
    return (
        *_tallies(facts),
        *_frames(facts),
        *_matches(facts),
        *_alerts(facts),
        *_decisions(facts),
        *_audit(facts),
    )


def _tallies(facts: Facts) -> Iterator[Discrepancy]:
    for gap in facts.index_gaps:
        says = f"{gap.missing} tallies of {gap.source} were not found, the first of them number {gap.first}"
        yield Discrepancy("tallies complete", says)


def _frames(facts: Facts) -> Iterator[Discrepancy]:
    frames = frames_of(facts.tallies, facts.in_flight)
    missing = frames.published - frames.handled
    told = f"{frames.published} published, {frames.handled} accounted for"
    check = "frames: published = processed + shed + refused + dead-lettered + in flight"
    if missing < 0:
        yield Discrepancy(check, f"{told}: {-missing} more than were published; workers that restart read frames again")
    elif facts.in_flight is None and missing:
        yield Discrepancy(check, f"{told}, and how many are in flight could not be asked")
    elif facts.in_flight is not None and missing > facts.in_flight:
        # The other way round is no fault: offsets are committed after frames were counted, so more may seem in flight.
        yield Discrepancy(check, f"{told}, {facts.in_flight} in flight: {missing - facts.in_flight} are missing")


def _matches(facts: Facts) -> Iterator[Discrepancy]:
    tallied = sum(tally.matches for tally in facts.tallies)
    behind = sum(alert.matches for alert in facts.alerts)
    if behind > tallied:
        yield Discrepancy("matches", f"{behind} matches stand behind the alerts, workers counted only {tallied}")


def _alerts(facts: Facts) -> Iterator[Discrepancy]:
    without = [alert.id[:12] for alert in facts.alerts if not alert.opening_read]
    if without:
        yield Discrepancy(
            "alerts opened", f"{len(without)} alerts were read without their opening: {', '.join(without)}"
        )
    known = {alert.id for alert in facts.alerts}
    unknown = sorted({decision.alert_id[:12] for decision in facts.decisions if decision.alert_id not in known})
    if unknown:
        says = f"{len(unknown)} alerts were decided upon and not found: {', '.join(unknown)}"
        yield Discrepancy("alerts opened = decided + undecided", says)


def _decisions(facts: Facts) -> Iterator[Discrepancy]:
    for reason in facts.unbelieved:
        yield Discrepancy("decisions believed", reason)
    for fact in facts.alerts:
        about = [decision for decision in facts.decisions if decision.alert_id == fact.id]
        found = adjudicate(about, fact.two_person).standing
        if fact.told is not None and fact.told is not found:
            says = f"alert {fact.id[:12]}: alerting last told {fact.told.value}, the decisions come to {found.value}"
            yield Discrepancy("told outcomes = decisions", says)


def _audit(facts: Facts) -> Iterator[Discrepancy]:
    check = "audited decisions = decisions"
    if facts.audit is None:
        yield Discrepancy(check, "the audit log could not be read")
        return
    audited = {event.object for event in facts.audit if event.act == Act.ALERT_DECIDED}
    decided = {decision.alert_id for decision in facts.decisions}
    for alerts, says in (
        (decided - audited, "decided upon without an audit event"),
        (audited - decided, "decided upon according to the audit log, and no decision was found"),
    ):
        if alerts:
            names = ", ".join(sorted(alert[:12] for alert in alerts))
            yield Discrepancy(check, f"{len(alerts)} alerts {says}: {names}")
