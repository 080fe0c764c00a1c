from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbound.domain.authorisation import Authorisation, AuthorisationState, LocationType, Refusal, UseCase
from watchbound.domain.moment import Window
from watchbound.pipeline.authority import AuthorityView
from watchbound.testing.clock import ManualClock

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
END = START + timedelta(hours=4)
MAX_AGE_S = 5.0
TICK = timedelta(microseconds=1)


def authorisation(name: str = "op-1", *cameras: str, start: datetime = START, end: datetime = END) -> Authorisation:
    return Authorisation(
        id=name,
        use_case=UseCase.LOCATE_MISSING,
        legal_basis="written authority 1",
        location="Central station",
        location_type=LocationType.TRANSPORT_HUB,
        cameras=frozenset(cameras or ("gate-1",)),
        window=Window(start, end),
        threshold=0.45,
        officer="Supt Example",
    )


def cancelled(known: Authorisation) -> Authorisation:
    return replace(known, state=AuthorisationState.CANCELLED)


def view_at(now: datetime, *records: Authorisation) -> AuthorityView:
    view = AuthorityView(ManualClock(now), MAX_AGE_S)
    for record in records:
        view.apply(record)
    view.confirm()
    return view


def permits(view: AuthorityView, name: str, camera: str, captured_at: datetime) -> bool:
    return view.refusal_of(name, camera, captured_at) is None


def test_permits_the_named_camera_within_the_window() -> None:
    known = authorisation()
    view = view_at(START + timedelta(hours=1), known)
    assert view.covering("gate-1") == known
    assert view.refusal_of("op-1", "gate-1", START + timedelta(hours=1)) is None
    assert view.in_force() == (known,)


@pytest.mark.parametrize(
    ("now", "refusal"),
    [(START - TICK, Refusal.NOT_YET_STARTED), (START, None), (END - TICK, None), (END, Refusal.ENDED)],
)
def test_the_start_belongs_to_the_window_and_the_end_does_not(now: datetime, refusal: Refusal | None) -> None:
    view = view_at(now, authorisation())
    assert view.refusal_of("op-1", "gate-1", START) == refusal
    assert view.covering("gate-1") == (refusal or authorisation())


@pytest.mark.parametrize("captured_at", [START - TICK, END])
def test_what_was_captured_outside_the_window_is_refused_within_it(captured_at: datetime) -> None:
    view = view_at(START + timedelta(hours=1), authorisation())
    assert view.refusal_of("op-1", "gate-1", captured_at) is Refusal.CAPTURED_OUTSIDE_WINDOW


def test_nothing_is_permitted_before_the_first_confirmation() -> None:
    view = AuthorityView(ManualClock(START), MAX_AGE_S)
    view.apply(authorisation())
    assert view.age_s() == math.inf
    assert view.covering("gate-1") is Refusal.AUTHORITY_UNKNOWN
    assert view.refusal_of("op-1", "gate-1", START) is Refusal.AUTHORITY_UNKNOWN
    assert view.in_force() == ()


def test_a_confirmation_lasts_for_the_maximum_age_and_no_longer() -> None:
    clock = ManualClock(START)
    view = AuthorityView(clock, MAX_AGE_S)
    view.apply(authorisation())
    view.confirm()
    clock.advance(MAX_AGE_S - 1e-6)
    assert permits(view, "op-1", "gate-1", START)
    clock.advance(1e-6)
    assert view.refusal_of("op-1", "gate-1", START) is Refusal.AUTHORITY_UNKNOWN
    view.confirm()
    assert permits(view, "op-1", "gate-1", START)


def test_a_clock_that_was_set_back_makes_the_view_stale() -> None:
    clock = ManualClock(START + timedelta(hours=2))
    view = AuthorityView(clock, MAX_AGE_S)
    view.apply(authorisation())
    view.confirm()
    clock.set(START + timedelta(hours=1))
    assert view.covering("gate-1") is Refusal.AUTHORITY_UNKNOWN


def test_a_cancellation_is_final_whatever_is_replayed() -> None:
    known = authorisation()
    view = view_at(START, known, cancelled(known), known)
    assert view.refusal_of("op-1", "gate-1", START) is Refusal.NOT_ACTIVE
    view.forget("op-1")
    view.apply(known)
    assert view.refusal_of("op-1", "gate-1", START) is Refusal.NO_AUTHORISATION


