"""Matches and decisions on a time line of seconds after noon."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from tests.unit.strategies import NOON
from watchbound.alerting.raise_alert import AlertPolicy
from watchbound.domain.decision import Decision, Verdict
from watchbound.domain.face import Box
from watchbound.domain.match import Match
from watchbound.domain.signature import Role
from watchbound.domain.watchlist import Category, ResponseLevel, WatchlistEntry
from watchbound.testing.signing import FakeSigner, FakeTrustList

GAP_S = 20
SUPPRESS_S = 600
ONE_PERSON = AlertPolicy(timedelta(seconds=GAP_S), timedelta(seconds=SUPPRESS_S), two_person=frozenset())
POLICY = AlertPolicy(timedelta(seconds=GAP_S), timedelta(seconds=SUPPRESS_S))


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def match(seconds: float, score: float = 0.6, camera: str = "gate-1", reference: str = "P001") -> Match:
    """A match whose track began a second before."""
    return Match(
        entry=WatchlistEntry("station", reference, Category.MISSING, ResponseLevel.AMBER),
        camera_id=camera,
        frame_id=f"{camera}/{seconds}/{score}",
        track_id=f"t{seconds}-{score}",
        first_seen=at(seconds - 1),
        captured_at=at(seconds),
        score=score,
        threshold=0.55,
        shots=2,
        box=Box(0, 0, 50, 50),
        crop=b"jpeg",
        model_digest="m",
        template=b"sealed template",
    )


def decision(
    alert_id: str, seconds: float, verdict: Verdict = Verdict.CONFIRM, reviewer: str = "officer-1"
) -> Decision:
    return Decision(alert_id, "station", "P001", verdict, reviewer, "", at(seconds))


def reviewers(*accounts: str) -> FakeTrustList:
    """Trusts one key for each reviewer, of the same name."""
    trusted = FakeTrustList()
    for account in accounts:
        trusted.trust(FakeSigner(account), account, Role.REVIEWER)
    return trusted


def signed(decision: Decision, key: str | None = None) -> Decision:
    """The decision with the reviewer's signature, or with that of another key."""
    return replace(decision, signature=FakeSigner(key or decision.reviewer).sign(decision.statement()))
