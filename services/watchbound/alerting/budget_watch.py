"""Keeps each deployment's counts against the false-alert budget, and pauses the one that breaks it.

The counts are folded from the tallies, alerts and decisions topics, read from their beginning whenever alerting starts:
nothing is stored, so nothing can be lost with a process. They begin with the latest activation or resume, since a
person has looked then and given a reason.

Faces are never counted later than the alerts that they raised: a false alert counts once the tallies have reached the
moment at which it was opened, and the test looks only when everything that stands in the topics has been read. Faces of
the minute of the resume are counted whole, which errs on the side of going on.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from watchbound.alerting.budget import BudgetPolicy, Finding, in_words, judge, lower_bound
from watchbound.domain.act import ActKind
from watchbound.domain.adjudication import Standing, adjudicate
from watchbound.domain.alert import Alert
from watchbound.domain.decision import Decision
from watchbound.domain.errors import NotAuthorised
from watchbound.domain.moment import from_micros, to_micros
from watchbound.domain.tally import Tally
from watchbound.domain.watchlist import ResponseLevel
from watchbound.domain.written_authority import WrittenAuthority
from watchbound.pipeline import metric_names as names
from watchbound.pipeline.authority import AuthorityView
from watchbound.pipeline.tallies import FirstDeliveries
from watchbound.ports import Metrics

_STEP = timedelta(minutes=1)
_FALSE = frozenset({Standing.REJECTED, Standing.LOOKALIKE})

Pause = Callable[[str, str, dict[str, str]], None]
"""Pauses a deployment: its id, the reason in words, and what belongs to the act."""


@dataclass(frozen=True, slots=True)
class _Opened:
    at: datetime
    two_person: bool


@dataclass(slots=True)
class _Counts:
    """One deployment.

    Attributes:
        compared: faces compared, by minute since 1970.
        reached: until when its faces are counted.
        alerts: by id.
        decisions: by alert id.
    """

    compared: Counter[int] = field(default_factory=Counter)
    reached: datetime | None = None
    alerts: dict[str, _Opened] = field(default_factory=dict)
    decisions: defaultdict[str, list[Decision]] = field(default_factory=lambda: defaultdict(list))

    def since(self, began: datetime) -> tuple[int, int]:
        """Faces compared and false alerts from a moment on."""
        first = to_micros(began) // (_STEP // timedelta(microseconds=1))
        faces = sum(count for minute, count in self.compared.items() if minute >= first)
        return faces, sum(self._is_false(name, opened) for name, opened in self._counted(began))

    def _counted(self, began: datetime) -> Iterator[tuple[str, _Opened]]:
        for name, opened in self.alerts.items():
            if self.reached is not None and began <= opened.at <= self.reached:
                yield name, opened

    def _is_false(self, name: str, opened: _Opened) -> bool:
        about = self.decisions.get(name, [])
        return adjudicate(about, opened.two_person).standing in _FALSE


class BudgetWatch:
    """Belongs to the thread of the feed that fills it, `complaint` apart.

    Args:
        policy: what is allowed.
        two_person: response levels where a lookalike takes two reviewers.
        view: what is in force, and since when.
        pause: how a deployment is paused.
        metrics: where the counts are shown.
    """

    def __init__(
        self,
        policy: BudgetPolicy,
        two_person: frozenset[ResponseLevel],
        view: AuthorityView,
        pause: Pause,
        metrics: Metrics,
    ) -> None:
        self._policy = policy
        self._two_person = two_person
        self._view = view
        self._pause = pause
        self._metrics = metrics
        self._news = FirstDeliveries()
        self._deployments: defaultdict[str, _Counts] = defaultdict(_Counts)
        self._complaints: dict[str, str] = {}

    def take_tally(self, tally: Tally) -> None:
        """Count the faces of one tally, once however often it is delivered."""
        if not self._news.is_news(tally) or not tally.compared:
            return
        counts = self._deployments[tally.authorisation_id]
        # By its end: faces counted late rather than early keep a deployment going rather than stop it.
        counts.compared[to_micros(tally.span.end) // (_STEP // timedelta(microseconds=1))] += tally.compared
        counts.reached = max(counts.reached or tally.span.end, tally.span.end)

    def take_alert(self, alert: Alert) -> None:
        """Remember when an alert was opened, and how many reviewers it takes."""
        said = alert.adjudication
        two_person = alert.entry.response_level in self._two_person if said is None else said.two_person
        self._deployments[alert.entry.authorisation_id].alerts[alert.id] = _Opened(alert.opened_by, two_person)

    def take_decision(self, decision: Decision) -> None:
        """Remember what a reviewer said; its signature is the caller's business."""
        self._deployments[decision.authorisation_id].decisions[decision.alert_id].append(decision)

    def look(self) -> None:
        """Hold every deployment in force against its budget; call it when everything was read.

        Raises:
            Unavailable: a pause could not be published; it is due at the next look again.
        """
        in_force = [authorisation.id for authorisation in self._view.in_force()]
        self._complaints = {name: said for name, said in self._complaints.items() if name in in_force}
        for authorisation_id in in_force:
            written = self._view.written(authorisation_id)
            if written is not None:
                self._judge(authorisation_id, written)

    def complaint(self) -> str | None:
        """Which broken budget could not be acted upon, and why; None where there is none."""
        return "; ".join(self._complaints.values()) or None

    def _judge(self, authorisation_id: str, written: WrittenAuthority) -> None:
        faces, false_alerts = self._deployments[authorisation_id].since(began(written))
        finding = judge(faces, false_alerts, self._policy)
        self._show(authorisation_id, finding)
        if not finding.breached:
            return
        details = {"faces": str(faces), "false_alerts": str(false_alerts), "budget": f"{self._policy.rate:g}"}
        try:
            self._pause(authorisation_id, in_words(finding, self._policy), details)
        except NotAuthorised as error:
            self._complaints[authorisation_id] = (
                f"{authorisation_id} is over its false-alert budget and goes on: {error}"
            )
            return
        self._metrics.count(names.BUDGET_PAUSES)

    def _show(self, authorisation_id: str, finding: Finding) -> None:
        self._metrics.set(names.BUDGET_FACES, finding.faces, authorisation=authorisation_id)
        self._metrics.set(names.BUDGET_FALSE_ALERTS, finding.false_alerts, authorisation=authorisation_id)
        bound = lower_bound(finding.faces, finding.false_alerts, self._policy.alpha)
        self._metrics.set(names.BUDGET_LOWER_BOUND, bound, authorisation=authorisation_id)


def began(written: WrittenAuthority) -> datetime:
    """When the test begins: at the latest activation or resume."""
    begins = (ActKind.ACTIVATE, ActKind.RESUME)
    return max((signed.act.at for signed in written.acts if signed.act.kind in begins), default=from_micros(0))
