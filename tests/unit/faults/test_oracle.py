"""The judge must be able to say no."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from tests.faults.oracle import Judgement, Seen, SentAlert, SentMatch, judge
from tests.unit.alerting.factory import POLICY, at, match
from watchbound.alerting.raise_alert import raise_alert
from watchbound.camera.synthetic import FaceTruth, FrameTruth, SiteSpec, SiteTruth
from watchbound.domain.alert import Alert, AlertEvent
from watchbound.domain.face import Box
from watchbound.domain.frame import Capture

FPS = 5.0
GAP = timedelta(seconds=6)
LISTED = frozenset({"P001", "P003"})
SPEC = SiteSpec("gate-1", 0, 10.0, FPS, people=("P001", "P002"))


def passing(person: str, first: int, last: int) -> SiteTruth:
    """Somebody near and clear in the frames from `first` to before `last`."""
    face = FaceTruth(person, Box(0, 0, 80, 80), 40.0, 1.0)
    frames = (FrameTruth(n, n / FPS, (face,) if first <= n < last else ()) for n in range(SPEC.frames))
    return SiteTruth.of(SPEC, frames)


TRUTH = passing("P001", 10, 25)


def filmed(numbers: Sequence[int]) -> list[Capture]:
    return [Capture("gate-1", n, at(n / FPS), "station") for n in numbers]


FRAMES = filmed(range(50))


def alerted(seconds: float, person: str = "P001", number: int = 15) -> Alert:
    found = replace(match(seconds, reference=person), frame_id=f"gate-1/0/{number}")
    return raise_alert(None, found, POLICY, at(seconds)).alerts[0]


def told(alert: Alert, sent_at: datetime | None = None) -> SentAlert:
    return SentAlert(sent_at or alert.last_seen, alert)


def found(seen: Seen, truth: SiteTruth = TRUTH) -> Judgement:
    return judge(seen, {"gate-1": truth}, LISTED, FPS, GAP)


def test_all_is_well_where_everybody_who_passed_was_alerted_once() -> None:
    judged = found(Seen(FRAMES, [], [told(alerted(3.0))]))
    assert judged == Judgement((), (), 0, (), (), expected=1)


def test_a_missing_alert_is_a_loss() -> None:
    assert found(Seen(FRAMES, [], [])).lost == ("P001@gate-1",)


def test_an_alert_on_somebody_elses_passage_or_of_another_time_does_not_stand_in() -> None:
    assert found(Seen(FRAMES, [], [told(alerted(3.0, "P003"))])).lost == ("P001@gate-1",)
    assert found(Seen(FRAMES, [], [told(alerted(60.0))])).lost == ("P001@gate-1",)


def test_only_what_was_admitted_is_expected() -> None:
    judged = found(Seen(filmed([*range(12), *range(23, 50)]), [], []))
    assert (judged.expected, judged.lost) == (0, ())


def test_a_frame_delivered_twice_shows_nobody_for_longer() -> None:
    assert found(Seen(filmed([11, 12, 13, 14] * 5), [], [])).expected == 0


def test_nobody_who_is_not_listed_is_expected() -> None:
    assert found(Seen(FRAMES, [], []), passing("P002", 10, 25)).expected == 0


def test_an_alert_on_somebody_who_was_not_there_is_false() -> None:
    alert = alerted(3.0, "P003")
    assert found(Seen(FRAMES, [], [told(alerted(3.0)), told(alert)])).false == (alert.id,)


def test_repeated_events_are_counted_before_and_vanish_after() -> None:
    opened = alerted(3.0)
    judged = found(Seen(FRAMES, [SentMatch(at(3), match(3))] * 3, [told(opened), told(opened)]))
    assert (judged.duplicates_before, judged.duplicates_after) == (3, ())


def test_a_second_alert_of_one_passage_is_a_duplicate_and_one_of_the_next_is_not() -> None:
    first, second, later = alerted(2.5), alerted(4.0), alerted(4.0 + GAP.total_seconds() + 0.1)
    assert len(found(Seen(FRAMES, [], [told(first), told(second)])).duplicates_after) == 1
    assert found(Seen(FRAMES, [], [told(first), told(later)])).duplicates_after == ()


def test_nothing_may_be_matched_or_opened_once_a_cancellation_has_acted() -> None:
    early, late = SentMatch(at(3), match(3)), SentMatch(at(20), match(3))
    opened = told(alerted(3.0), at(20))
    expired = told(replace(alerted(3.0), event=AlertEvent.EXPIRED, revision=1), at(20))
    judged = found(Seen(FRAMES[:20], [early, late], [opened, expired], at(4), at(0)))
    assert len(judged.outside) == 2
    assert judged.lost == ()


def test_what_was_captured_after_the_end_is_outside_however_soon_it_was_matched() -> None:
    seen = SentMatch(at(5), match(4.5))
    assert len(found(Seen(FRAMES[:20], [seen], [], at(4), at(0))).outside) == 1


def test_a_match_of_somebody_who_is_not_listed_is_outside() -> None:
    assert len(found(Seen(FRAMES, [SentMatch(at(3), match(3, reference="P009"))], [])).outside) == 1


def test_frames_taken_long_after_the_end_are_outside() -> None:
    assert len(found(Seen(filmed(range(0, 50)), [], [], at(1), at(0))).outside) == 17
