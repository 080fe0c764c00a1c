from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from watchbound.domain.act import ActKind
from watchbound.domain.authorisation import Authorisation
from watchbound.domain.moment import Window
from watchbound.domain.signature import Signature
from watchbound.domain.standing import AuthorisationState, Refusal
from watchbound.domain.threshold_change import ThresholdChange
from watchbound.domain.written_authority import WrittenAuthority
from watchbound.pipeline.authority import AuthorityView
from watchbound.testing.clock import ManualClock
from watchbound.testing.office import Office, activation, terms

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
END = START + timedelta(hours=4)
MAX_AGE_S = 5.0
TICK = timedelta(microseconds=1)
LATER = START + timedelta(hours=1)
OFFICE = Office()


def authorisation(name: str = "op-1", *cameras: str, start: datetime = START, end: datetime = END) -> WrittenAuthority:
    return OFFICE.active(terms(id=name, cameras=frozenset(cameras or ("gate-1",)), window=Window(start, end)))


def cancelled(known: WrittenAuthority) -> WrittenAuthority:
    return then(known, ActKind.CANCEL)


def then(known: WrittenAuthority, kind: ActKind, at: datetime | None = None, **details: str) -> WrittenAuthority:
    """One more act of the officer."""
    return OFFICE.with_act(known, kind, OFFICE.officer, at or known.acts[-1].act.at, details)


def read(written: WrittenAuthority) -> Authorisation:
    return OFFICE.read(written)


def view_at(now: datetime, *records: WrittenAuthority, office: Office = OFFICE) -> AuthorityView:
    view = AuthorityView(ManualClock(now), MAX_AGE_S, office.trust)
    for record in records:
        view.apply(record)
    view.confirm()
    return view


def permits(view: AuthorityView, name: str, camera: str, captured_at: datetime) -> bool:
    return view.refusal_of(name, camera, captured_at) is None


def test_permits_the_named_camera_within_the_window() -> None:
    known = authorisation()
    view = view_at(START + timedelta(hours=1), known)
    assert view.covering("gate-1") == read(known)
    assert view.refusal_of("op-1", "gate-1", START + timedelta(hours=1)) is None
    assert view.in_force() == (read(known),)


@pytest.mark.parametrize(
    ("now", "refusal"),
    [(START - TICK, Refusal.NOT_YET_STARTED), (START, None), (END - TICK, None), (END, Refusal.ENDED)],
)
def test_the_start_belongs_to_the_window_and_the_end_does_not(now: datetime, refusal: Refusal | None) -> None:
    view = view_at(now, authorisation())
    assert view.refusal_of("op-1", "gate-1", START) == refusal
    assert view.covering("gate-1") == (refusal or read(authorisation()))


@pytest.mark.parametrize("captured_at", [START - TICK, END])
def test_what_was_captured_outside_the_window_is_refused_within_it(captured_at: datetime) -> None:
    view = view_at(START + timedelta(hours=1), authorisation())
    assert view.refusal_of("op-1", "gate-1", captured_at) is Refusal.CAPTURED_OUTSIDE_WINDOW


def test_nothing_is_permitted_before_the_first_confirmation() -> None:
    view = AuthorityView(ManualClock(START), MAX_AGE_S, OFFICE.trust)
    view.apply(authorisation())
    assert view.age_s() == math.inf
    assert view.covering("gate-1") is Refusal.AUTHORITY_UNKNOWN
    assert view.refusal_of("op-1", "gate-1", START) is Refusal.AUTHORITY_UNKNOWN
    assert view.in_force() == ()


def test_a_confirmation_lasts_for_the_maximum_age_and_no_longer() -> None:
    clock = ManualClock(START)
    view = AuthorityView(clock, MAX_AGE_S, OFFICE.trust)
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
    view = AuthorityView(clock, MAX_AGE_S, OFFICE.trust)
    view.apply(authorisation())
    view.confirm()
    clock.set(START + timedelta(hours=1))
    assert view.covering("gate-1") is Refusal.AUTHORITY_UNKNOWN


