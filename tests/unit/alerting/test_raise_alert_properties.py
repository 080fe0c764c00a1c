"""What must hold whatever comes in whatever order."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.alerting.factory import ONE_PERSON as POLICY
from tests.unit.alerting.factory import at, decision, match
from watchbound.alerting.raise_alert import expire, raise_alert, settle
from watchbound.alerting.window import AlertWindow
from watchbound.domain.alert import Alert, AlertEvent
from watchbound.domain.decision import Verdict
from watchbound.domain.match import Match

Happening = Match | Verdict | int
"""A match, a decision on the latest alert, or time that passes (in seconds)."""

happenings: st.SearchStrategy[list[Happening]] = st.lists(
    st.one_of(
        st.builds(match, st.integers(0, 300), st.sampled_from([0.56, 0.6, 0.66, 0.9]), st.sampled_from(["a", "b"])),
        st.sampled_from(Verdict),
        st.integers(1, 400),
    ),
    max_size=40,
)


def run(
    line: list[Happening], window: AlertWindow | None = None, now_s: float = 0
) -> tuple[AlertWindow | None, list[Alert]]:
    """Fold a line; the clock never runs behind what was captured."""
    now, alerts = at(now_s), list[Alert]()
    for happening in line:
        if isinstance(happening, Match):
            now = max(now, happening.captured_at)
            step = raise_alert(window, happening, POLICY, now)
        elif isinstance(happening, Verdict):
            if not alerts:
                continue
            step = settle(window, decision(alerts[-1].id, (now - at(0)).total_seconds(), happening), POLICY, now)
        else:
            now += timedelta(seconds=happening)
            if window is None:
                continue
            step = expire(window, POLICY, now, at(0))
        window, alerts = step.window, [*alerts, *step.alerts]
    return window, alerts


def by_id(alerts: list[Alert]) -> dict[str, list[Alert]]:
    grouped: dict[str, list[Alert]] = {}
    for alert in alerts:
        grouped.setdefault(alert.id, []).append(alert)
    return grouped


@given(happenings)
def test_revisions_rise_by_one_and_the_best_never_gets_worse(line: list[Happening]) -> None:
    for events in by_id(run(line)[1]).values():
        assert [alert.revision for alert in events] == list(range(len(events)))
        scores = [alert.best.score for alert in events]
        assert scores == sorted(scores)
        assert events[0].event is AlertEvent.OPENED
        assert all(alert.event is not AlertEvent.OPENED for alert in events[1:])


@given(happenings)
def test_at_most_one_alert_is_open(line: list[Happening]) -> None:
    decided: set[str] = set()
    open_ids: set[str] = set()
    window: AlertWindow | None = None
    now_s = 0.0
    seen: list[Alert] = []
    for happening in line:
        if isinstance(happening, Verdict) and seen:
            decided.add(seen[-1].id)
            now = at(now_s)
            window = settle(window, decision(seen[-1].id, now_s, happening), POLICY, now).window
            open_ids -= decided
            continue
        if isinstance(happening, Verdict):
            continue
        now_s = max(now_s, (happening.captured_at - at(0)).total_seconds()) if isinstance(happening, Match) else now_s
        window, alerts = run([happening], window, now_s)
        now_s += 0 if isinstance(happening, Match) else happening
        for alert in alerts:
            seen.append(alert)
            (open_ids.discard if alert.event is AlertEvent.EXPIRED else open_ids.add)(alert.id)
        assert len(open_ids) <= 1


@given(happenings)
def test_times_are_in_order(line: list[Happening]) -> None:
    for events in by_id(run(line)[1]).values():
        for alert in events:
            assert alert.first_seen <= alert.opened_by <= alert.last_seen
        assert [alert.last_seen for alert in events] == sorted(alert.last_seen for alert in events)


@given(happenings, st.integers(0, 40), st.integers(0, 40))
def test_replaying_what_was_handled_adds_nothing(line: list[Happening], start: int, stop: int) -> None:
    matches = [happening for happening in line if isinstance(happening, Match)]
    window, alerts = run(line)
    _, again = run([*matches[start:stop]], window, now_s=100_000)
    told = {(alert.id, alert.revision) for alert in alerts}
    assert {(alert.id, alert.revision) for alert in again} <= told


@given(happenings)
def test_alert_ids_depend_on_the_matches_alone(line: list[Happening]) -> None:
    """However often time is looked at in between, the same passages are found."""
    matches: list[Happening] = [happening for happening in line if isinstance(happening, Match)]
    looked_at: list[Happening] = [step for match_ in matches for step in (match_, 30)]
    assert by_id(run(matches)[1]).keys() == by_id(run(looked_at)[1]).keys()
