"""Folds what the topics hold of one deployment into the facts of its record."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime

from watchbound.domain.act import ActKind, SignedAct
from watchbound.domain.activation import Activation
from watchbound.domain.alert import Alert
from watchbound.domain.audit import AuditEvent
from watchbound.domain.authorisation import Authorisation
from watchbound.domain.decision import Decision
from watchbound.domain.errors import NotTrusted
from watchbound.domain.listing import Listing
from watchbound.domain.moment import Window
from watchbound.domain.tally import Tally
from watchbound.domain.threshold_change import ThresholdChange
from watchbound.domain.watchlist import ResponseLevel
from watchbound.domain.written_authority import WrittenAuthority
from watchbound.governance.record.facts import (
    Act,
    AlertFact,
    Facts,
    IndexGap,
    VolunteerLog,
    WatchlistFacts,
    fact_of,
)
from watchbound.pipeline import audit_acts
from watchbound.pipeline.reviewers import require_reviewer
from watchbound.ports import TrustList

_BEGINS = frozenset({ActKind.ACTIVATE, ActKind.RESUME})
_STOPS = frozenset({ActKind.PAUSE, ActKind.CANCEL, ActKind.END, ActKind.PURGE})


class Gatherer:
    """Takes records of every deployment and keeps those of one.

    Args:
        authorisation_id: which.
        trust: whose decisions count.
        two_person: response levels where two reviewers are needed.
    """

    def __init__(self, authorisation_id: str, trust: TrustList, two_person: frozenset[ResponseLevel]) -> None:
        self._id = authorisation_id
        self._trust = trust
        self._two_person = two_person
        self._indexes: defaultdict[str, set[int]] = defaultdict(set)
        self._tallies: list[Tally] = []
        self._alerts: dict[str, AlertFact] = {}
        self._decisions: dict[tuple[str, datetime], Decision] = {}
        self._unbelieved: list[str] = []
        self._listed: dict[str, Listing] = {}

    def take_tally(self, tally: Tally) -> None:
        """Keep a tally of the deployment, or of no deployment; note the place of all others."""
        if tally.index in self._indexes[tally.source]:
            return
        self._indexes[tally.source].add(tally.index)
        if tally.authorisation_id in (self._id, ""):
            self._tallies.append(tally)

    def take_alert(self, alert: Alert) -> None:
        """Keep the highest revision of an alert, without its picture."""
        known = self._alerts.get(alert.id)
        if alert.entry.authorisation_id != self._id:
            return
        fact = fact_of(alert, known is not None and known.opening_read, self._two_person)
        if known is None or alert.revision > known.revision:
            self._alerts[alert.id] = fact

    def take_decision(self, decision: Decision) -> None:
        """Keep a decision that a reviewer signed; say why another does not count."""
        if decision.authorisation_id != self._id:
            return
        try:
            require_reviewer(decision, self._trust)
        except NotTrusted as error:
            self._unbelieved.append(f"a decision on alert {decision.alert_id[:12]} does not count: {error}")
            return
        self._decisions[decision.id, decision.decided_at] = decision

    def take_listing(self, listing: Listing) -> None:
        """Note who was listed, whether or not they still are."""
        if listing.entry.authorisation_id == self._id:
            self._listed[listing.entry.reference] = listing

    def facts(
        self,
        authorisation: Authorisation,
        written: WrittenAuthority,
        audit: Iterable[AuditEvent] | None,
        in_flight: int | None,
        volunteers: VolunteerLog | None,
        now: datetime,
    ) -> Facts:
        """What was found.

        Args:
            authorisation: as it stands now, verified.
            written: the chain of acts that it stands upon.
            audit: events of any deployment; None where the audit log could not be read.
            in_flight: see `Facts.in_flight`.
            volunteers: their log, where one was given.
            now: when it was gathered.
        """
        active = tuple(active_spans(written))
        tallies = tuple(tally for tally in self._tallies if self._is_ours(tally, authorisation, active))
        ours = None if audit is None else tuple(event for event in audit if event.authorisation_id == self._id)
        sources = {tally.source for tally in tallies if tally.authorisation_id}
        return Facts(
            authorisation=authorisation,
            acts=tuple(_act(signed, self._trust) for signed in written.acts),
            active=active,
            tallies=tallies,
            index_gaps=tuple(_gaps({source: self._indexes[source] for source in sorted(sources)})),
            in_flight=in_flight,
            alerts=tuple(self._alerts.values()),
            decisions=tuple(self._decisions.values()),
            unbelieved=tuple(self._unbelieved),
            audit=ours,
            watchlist=self._watchlist(written, ours),
            volunteers=volunteers,
            gathered_at=now,
        )

    def _is_ours(self, tally: Tally, authorisation: Authorisation, active: tuple[Window, ...]) -> bool:
        """A poisoned frame names no authorisation: it is ours if its camera was ours at that time."""
        if tally.authorisation_id:
            return True
        ours = tally.camera_id in authorisation.cameras
        return ours and any(tally.span.start < span.end and span.start < tally.span.end for span in active)

    def _watchlist(self, written: WrittenAuthority, audit: tuple[AuditEvent, ...] | None) -> WatchlistFacts | None:
        """Size and digest as the activation vouches for them, which stay when the list is gone, and what came after."""
        activations = [signed.act for signed in written.acts if signed.act.kind is ActKind.ACTIVATE]
        if not activations:
            return None
        activated = activations[-1]
        vouched = Activation.of(dict(activated.details))
        later = None if audit is None else Counter(event.act for event in audit if event.at > activated.at)
        counted = Counter(listing.entry.category for listing in self._listed.values())
        categories = tuple(sorted(counted.items(), key=lambda item: item[0].value))
        reviewed = f"as reviewed by {vouched.reviewed_by} on {vouched.reviewed_at:%Y-%m-%d %H:%M} UTC"
        return WatchlistFacts(
            size=vouched.watchlist_size,
            categories=categories,
            as_of=reviewed,
            digest=vouched.watchlist_digest,
            approved_since=None if later is None else later[audit_acts.Act.WATCHLIST_APPROVED],
            removed_since=None if later is None else later[audit_acts.Act.WATCHLIST_REMOVED],
        )


def active_spans(written: WrittenAuthority) -> Iterator[Window]:
    """When the acts and the window permitted matching."""
    window = written.terms.window
    begun: datetime | None = None
    for signed in written.acts:
        act = signed.act
        if act.kind in _BEGINS and begun is None:
            begun = max(act.at, window.start)
        elif act.kind in _STOPS and begun is not None:
            if begun < min(act.at, window.end):
                yield Window(begun, min(act.at, window.end))
            begun = None
    if begun is not None and begun < window.end:
        yield Window(begun, window.end)


def _act(signed: SignedAct, trust: TrustList) -> Act:
    act = signed.act
    change = ThresholdChange.of(dict(act.details)) if act.kind is ActKind.SET_THRESHOLD else None
    return Act(act.at, act.kind.value, _holder(signed, trust), act.reason, None if change is None else change.threshold)


def _holder(signed: SignedAct, trust: TrustList) -> str:
    try:
        return trust.holder(signed.signature.key_id)
    except NotTrusted:
        return f"the holder of key {signed.signature.key_id}"


def _gaps(indexes: dict[str, set[int]]) -> Iterator[IndexGap]:
    for source, found in indexes.items():
        missing = sorted(set(range(max(found) + 1)) - found)
        if missing:
            yield IndexGap(source, len(missing), missing[0])