def test_a_cancellation_is_final_whatever_is_replayed() -> None:
    known = authorisation()
    view = view_at(START, known, cancelled(known), known)
    assert view.refusal_of("op-1", "gate-1", START) is Refusal.CANCELLED
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
            Refusal.CANCELLED,
        ),
        ((authorisation("old", start=START - timedelta(days=1), end=START),), Refusal.ENDED),
    ],
)
def test_a_camera_hears_the_refusal_that_tells_most(records: tuple[WrittenAuthority, ...], expected: Refusal) -> None:
    assert view_at(START + timedelta(hours=1), *records).covering("gate-1") is expected


def test_of_two_that_cover_a_camera_the_one_that_started_first_answers() -> None:
    first, second = authorisation("z"), authorisation("a", start=START + timedelta(minutes=1))
    assert view_at(START + timedelta(hours=1), second, first).covering("gate-1") == read(first)


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


def test_other_terms_under_a_known_id_are_a_fork_and_permit_nothing() -> None:
    longer = authorisation(end=END + timedelta(hours=1))
    view = view_at(LATER, authorisation(), longer)
    assert view.covering("gate-1") is Refusal.FORKED


def test_an_older_state_that_is_replayed_is_passed_over() -> None:
    paused = then(authorisation(), ActKind.PAUSE)
    view = view_at(LATER, paused)
    for count in range(1, len(paused.acts)):
        view.apply(paused.first(count))
        assert view.covering("gate-1") is Refusal.PAUSED
    view.apply(then(paused, ActKind.RESUME))
    assert permits(view, "op-1", "gate-1", START)


def test_a_fork_permits_nothing_and_a_cancellation_on_either_side_is_final() -> None:
    known = authorisation()
    going_on, stopped = then(then(known, ActKind.PAUSE), ActKind.RESUME), cancelled(known)
    for first, second in ((going_on, stopped), (stopped, going_on)):
        view = view_at(LATER, first, second)
        assert view.covering("gate-1") is Refusal.CANCELLED
        view.apply(then(going_on, ActKind.PAUSE))
        assert view.covering("gate-1") is Refusal.CANCELLED
    forked = view_at(LATER, going_on, then(known, ActKind.PAUSE, at=START))
    assert forked.covering("gate-1") is Refusal.FORKED


def altered(written: WrittenAuthority, index: int) -> WrittenAuthority:
    """With another reason in one act, and its old signature."""
    acts = list(written.acts)
    acts[index] = replace(acts[index], act=replace(acts[index].act, reason="another reason"))
    return WrittenAuthority(written.terms, tuple(acts))


def forged(written: WrittenAuthority) -> WrittenAuthority:
    """With a last act that nobody signed."""
    last = written.acts[-1]
    return WrittenAuthority(
        written.terms, (*written.acts[:-1], replace(last, signature=Signature(last.signature.key_id, bytes(64))))
    )


KNOWN = authorisation()
BAD = {
    "unsigned": (WrittenAuthority(KNOWN.terms, ()), Refusal.UNSIGNED),
    "terms altered": (replace(KNOWN, terms=replace(KNOWN.terms, minimum_threshold=0.1)), Refusal.ALTERED),
    "first act altered": (altered(KNOWN, 0), Refusal.NOT_TRUSTED),
    "last act altered": (altered(KNOWN, 2), Refusal.NOT_TRUSTED),
    "forged": (forged(KNOWN), Refusal.NOT_TRUSTED),
    "an act left out": (WrittenAuthority(KNOWN.terms, (KNOWN.acts[0], KNOWN.acts[2])), Refusal.ALTERED),
    "acts swapped": (WrittenAuthority(KNOWN.terms, (KNOWN.acts[0], KNOWN.acts[2], KNOWN.acts[1])), Refusal.ALTERED),
    "activated by the guardian": (
        OFFICE.with_act(OFFICE.signed(KNOWN.terms), ActKind.ACTIVATE, OFFICE.guardian, START, activation(START)),
        Refusal.NOT_TRUSTED,
    ),
    "resumed by the guardian": (
        OFFICE.with_act(then(KNOWN, ActKind.PAUSE), ActKind.RESUME, OFFICE.guardian, START),
        Refusal.NOT_TRUSTED,
    ),
    "signed by another officer": (
        OFFICE.with_act(OFFICE.drafted(KNOWN.terms), ActKind.SIGN, OFFICE.other_officer, START),
        Refusal.AGAINST_THE_RULES,
    ),
    "resumed without a pause": (then(KNOWN, ActKind.RESUME), Refusal.AGAINST_THE_RULES),
}


