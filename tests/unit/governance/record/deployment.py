"""A deployment of ten minutes with two cameras, on a time line of seconds after noon."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from tests.unit.domain.values import AUTHORISATION
from tests.unit.strategies import NOON
from watchbound.domain.audit import AuditEvent
from watchbound.domain.decision import Decision, Verdict
from watchbound.domain.demography import Observation, Sex
from watchbound.domain.moment import Window
from watchbound.domain.tally import Tally
from watchbound.domain.watchlist import Category, ResponseLevel, WatchlistEntry
from watchbound.governance.record.facts import Act, AlertFact, Facts, VolunteerLog, VolunteerPass, WatchlistFacts
from watchbound.pipeline.audit_acts import Act as AuditAct

LENGTH_S = 600


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def span(start: float, end: float) -> Window:
    return Window(at(start), at(end))


def tallies(away: range = range(0)) -> tuple[Tally, ...]:
    """One a minute of each camera's site and worker; `gate-2` publishes nothing in the minutes `away`."""
    made: list[Tally] = []
    for minute in range(LENGTH_S // 60):
        window = span(60 * minute, 60 * minute + 60)
        for camera in ("gate-1", "gate-2"):
            if camera == "gate-2" and minute in away:
                continue
            made.append(Tally("site-1", len(made), camera, "op-1", window, published=100, shed=1))
            counted = {"processed": 98, "shed": 1, "refused": 1, "faces": 400, "tracks": 50, "compared": 40}
            made.append(Tally("worker-1", len(made), camera, "op-1", window, matches=3, **counted))
    return tuple(made)


def alert(
    name: str, seconds: float, category: Category = Category.MISSING, level: ResponseLevel = ResponseLevel.AMBER
) -> AlertFact:
    return AlertFact(
        id=name,
        entry=WatchlistEntry("op-1", f"REF-{name}", category, level),
        revision=1,
        opened_by=at(seconds),
        first_seen=at(seconds - 1),
        last_seen=at(seconds + 4),
        cameras=("gate-1",),
        matches=2,
        score=0.61,
        threshold=0.5,
        opening_read=True,
        two_person=level is ResponseLevel.RED,
        told=None,
    )


def decision(
    about: AlertFact, verdict: Verdict, reviewer: str = "officer.2", sex: Sex | None = None, after_s: float = 30.0
) -> Decision:
    seen = None if sex is None else Observation(sex=sex)
    moment = about.opened_by + timedelta(seconds=after_s)
    return Decision(about.id, "op-1", about.entry.reference, verdict, reviewer, "looked", moment, seen)


def audited(decisions: tuple[Decision, ...]) -> tuple[AuditEvent, ...]:
    return tuple(
        AuditEvent(f"e{n}", d.decided_at, d.reviewer, AuditAct.ALERT_DECIDED, "op-1", d.alert_id, d.reason)
        for n, d in enumerate(decisions)
    )


TRUE, FALSE, LOOKALIKE, OPEN = alert("true", 100), alert("false", 200), alert("like", 300), alert("open", 400)
BLUE = alert("blue", 500, Category.SEEDED_VOLUNTEER, ResponseLevel.GREEN)
ALERTS = (TRUE, FALSE, LOOKALIKE, OPEN, BLUE)
DECISIONS = (
    decision(TRUE, Verdict.CONFIRM),
    decision(FALSE, Verdict.REJECT),
    decision(LOOKALIKE, Verdict.LOOKALIKE),
    decision(BLUE, Verdict.CONFIRM),
)
VOLUNTEERS = VolunteerLog(
    (VolunteerPass("REF-blue", "gate-1", at(502)), VolunteerPass("REF-blue", "gate-2", at(50))),
    timedelta(seconds=30),
    timedelta(seconds=60),
)


def facts(**other: Any) -> Facts:
    """What adds up, unless `other` says otherwise."""
    decisions = other.get("decisions", DECISIONS)
    given: dict[str, Any] = {
        "authorisation": AUTHORISATION,
        "acts": (
            Act(at(-60), "sign", "officer.1", "checked"),
            Act(at(-1), "activate", "officer.1", "begin"),
            Act(at(350), "set-threshold", "officer.1", "too many lookalikes", 0.55),
        ),
        "active": (span(-1, 3600),),
        "tallies": tallies(),
        "index_gaps": (),
        "in_flight": 0,
        "alerts": ALERTS,
        "decisions": decisions,
        "unbelieved": (),
        "audit": audited(decisions),
        "watchlist": WatchlistFacts(
            120, ((Category.MISSING, 118), (Category.SEEDED_VOLUNTEER, 2)), "at the end", "5" * 64, 2, 1
        ),
        "volunteers": VOLUNTEERS,
        "gathered_at": at(700),
    }
    return Facts(**(given | other))
