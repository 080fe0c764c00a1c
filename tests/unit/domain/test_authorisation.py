from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given

from watchbound.domain.authorisation import MOST_SKEW, Authorisation
from watchbound.domain.errors import InvalidValue
from watchbound.domain.moment import Window
from watchbound.domain.retention import EndedHow, Ending, RetentionPolicy
from watchbound.domain.standing import AuthorisationState, Refusal

from ..strategies import after, authorisations, moments, names
from .values import AUTHORISATION

TICK = timedelta(microseconds=1)
HOUR = timedelta(hours=1)
START, END = AUTHORISATION.window.start, AUTHORISATION.window.end


@given(authorisations, names, moments, moments)
def test_nothing_is_permitted_but_what_every_rule_permits(
    authorisation: Authorisation, camera: str, captured_at: datetime, now: datetime
) -> None:
    standing = authorisation.standing
    permitted = (
        authorisation.state is AuthorisationState.ACTIVE
        and standing.fault is None
        and standing.since is not None
        and now >= standing.since - MOST_SKEW
        and (standing.urgent_until is None or now < standing.urgent_until)
        and authorisation.window.start <= now < authorisation.window.end
        and authorisation.window.start <= captured_at < authorisation.window.end
        and camera in authorisation.cameras
    )
    assert (authorisation.refusal_of(camera, captured_at, now) is None) == permitted


@given(authorisations, names, moments)
def test_a_cancelled_authorisation_permits_nothing_at_any_time(
    authorisation: Authorisation, camera: str, now: datetime
) -> None:
    standing = replace(authorisation.standing, state=AuthorisationState.CANCELLED)
    cancelled = replace(authorisation, standing=standing)
    assert cancelled.refusal(now) is Refusal.CANCELLED
    assert cancelled.refusal_of(camera, now, now) is Refusal.CANCELLED


@pytest.mark.parametrize(
    ("now", "refusal"),
    [
        (START - TICK, Refusal.NOT_YET_STARTED),
        (START, None),
        (END - TICK, None),
        (END, Refusal.ENDED),
    ],
)
def test_the_trusted_clock_at_the_edges_of_the_window(now: datetime, refusal: Refusal | None) -> None:
    assert AUTHORISATION.refusal(now) is refusal


@pytest.mark.parametrize(
    ("captured_at", "refusal"),
    [
        (START - TICK, Refusal.CAPTURED_OUTSIDE_WINDOW),
        (START, None),
        (END - TICK, None),
        (END, Refusal.CAPTURED_OUTSIDE_WINDOW),
    ],
)
def test_the_capture_time_at_the_edges_of_the_window(captured_at: datetime, refusal: Refusal | None) -> None:
    assert AUTHORISATION.refusal_of("gate-1", captured_at, after(30)) is refusal


def test_a_camera_that_is_not_named_is_not_covered() -> None:
    assert AUTHORISATION.refusal_of("gate-3", after(1), after(1)) is Refusal.CAMERA_NOT_COVERED


@pytest.mark.parametrize(
    ("field", "value", "fault"),
    [
        ("id", "a/b", "authorisation id"),
        ("legal_basis", " ", "legal basis"),
        ("location", "", "location"),
        ("officer", "\n", "officer"),
        ("cameras", frozenset(), "never covers all by default"),
        ("cameras", frozenset({"*"}), "camera id"),
        ("minimum_threshold", 0.0, "threshold"),
        ("minimum_threshold", 1.0001, "threshold"),
        ("minimum_threshold", math.nan, "threshold"),
        ("necessity", "", "necessity"),
        ("categories", frozenset(), "never permits all by default"),
        ("drafted_by", "officer", "drafted by one person and signed by another"),
        ("max_watchlist_size", 0, "at least one entry"),
        ("min_eye_distance", math.nan, "pixels between the eyes"),
        ("retention", RetentionPolicy(alerts=timedelta(seconds=1.5)), "whole seconds"),
    ],
)
def test_an_authorisation_in_a_wrong_state_cannot_exist(field: str, value: object, fault: str) -> None:
    with pytest.raises(InvalidValue, match=fault):
        replace(AUTHORISATION, **{field: value})  # type: ignore[arg-type]


def test_it_ends_with_its_window_or_its_cancellation_whichever_comes_first() -> None:
    assert AUTHORISATION.ending(END - TICK) is None
    assert AUTHORISATION.ending(END) == Ending(END, EndedHow.WINDOW_OVER)
    standing = replace(AUTHORISATION.standing, state=AuthorisationState.CANCELLED, cancelled_at=after(10))
    cancelled = replace(AUTHORISATION, standing=standing)
    assert cancelled.ending(END) == Ending(after(10), EndedHow.CANCELLED)


def test_what_began_unsigned_stops_by_itself_after_24_hours() -> None:
    yesterday = after(30) - timedelta(hours=24)
    begun = replace(AUTHORISATION.standing, signed_at=None, activated_at=yesterday)
    urgent = replace(AUTHORISATION, standing=begun, urgent=True)
    assert urgent.refusal(after(30) - TICK) is None
    assert urgent.refusal(after(30)) is Refusal.URGENT_LAPSED
    assert urgent.ending(after(30)) == Ending(after(30), EndedHow.LAPSED)
    signed = replace(urgent, standing=replace(begun, signed_at=after(0)))
    assert signed.refusal(after(30)) is None


@pytest.mark.parametrize(
    ("hours", "signed", "cancelled", "ending"),
    [
        (0, None, None, None),
        (4, None, None, Ending(START + 4 * HOUR, EndedHow.WINDOW_OVER)),
        (23, None, None, Ending(START + 4 * HOUR, EndedHow.WINDOW_OVER)),
        (24, None, None, Ending(START + 24 * HOUR, EndedHow.LAPSED)),
        (30, None, None, Ending(START + 24 * HOUR, EndedHow.LAPSED)),
        (30, 5, None, Ending(START + 4 * HOUR, EndedHow.WINDOW_OVER)),
        (1, None, 1, Ending(START + HOUR, EndedHow.LAPSED)),
        (30, None, 1, Ending(START + HOUR, EndedHow.LAPSED)),
        (6, None, 6, Ending(START + 6 * HOUR, EndedHow.LAPSED)),
        (30, None, 26, Ending(START + 24 * HOUR, EndedHow.LAPSED)),
        (30, 1, 2, Ending(START + 2 * HOUR, EndedHow.CANCELLED)),
    ],
)
def test_what_began_unsigned_lapses_however_it_ended_once_nobody_can_sign_it(
    hours: int, signed: int | None, cancelled: int | None, ending: Ending | None
) -> None:
    """Four hours long, begun at its start; `signed` and `cancelled` so many hours later."""
    standing = replace(
        AUTHORISATION.standing,
        activated_at=START,
        signed_at=None if signed is None else START + signed * HOUR,
        cancelled_at=None if cancelled is None else START + cancelled * HOUR,
    )
    window = Window(START, START + 4 * HOUR)
    assert replace(AUTHORISATION, urgent=True, window=window, standing=standing).ending(START + hours * HOUR) == ending
