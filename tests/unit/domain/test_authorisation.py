from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given

from watchbound.domain.authorisation import Authorisation, AuthorisationState, Refusal
from watchbound.domain.errors import InvalidValue

from ..strategies import after, authorisations, moments, names
from .values import AUTHORISATION

TICK = timedelta(microseconds=1)
START, END = AUTHORISATION.window.start, AUTHORISATION.window.end


@given(authorisations, names, moments, moments)
def test_nothing_is_permitted_but_what_every_rule_permits(
    authorisation: Authorisation, camera: str, captured_at: datetime, now: datetime
) -> None:
    permitted = (
        authorisation.state is AuthorisationState.ACTIVE
        and authorisation.window.start <= now < authorisation.window.end
        and authorisation.window.start <= captured_at < authorisation.window.end
        and camera in authorisation.cameras
    )
    assert (authorisation.refusal_of(camera, captured_at, now) is None) == permitted


@given(authorisations, names, moments)
def test_a_cancelled_authorisation_permits_nothing_at_any_time(
    authorisation: Authorisation, camera: str, now: datetime
) -> None:
    cancelled = replace(authorisation, state=AuthorisationState.CANCELLED)
    assert cancelled.refusal(now) is Refusal.NOT_ACTIVE
    assert cancelled.refusal_of(camera, now, now) is Refusal.NOT_ACTIVE


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
        ("threshold", 0.0, "threshold"),
        ("threshold", 1.0001, "threshold"),
        ("threshold", math.nan, "threshold"),
    ],
)
def test_an_authorisation_in_a_wrong_state_cannot_exist(field: str, value: object, fault: str) -> None:
    with pytest.raises(InvalidValue, match=fault):
        replace(AUTHORISATION, **{field: value})  # type: ignore[arg-type]
