"""No reachable state matches without authority: people who act, clocks that move, and somebody who writes to the topic.

The model knows nothing of chains and folds. It keeps what each honest act means, in its own words, and everything that
was put on the topic by somebody who holds no key. Whatever happens in whatever order, the view permits a picture only
where the model says that a person put their name to it.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from watchbound.adapters.codecs import AUTHORISATION
from watchbound.domain.act import ActKind
from watchbound.domain.errors import InvalidValue, NotAuthorised, Unavailable, UnknownReference
from watchbound.domain.moment import Window
from watchbound.domain.signature import Signature
from watchbound.domain.threshold_change import ThresholdChange
from watchbound.domain.written_authority import WrittenAuthority
from watchbound.pipeline.audit import AuditTrail
from watchbound.pipeline.authority import AuthorityView
from watchbound.pipeline.authority_desk import AuthorityDesk
from watchbound.pipeline.feed import authority_handler
from watchbound.pipeline.topics import AUTHORISATIONS
from watchbound.ports import Signer
from watchbound.testing.audit import FakeAuditLog
from watchbound.testing.clock import ManualClock
from watchbound.testing.log import InMemoryBroker
from watchbound.testing.office import Office, activation, terms

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
MAX_AGE_S = 5.0
MINIMUM = 0.45
PEOPLE = ("drafter", "officer", "other_officer", "reviewer", "guardian")
FAR = NOON + timedelta(days=365)
MAY_PERMIT = ("drafter", "officer", "other_officer")


class Authority(RuleBasedStateMachine):
    """One authorisation, normal or urgent, under everything that can happen to it."""

    @initialize(urgent=st.booleans(), hours=st.sampled_from([5, 39]))
    def begin(self, urgent: bool, hours: int) -> None:
        self.clock, self.office, self.audit = ManualClock(NOON), Office(), FakeAuditLog()
        self.broker = InMemoryBroker(self.clock)
        self.view = AuthorityView(self.clock, MAX_AGE_S, self.office.trust)
        self.handle = authority_handler(AUTHORISATION, self.view)
        self.reader = self.broker.reader([AUTHORISATIONS.name])
        trail = AuditTrail(self.audit, self.clock)
        self.desk = AuthorityDesk(self.broker.producer(), AUTHORISATION, self.view, self.clock, trail)
        window = Window(NOON + timedelta(hours=1), NOON + timedelta(hours=1 + hours))
        self.terms = terms(window=window, urgent=urgent, minimum_threshold=MINIMUM)
        # What the model knows.
        self.drafted = self.running = self.stopped = False
        self.signed_at: datetime | None = None
        self.activated_at: datetime | None = None
        self.revoked: set[str] = set()
        self.ends: dict[str, datetime] = {}
        self.vouched_by: set[str] = set()
        self.tampered = False
        self.seen: list[WrittenAuthority] = []

    # --- people ------------------------------------------------------------------------------------------------

    @rule(who=st.sampled_from(PEOPLE))
    def draft(self, who: str) -> None:
        with suppress(NotAuthorised, InvalidValue, Unavailable):
            self.desk.draft(self.terms, self._key(who), "a test")
            assert who == "drafter"
            assert not self.drafted
            self.drafted = True
            self._done("drafter")

    @rule(who=st.sampled_from(PEOPLE))
    def sign(self, who: str) -> None:
        if self._did(ActKind.SIGN, who):
            assert who == "officer"
            # Also after the end, within its time; the invariants see that nothing is permitted because of it.
            assert self.activated_at is None or self.clock.now() < self.activated_at + timedelta(hours=24)
            self.signed_at = self.clock.now()

    @rule(
        who=st.sampled_from(PEOPLE),
        review_hours_ago=st.sampled_from([0, 1, 23, 24, 25, -1]),
        size=st.sampled_from([5, 10_001]),
    )
    def activate(self, who: str, review_hours_ago: int, size: int) -> None:
        reviewed_at = self.clock.now() - timedelta(hours=review_hours_ago)
        if self._did(ActKind.ACTIVATE, who, **activation(reviewed_at, watchlist_size=size)):
            assert who in (MAY_PERMIT if self.terms.urgent else ("officer", "other_officer"))
            assert self.signed_at is not None or self.terms.urgent
            assert 0 <= review_hours_ago <= 24
            assert size <= self.terms.max_watchlist_size
            self.activated_at, self.running = self.clock.now(), True

    @rule(who=st.sampled_from(PEOPLE))
    def pause(self, who: str) -> None:
        if self._did(ActKind.PAUSE, who):
            self.running = False

    @rule(who=st.sampled_from(PEOPLE))
    def resume(self, who: str) -> None:
        if self._did(ActKind.RESUME, who):
            assert who in ("officer", "other_officer")
            self.running = True

    @rule(who=st.sampled_from(PEOPLE), kind=st.sampled_from([ActKind.CANCEL, ActKind.END, ActKind.PURGE]))
    def stop(self, who: str, kind: ActKind) -> None:
        if self._did(kind, who):
            self.stopped = True

    @rule(
        who=st.sampled_from(PEOPLE),
        asked_by=st.sampled_from(["officer", " Officer", "sergeant"]),
        value=st.sampled_from([0.3, MINIMUM, 0.6]),
    )
    def set_threshold(self, who: str, asked_by: str, value: float) -> None:
        if self._did(ActKind.SET_THRESHOLD, who, **ThresholdChange(value, asked_by).details()):
            assert who in ("officer", "other_officer")
            assert value >= MINIMUM
            assert who.replace("_", "-") != asked_by.strip().lower()

    # --- time and trust ----------------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([1, 4, 5, 600, 3600, 6 * 3600, 24 * 3600]))
    def time_passes(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @rule()
    def follow(self) -> None:
        """What stands on the topic reaches the service."""
        for record in self.reader.poll(0.0):
            self.handle(record)
        self.view.confirm()

    @rule(who=st.sampled_from(PEOPLE))
    def revoke(self, who: str) -> None:
        self.office.trust.revoke(self._key(who).key_id)
        self.revoked.add(who)

    @rule(who=st.sampled_from(PEOPLE), in_hours=st.sampled_from([0, 12, 40, 60]))
    def expire(self, who: str, in_hours: float) -> None:
        """A key comes to the end of its validity, now or at some moment around the window's edges."""
        until = min(self.ends.get(who, FAR), max(self.clock.now(), NOON + timedelta(hours=in_hours)))
        self.office.trust.ends(self._key(who).key_id, until)
        self.ends[who] = until

    @precondition(lambda self: any(self.ends.get(who, FAR) <= self.clock.now() for who in ("drafter", "officer")))
    @rule(back_h=st.sampled_from([0, 1, 24, 240]), begun=st.booleans(), urgent=st.booleans())
    def begin_anew_with_an_expired_key(self, back_h: int, begun: bool, urgent: bool) -> None:
        """Who keeps an expired key begins another deployment today, dated to when the key was valid."""
        now = self.clock.now()
        ended = min(self.ends.get(who, FAR) for who in ("drafter", "officer"))
        at = ended - timedelta(hours=back_h, microseconds=1)
        window = Window(at if begun else now, now + timedelta(days=9))
        self._inject(self.office.active(terms(id="op-2", window=window, urgent=urgent), at))
        self.follow()

    # --- somebody who can write to the topic and holds no key ----------------------------------------------------

    @precondition(lambda self: self.seen)
    @rule(data=st.data())
    def replay(self, data: st.DataObject) -> None:
        self._inject(data.draw(st.sampled_from(self.seen)))

    @precondition(lambda self: self.seen)
    @rule(data=st.data(), kind=st.sampled_from(list(ActKind)), who=st.sampled_from(PEOPLE))
    def forge(self, data: st.DataObject, kind: ActKind, who: str) -> None:
        written = data.draw(st.sampled_from(self.seen))
        honest = self.office.with_act(written, kind, self._key(who), self.clock.now(), activation(self.clock.now()))
        last = honest.acts[-1]
        unsigned = replace(last, signature=Signature(last.signature.key_id, bytes(64)))
        self._inject(WrittenAuthority(honest.terms, (*written.acts, unsigned)))

    @precondition(lambda self: self.seen)
    @rule(data=st.data())
    def alter(self, data: st.DataObject) -> None:
        written = data.draw(st.sampled_from(self.seen))
        changed: dict[str, Any] = data.draw(
            st.sampled_from(
                [
                    {"minimum_threshold": 0.01},
                    {"cameras": frozenset({"gate-1", "gate-9"})},
                    {"window": Window(NOON - timedelta(days=1), NOON + timedelta(days=9))},
                    {"urgent": True},
                    {"officer": "reviewer"},
                ]
            )
        )
        self._inject(WrittenAuthority(replace(written.terms, **changed), written.acts))

    @precondition(lambda self: self.seen)
    @rule(data=st.data())
    def leave_out(self, data: st.DataObject) -> None:
        written = data.draw(st.sampled_from(self.seen))
        index = data.draw(st.integers(0, len(written.acts) - 1))
        self._inject(WrittenAuthority(written.terms, (*written.acts[:index], *written.acts[index + 1 :])))

    # --- what must hold ------------------------------------------------------------------------------------------

    @invariant()
    def nothing_is_permitted_without_authority(self) -> None:
        now = self.clock.now()
        if self.view.refusal_of("op-1", "gate-1", now) is not None:
            return
        assert self.running
        assert not self.stopped
        assert self.activated_at is not None
        assert self.signed_at is not None or (self.terms.urgent and now < self.activated_at + timedelta(hours=24))
        assert now in self.terms.window
        assert not self.view.stale()

    @invariant()
    def no_camera_is_covered_that_was_not_signed_for(self) -> None:
        assert self.view.refusal_of("op-1", "gate-9", self.clock.now()) is not None

    @invariant()
    def the_threshold_never_lies_under_the_minimum(self) -> None:
        known = self.view.find("op-1")
        if known is not None and known.refusal(self.clock.now()) is None:
            assert known.threshold >= MINIMUM

    @invariant()
    def what_a_revoked_key_vouched_for_permits_nothing_once_that_is_known(self) -> None:
        now = self.clock.now()
        if self.vouched_by & self.revoked:
            self.view.confirm()
            assert self.view.refusal_of("op-1", "gate-1", now) is not None

    @invariant()
    def what_an_expired_key_vouched_for_permits_nothing_once_that_is_known(self) -> None:
        now = self.clock.now()
        if any(self.ends.get(who, FAR) <= now for who in self.vouched_by):
            self.view.confirm()
            assert self.view.refusal_of("op-1", "gate-1", now) is not None

    @invariant()
    def an_expired_key_begins_nothing(self) -> None:
        assert self.view.refusal_of("op-2", "gate-1", self.clock.now()) is not None

    # --- helpers -------------------------------------------------------------------------------------------------

    def _key(self, who: str) -> Signer:
        signer: Signer = getattr(self.office, who)
        return signer

    def _did(self, kind: ActKind, who: str, **details: str) -> bool:
        try:
            before = self.view.written("op-1")
            self.desk.act("op-1", kind, self._key(who), "a test", details)
        except (NotAuthorised, UnknownReference, Unavailable):
            return False
        if self.view.written("op-1") == before:
            return False
        self._done(None if kind.stops else who)
        return True

    def _done(self, who: str | None) -> None:
        written = self.view.written("op-1")
        assert written is not None
        self.seen.append(written)
        if who is not None:
            self.vouched_by.add(who)

    def _inject(self, written: WrittenAuthority) -> None:
        value = AUTHORISATION.encode(written)
        self.broker.producer().send(AUTHORISATIONS.name, written.id, value).wait(1)


Authority.TestCase.settings = settings(max_examples=60, stateful_step_count=40)
TestAuthority = Authority.TestCase