@pytest.mark.parametrize("case", BAD)
def test_what_does_not_hold_permits_nothing_whatever_was_known_before(case: str) -> None:
    bad, reason = BAD[case]
    alone, after_good = view_at(LATER, bad), view_at(LATER, KNOWN, bad)
    for view in (alone, after_good):
        assert view.refusal_of("op-1", "gate-1", START) is reason
        assert view.in_force() == ()


def test_what_held_permits_again_once_it_is_published_again() -> None:
    view = view_at(LATER, KNOWN, forged(KNOWN), KNOWN)
    assert permits(view, "op-1", "gate-1", START)


def test_a_cancellation_behind_which_nonsense_follows_is_final() -> None:
    stopped = cancelled(KNOWN)
    view = view_at(LATER, forged(then(stopped, ActKind.PURGE)), KNOWN)
    assert view.covering("gate-1") is Refusal.CANCELLED


def test_a_revoked_key_permits_nothing_from_then_on_and_what_it_stopped_stays_stopped() -> None:
    office = Office()
    running, paused = KNOWN, then(authorisation("op-2", "gate-2"), ActKind.PAUSE)
    stopped = cancelled(authorisation("op-3", "gate-3"))
    view = view_at(LATER, running, paused, stopped, office=office)
    assert permits(view, "op-1", "gate-1", START)
    office.trust.revoke("key-of-officer")
    view.confirm()
    assert view.covering("gate-1") is Refusal.KEY_REVOKED
    assert view.covering("gate-3") is Refusal.CANCELLED
    found = view.find("op-2")
    assert found is not None
    assert found.state is AuthorisationState.PAUSED
    assert view_at(LATER, running, office=office).covering("gate-1") is Refusal.KEY_REVOKED


def expired(*holders: str, at: datetime) -> Office:
    """An office in which some hold keys that are valid until `at`."""
    office = Office()
    for holder in holders:
        office.trust.ends(f"key-of-{holder}", at)
    return office


@pytest.mark.parametrize("holder", ["drafter", "officer"])
@pytest.mark.parametrize(("until", "permitted"), [(END, True), (END - TICK, False), (LATER, False)])
def test_a_key_that_permits_lasts_as_long_as_what_it_permits(holder: str, until: datetime, permitted: bool) -> None:
    view = view_at(START, KNOWN, office=expired(holder, at=until))
    refusal = view.refusal_of("op-1", "gate-1", START)
    assert refusal is (None if permitted else Refusal.KEY_ENDS_EARLY)


def test_an_expired_key_begins_nothing_however_far_back_its_acts_are_dated() -> None:
    """Neither in a window of today nor in one that began while the key was still valid."""
    ended = START - timedelta(days=300)
    office = expired("drafter", "officer", at=ended)
    back = ended - timedelta(days=1)
    for start in (START, back):
        written = office.active(terms(window=Window(start, END)), back)
        assert view_at(LATER, written, office=office).refusal_of("op-1", "gate-1", LATER) is Refusal.KEY_ENDS_EARLY


def test_what_is_over_stays_readable_after_its_keys_have_expired() -> None:
    office = expired("drafter", "officer", at=END)
    ended = office.with_act(KNOWN, ActKind.END, office.guardian, END)
    found = view_at(END + timedelta(days=300), ended, office=office).find("op-1")
    assert found is not None
    assert (found.state, found.standing.fault) == (AuthorisationState.ENDED, None)


def test_acts_by_a_key_that_ended_early_are_read_and_stops_among_them_count() -> None:
    stopped = then(then(KNOWN, ActKind.PAUSE, LATER), ActKind.CANCEL, LATER)
    found = view_at(LATER, stopped, office=expired("officer", at=LATER + TICK)).find("op-1")
    assert found is not None
    assert (found.state, found.standing.fault) == (AuthorisationState.CANCELLED, Refusal.KEY_ENDS_EARLY)


def test_a_guardian_whose_key_ends_early_stops_all_the_same() -> None:
    office = expired("guardian", at=START + TICK)
    paused = office.with_act(KNOWN, ActKind.PAUSE, office.guardian, START, reason="too many false alerts")
    view = view_at(LATER, paused, office=office)
    assert view.covering("gate-1") is Refusal.PAUSED
    view.apply(office.with_act(paused, ActKind.RESUME, office.officer, LATER))
    assert permits(view, "op-1", "gate-1", START)