def test_a_tombstone_is_forgotten_and_a_new_record_is_known() -> None:
    view = view_at(START, authorisation())
    view.forget("op-1")
    assert view.find("op-1") is None
    assert view.covering("gate-1") is Refusal.NO_AUTHORISATION
    view.apply(authorisation())
    assert permits(view, "op-1", "gate-1", START)


def test_an_amendment_replaces_what_was_known() -> None:
    longer = authorisation(end=END + timedelta(hours=1))
    view = view_at(END, authorisation(), longer)
    assert view.covering("gate-1") == longer


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ((), Refusal.NO_AUTHORISATION),
        ((authorisation("op-1", "gate-2"),), Refusal.CAMERA_NOT_COVERED),
        (
            (
                authorisation("old", start=START - timedelta(days=1), end=START),
                authorisation("new", start=END, end=END + timedelta(hours=1)),
            ),
            Refusal.NOT_YET_STARTED,
        ),
        (
            (authorisation("old", start=START - timedelta(days=1), end=START), cancelled(authorisation("now"))),
            Refusal.NOT_ACTIVE,
        ),
        ((authorisation("old", start=START - timedelta(days=1), end=START),), Refusal.ENDED),
    ],
)
def test_a_camera_hears_the_refusal_that_tells_most(records: tuple[Authorisation, ...], expected: Refusal) -> None:
    assert view_at(START + timedelta(hours=1), *records).covering("gate-1") is expected


def test_of_two_that_cover_a_camera_the_one_that_started_first_answers() -> None:
    first, second = authorisation("z"), authorisation("a", start=START + timedelta(minutes=1))
    assert view_at(START + timedelta(hours=1), second, first).covering("gate-1") == first


def test_may_be_asked_while_it_is_written() -> None:
    view = view_at(START + timedelta(hours=1), authorisation())
    problems: list[BaseException] = []

    def guarded(work: Callable[[int], object]) -> threading.Thread:
        def run() -> None:
            try:
                for index in range(200):
                    work(index)
            except BaseException as error:
                problems.append(error)

        return threading.Thread(target=run)

    threads = [
        guarded(lambda index: view.apply(authorisation(f"op-{index}"))),
        guarded(lambda index: view.forget(f"op-{index}")),
        guarded(lambda _: view.in_force()),
        guarded(lambda _: view.covering("gate-1")),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []


IDS = ("op-1", "op-2")
CAMERAS = ("gate-1", "gate-2", "gate-3")
offsets = st.integers(min_value=-100, max_value=100)
records = st.builds(
    lambda name, cameras, start, length, active: replace(
        authorisation(
            name, *cameras, start=START + timedelta(seconds=start), end=START + timedelta(seconds=start + length)
        ),
        state=AuthorisationState.ACTIVE if active else AuthorisationState.CANCELLED,
    ),
    st.sampled_from(IDS),
    st.sets(st.sampled_from(CAMERAS), min_size=1),
    offsets,
    st.integers(min_value=1, max_value=100),
    st.booleans(),
)
acts = st.lists(st.one_of(records, st.sampled_from(IDS)), max_size=12)


@given(acts=acts, now=offsets, age=st.integers(min_value=0, max_value=10), captured=offsets)
def test_what_is_permitted_is_exactly_what_the_last_word_permits(
    acts: list[Authorisation | str], now: int, age: int, captured: int
) -> None:
    """Replays any history against a plain model; no picture passes without every one of the conditions."""
    clock = ManualClock(START + timedelta(seconds=now - age))
    view = AuthorityView(clock, MAX_AGE_S)
    last: dict[str, Authorisation | None] = {}
    ended: set[str] = set()
    for act in acts:
        if isinstance(act, str):
            view.forget(act)
            last[act] = None
        else:
            view.apply(act)
            ended |= {act.id} if act.state is AuthorisationState.CANCELLED else set()
            last[act.id] = act
    view.confirm()
    clock.advance(age)
    present, captured_at = clock.now(), START + timedelta(seconds=captured)
    for name in IDS:
        for camera in CAMERAS:
            known = last.get(name)
            expected = (
                known is not None
                and name not in ended
                and age < MAX_AGE_S
                and known.window.start <= present < known.window.end
                and known.window.start <= captured_at < known.window.end
                and camera in known.cameras
            )
            assert permits(view, name, camera, captured_at) == expected
    for camera in CAMERAS:
        answer = view.covering(camera)
        if isinstance(answer, Authorisation):
            assert permits(view, answer.id, camera, present)
        else:
            assert not any(permits(view, name, camera, present) for name in IDS)
