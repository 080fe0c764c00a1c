from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from watchbound.camera.synthetic import FaceTruth, FrameTruth, SiteSpec, SiteTruth
from watchbound.domain.alert import Alert, AlertEvent
from watchbound.domain.face import Box
from watchbound.domain.match import Match
from watchbound.domain.moment import Window
from watchbound.domain.tally import Tally
from watchbound.domain.watchlist import Category, ResponseLevel, WatchlistEntry
from watchbound.stack.demo_plan import FPS, DemoCamera, people_of
from watchbound.stack.demo_summary import AlertBook, TallySheet, people_summary, quantiles_ms

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
BOX = Box(500, 300, 60, 80)


def site(present: dict[str, tuple[float, float]]) -> DemoCamera:
    """A camera past which each person walks, large and clear, between two seconds."""
    spec = SiteSpec("gate", 1, 30.0, 10.0, people=tuple(present))
    frames = tuple(
        FrameTruth(
            n,
            n / 10,
            tuple(FaceTruth(p, BOX, 30.0, 1.0) for p, (start, end) in present.items() if start <= n / 10 < end),
        )
        for n in range(300)
    )
    return DemoCamera("gate", Path("gate.mp4"), SiteTruth.of(spec, frames))


def alert(person: str, second: float, camera: str = "gate", revision: int = 0) -> Alert:
    """An alert whose best frame was sampled at this second of the footage."""
    match = Match(
        entry=WatchlistEntry("op-1", person, Category.MISSING, ResponseLevel.AMBER),
        camera_id=camera,
        frame_id=f"{camera}/0/{round(second * FPS)}",
        track_id=f"{person}-{second}",
        first_seen=NOW,
        captured_at=NOW,
        score=0.7,
        threshold=0.55,
        shots=2,
        box=BOX,
        crop=b"",
        model_digest="d",
    )
    return Alert(f"alert-{person}", AlertEvent.OPENED, revision, NOW, NOW, NOW, match, (camera,), 1, NOW)


def test_who_passed_and_was_alerted_who_was_missed_and_who_was_not_listed() -> None:
    camera = site({"P001": (5, 12), "P003": (10, 20), "P002": (0, 30)})
    found = people_summary([camera], ["P001", "P003", "P008"], [alert("P001", 8)])
    assert found["enrolled"] == 3
    assert found["enrolled_passed"] == 2
    assert (found["alerted"], found["missed"], found["missed_references"]) == (1, 1, ["P003"])
    assert (found["unlisted_passed"], found["false_alerts"]) == (1, 0)


@pytest.mark.parametrize("wrong", [alert("P001", 20), alert("P008", 8), alert("P001", 8, camera="door")])
def test_an_alert_for_somebody_who_was_not_there_then_is_false_and_finds_nobody(wrong: Alert) -> None:
    found = people_summary([site({"P001": (5, 12)})], ["P001", "P008"], [wrong])
    assert (found["false_alerts"], found["alerted"], found["missed"]) == (1, 0, 1)


def test_somebody_who_only_flits_by_need_not_be_found() -> None:
    found = people_summary([site({"P001": (5, 5.4)})], ["P001"], [])
    assert (found["enrolled_passed"], found["missed"]) == (0, 0)


def tally(source: str, index: int, **counts: int) -> Tally:
    return Tally(source, index, "gate", "op-1", Window(NOW, NOW + timedelta(seconds=1)), **counts)


def test_tallies_add_up_and_one_that_comes_twice_counts_once() -> None:
    sheet = TallySheet()
    for counted in (
        tally("site-1", 0, published=10, shed=2),
        tally("worker-1", 0, processed=6, shed=1, faces=9),
        tally("worker-1", 0, processed=6, shed=1, faces=9),
        tally("worker-1", 1, refused=1),
    ):
        sheet.add(counted)
    assert sheet.frames() == {
        "published": 10,
        "processed": 6,
        "shed": 1,
        "refused": 1,
        "dead_lettered": 0,
        "shed_at_site": 2,
        "refused_at_site": 0,
    }
    assert sheet.unaccounted() == 2


def test_the_latency_is_that_of_the_first_event_and_the_state_that_of_the_last() -> None:
    book = AlertBook()
    book.take(alert("P001", 8), NOW + timedelta(milliseconds=300))
    book.take(replace(alert("P001", 9, revision=2), event=AlertEvent.EXPIRED), NOW + timedelta(seconds=9))
    book.take(alert("P001", 8, revision=1), NOW + timedelta(seconds=10))
    (observed,) = book.all()
    assert observed.latency_s == pytest.approx(0.3)
    assert observed.latest.revision == 2


def test_quantiles_are_in_milliseconds_say_of_how_many_and_are_none_without_a_sample() -> None:
    assert quantiles_ms([]) == {"p50": None, "p99": None, "n": 0}
    assert quantiles_ms([0.1, 0.3]) == {"p50": 200.0, "p99": 298.0, "n": 2}


def test_every_camera_of_the_demonstration_shows_listed_and_unlisted_people_and_never_p008() -> None:
    for index in range(64):
        people = people_of(index)
        assert len(set(people)) == 6
        assert "P008" not in people
        assert 0 < sum(person in ("P001", "P003", "P005", "P007") for person in people) < 6