def test_a_revoked_guardian_stops_nothing_more_to_be_permitted_than_before() -> None:
    office = Office()
    paused = office.with_act(KNOWN, ActKind.PAUSE, office.guardian, START, reason="too many false alerts")
    view = view_at(LATER, paused, office=office)
    office.trust.revoke("key-of-guardian")
    view.confirm()
    assert view.covering("gate-1") is Refusal.PAUSED
    view.apply(office.with_act(paused, ActKind.RESUME, office.officer, LATER))
    assert permits(view, "op-1", "gate-1", START)


def test_a_trust_list_that_trusts_nobody_permits_nothing() -> None:
    office = Office()
    view = view_at(LATER, KNOWN, office=office)
    office.trust.forget_all()
    view.confirm()
    assert view.covering("gate-1") is Refusal.NOT_TRUSTED


def test_a_clock_that_is_not_to_be_trusted_permits_nothing_until_it_is() -> None:
    trusted = True
    view = AuthorityView(ManualClock(LATER), MAX_AGE_S, OFFICE.trust, lambda: trusted)
    view.apply(KNOWN)
    view.confirm()
    assert permits(view, "op-1", "gate-1", START)
    trusted = False
    assert view.refusal_of("op-1", "gate-1", START) is Refusal.CLOCK_UNTRUSTED
    assert view.covering("gate-1") is Refusal.CLOCK_UNTRUSTED
    assert view.in_force() == ()
    trusted = True
    assert permits(view, "op-1", "gate-1", START)


def activated_with(**details: str) -> WrittenAuthority:
    """Signed, and activated with what an activation states, changed or, where it is "", left out."""
    stated = {**activation(START - timedelta(hours=1)), **details}
    kept = {name: value for name, value in stated.items() if value}
    signed = OFFICE.signed(KNOWN.terms)
    return OFFICE.with_act(signed, ActKind.ACTIVATE, OFFICE.officer, signed.acts[-1].act.at, kept)


def test_the_officer_s_signature_covers_which_list_it_is() -> None:
    vouched = read(activated_with(watchlist_digest="ab" * 32)).standing.activation
    assert vouched is not None
    assert vouched.watchlist_digest == "ab" * 32
    last = KNOWN.acts[-1]
    other = tuple(sorted({**dict(last.act.details), "watchlist_digest": "ab" * 32}.items()))
    swapped = replace(last, act=replace(last.act, details=other))
    assert read(WrittenAuthority(KNOWN.terms, (*KNOWN.acts[:-1], swapped))).refusal(LATER) is Refusal.NOT_TRUSTED


def test_an_activation_that_names_no_list_permits_nothing_and_stays_readable() -> None:
    unnamed = activated_with(watchlist_digest="")
    assert read(unnamed).refusal(LATER) is Refusal.AGAINST_THE_RULES
    stopped = read(cancelled(unnamed))
    assert (stopped.state, stopped.refusal(LATER)) == (AuthorisationState.CANCELLED, Refusal.CANCELLED)


def test_what_is_no_digest_is_no_activation() -> None:
    assert read(activated_with(watchlist_digest="AB" * 32)).refusal(LATER) is Refusal.AGAINST_THE_RULES


def with_threshold(asked_by: str, reason: str = "two false alerts") -> Authorisation:
    """`authorisation` once its threshold was to be 0.9."""
    details = ThresholdChange(0.9, asked_by).details()
    return read(OFFICE.with_act(authorisation(), ActKind.SET_THRESHOLD, OFFICE.officer, START, details, reason))


def test_a_threshold_moves_at_the_request_of_another_and_with_a_reason() -> None:
    assert with_threshold("sergeant").threshold == 0.9
    assert with_threshold("sergeant", reason=" ").refusal(LATER) is Refusal.AGAINST_THE_RULES


@pytest.mark.parametrize("asked_by", ["officer", "Officer", " officer "])
def test_nobody_asks_for_a_threshold_and_approves_it_however_they_spell_themselves(asked_by: str) -> None:
    changed = with_threshold(asked_by)
    assert changed.threshold != 0.9
    assert changed.refusal(LATER) is Refusal.AGAINST_THE_RULES
