"""One ordinary value of each type, for tests that bend a single field of it."""

from __future__ import annotations

from datetime import date

from watchbound.domain.alert import Alert, AlertEvent
from watchbound.domain.decision import Decision, Verdict
from watchbound.domain.entry_papers import EntryPapers
from watchbound.domain.face import Box
from watchbound.domain.match import Match
from watchbound.domain.moment import Window
from watchbound.domain.watchlist import Category, ResponseLevel, WatchlistEntry
from watchbound.testing.office import active_authorisation

from ..strategies import after

ENTRY = WatchlistEntry("op-1", "REF-1", Category.MISSING, ResponseLevel.AMBER)
PAPERS = EntryPapers(
    source="custody system",
    lawful_holding="image taken on arrest, retained under PACE 1984 s.64A",
    image_date=date(2025, 8, 14),
    expires_at=after(86_400),
    added_by="officer.1",
    added_at=after(-60),
    approved_by="officer.2",
)
AUTHORISATION = active_authorisation(
    cameras=frozenset({"gate-1", "gate-2"}), window=Window(after(0), after(60)), minimum_threshold=0.5
)
MATCH = Match(
    entry=ENTRY,
    camera_id="gate-1",
    frame_id="gate-1/1/1",
    track_id="gate-1-1",
    first_seen=after(0),
    captured_at=after(1),
    score=0.75,
    threshold=0.5,
    shots=3,
    box=Box(1, 2, 3, 4),
    crop=b"jpeg",
    model_digest="d" * 64,
)
ALERT = Alert(
    id="a1",
    event=AlertEvent.OPENED,
    revision=0,
    opened_by=after(1),
    first_seen=after(0),
    last_seen=after(1),
    best=MATCH,
    cameras=("gate-1",),
    matches=1,
    emitted_at=after(2),
)
DECISION = Decision("a1", "op-1", "REF-1", Verdict.REJECT, "officer.2", "a lookalike", after(3))
