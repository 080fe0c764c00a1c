"""What is authorised now, as every service sees it: a fold over the authorisations topic that fails closed."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from watchbound.domain.act import ActKind
from watchbound.domain.authorisation import Authorisation
from watchbound.domain.errors import NotAuthorised
from watchbound.domain.standing import AuthorisationState, Refusal
from watchbound.domain.written_authority import WrittenAuthority
from watchbound.pipeline.verification import read_authority, terms_vouched
from watchbound.ports import Clock, TrustList


def _always() -> bool:
    """The clock of a test, or of a command whose acts other services judge again."""
    return True


class AuthorityView:
    """The authorisations as last published, verified, and whether that knowledge is fresh enough to act on.

    Nothing is permitted before the first `confirm`, nor when the last one is `max_age_s` old: a service that cannot
    hear a cancellation must behave as if there were one. Safe to share between threads.

    The topic is never believed: every signature is verified here, when a record comes and when the trust list has
    changed, so that asking costs nothing. Of each authorisation the longest chain that held is remembered, whatever
    is published later:

    - a chain that is a beginning of it is an older state replayed, and is passed over;
    - one that does not hold permits nothing while it stands there, until a good one is published again;
    - one that holds and differs is a **fork**: somebody's word was left out, so nothing is permitted ever again, and a
      cancellation on either side is final. To start again takes a new authorisation with a new id.

    Args:
        clock: the service's trusted clock.
        max_age_s: how long a confirmation lasts, in seconds.
        trust: whose signatures count.
        clock_trusted: whether the clock may be believed now; while it may not, nothing is permitted.
    """

    def __init__(
        self, clock: Clock, max_age_s: float, trust: TrustList, clock_trusted: Callable[[], bool] = _always
    ) -> None:
        self._clock = clock
        self._max_age_s = max_age_s
        self._trust = trust
        self._clock_trusted = clock_trusted
        self._trusted_version = trust.version()
        self._lock = threading.Lock()
        self._known: dict[str, Authorisation] = {}
        self._last: dict[str, WrittenAuthority] = {}
        self._good: dict[str, WrittenAuthority] = {}
        self._forked: set[str] = set()
        self._confirmed_at: datetime | None = None

    def apply(self, written: WrittenAuthority) -> None:
        """Take one record of the compacted topic."""
        with self._lock:
            self._apply(written)

    def forget(self, authorisation_id: str) -> None:
        """Take a tombstone: nothing is permitted under this id, yet what was done to it stays known."""
        with self._lock:
            self._known.pop(authorisation_id, None)
            self._last.pop(authorisation_id, None)

    def written(self, authorisation_id: str) -> WrittenAuthority | None:
        """The longest chain that held, to be continued; None where there is none."""
        with self._lock:
            return self._good.get(authorisation_id)

    def require_good(self, written: WrittenAuthority) -> Authorisation:
        """What a chain amounts to, without taking it, where every act of it holds.

        Raises:
            NotAuthorised: one does not, in the words of its fault.
        """
        reading = read_authority(written, self._trust)
        if reading.good < len(written.acts):
            raise NotAuthorised(reading.authorisation.standing.fault_detail)
        return reading.authorisation

    def believed(self, authorisation_id: str) -> bool:
        """Whether anybody who may ever put their name to the terms that `find` gives; permits nothing by itself."""
        with self._lock:
            last = self._last.get(authorisation_id)
            return authorisation_id in self._good or (last is not None and terms_vouched(last, self._trust))

    def continuable(self, authorisation_id: str) -> bool:
        """Whether what was published last holds to its end, so that an act may follow it and leaves nothing out."""
        with self._lock:
            last = self._last.get(authorisation_id)
            if last is None or last != self._good.get(authorisation_id):
                return False
            return read_authority(last, self._trust).good == len(last.acts)

    def holder(self, key_id: str) -> str:
        """Whose key it is.

        Raises:
            NotTrusted: nobody's that is known.
        """
        return self._trust.holder(key_id)

    def confirm(self) -> None:
        """Say that everything which stood in the topic has been applied; a changed trust list takes effect here."""
        version = self._trust.version()
        with self._lock:
            if version != self._trusted_version:
                self._trusted_version = version
                self._known = {name: self._judged(last) for name, last in self._last.items()}
            self._confirmed_at = self._clock.now()

    def age_s(self) -> float:
        """Seconds since the last confirmation; infinite when there was none.

        A clock that was set back says as little about freshness as one that ran on, so the distance counts.
        """
        with self._lock:
            return self._age_s(self._clock.now())

    def stale(self) -> bool:
        """Whether the last confirmation is too old to permit anything."""
        with self._lock:
            return self._stale(self._clock.now())

    def find(self, authorisation_id: str) -> Authorisation | None:
        """What was last published under this id, in force or not; permits nothing by itself."""
        with self._lock:
            return self._known.get(authorisation_id)

    def all(self) -> tuple[Authorisation, ...]:
        """Everything known, in force or not, ordered by start and id; permits nothing by itself."""
        with self._lock:
            return self._ordered()

    def covering(self, camera_id: str) -> Authorisation | Refusal:
        """The authorisation under which this camera may publish now, else the refusal that tells most.

        Of several the one that started first answers, so that the answer does not change while it is in force. Of
        several refusals, one that is still to start tells most, then that of the window which ends last.
        """
        with self._lock:
            now = self._clock.now()
            unsure = self._unsure(now)
            if unsure is not None:
                return unsure
            if not self._known:
                return Refusal.NO_AUTHORISATION
            naming = [known for known in self._ordered() if camera_id in known.cameras]
        if not naming:
            return Refusal.CAMERA_NOT_COVERED
        refusals = [(authorisation, authorisation.refusal(now)) for authorisation in naming]
        for authorisation, refusal in refusals:
            if refusal is None:
                return authorisation
        if any(refusal is Refusal.NOT_YET_STARTED for _, refusal in refusals):
            return Refusal.NOT_YET_STARTED
        _, last = max(refusals, key=lambda pair: pair[0].window.end)
        return last or Refusal.AUTHORITY_UNKNOWN

    def refusal_of(self, authorisation_id: str, camera_id: str, captured_at: datetime) -> Refusal | None:
        """Why a picture published under this id may not be handled now; None when it may."""
        with self._lock:
            now = self._clock.now()
            unsure = self._unsure(now)
            if unsure is not None:
                return unsure
            authorisation = self._known.get(authorisation_id)
        if authorisation is None:
            return Refusal.NO_AUTHORISATION
        return authorisation.refusal_of(camera_id, captured_at, now)

    def refusal_of_past(self, authorisation_id: str) -> Refusal | None:
        """Why nobody may look at, or decide about, what was raised under this id; None when they may.

        People may after the end of a deployment, too, for as long as its alerts are kept.
        """
        with self._lock:
            unsure = self._unsure(self._clock.now())
            if unsure is not None:
                return unsure
            known = self._known.get(authorisation_id)
            if known is None or authorisation_id not in self._good:
                return Refusal.NO_AUTHORISATION
            return Refusal.PURGED if known.state is AuthorisationState.PURGED else None

    def in_force(self) -> tuple[Authorisation, ...]:
        """What permits something now, ordered by start and id; empty when the view is stale or the clock untrusted."""
        with self._lock:
            now = self._clock.now()
            if self._unsure(now) is not None:
                return ()
            return tuple(known for known in self._ordered() if known.refusal(now) is None)

    def _apply(self, written: WrittenAuthority) -> None:
        reading = read_authority(written, self._trust)
        held, good = written.first(reading.good), self._good.get(written.id)
        if held.acts and held == written and good is not None and held != good and good.begins_with(held):
            return
        if held.acts:
            self._good[written.id] = self._better(good, held)
        self._last[written.id] = written
        self._known[written.id] = self._judged(written)

    def _better(self, good: WrittenAuthority | None, held: WrittenAuthority) -> WrittenAuthority:
        """Of two chains that hold, the one to remember; notes a fork where neither is the other's beginning."""
        if good is None or held.begins_with(good):
            return held
        if good.begins_with(held):
            return good
        self._forked.add(held.id)
        return held if held.does(ActKind.CANCEL) else good

    def _judged(self, last: WrittenAuthority) -> Authorisation:
        """What is known of an authorisation of which `last` was published last."""
        reading = read_authority(last, self._trust).authorisation
        good = self._good.get(last.id)
        if good is None or (good == last and last.id not in self._forked):
            return reading
        kept = read_authority(good, self._trust).authorisation
        fault, detail = reading.standing.fault, reading.standing.fault_detail
        if last.id in self._forked:
            fault, detail = Refusal.FORKED, "two histories of it have been published; begin a new one with a new id"
        if fault is None:
            return kept
        return replace(kept, standing=replace(kept.standing, fault=fault, fault_detail=detail))

    def _age_s(self, now: datetime) -> float:
        return math.inf if self._confirmed_at is None else abs((now - self._confirmed_at).total_seconds())

    def _stale(self, now: datetime) -> bool:
        return self._age_s(now) >= self._max_age_s

    def _unsure(self, now: datetime) -> Refusal | None:
        """Why nothing can be said about any authorisation now."""
        if not self._clock_trusted():
            return Refusal.CLOCK_UNTRUSTED
        return Refusal.AUTHORITY_UNKNOWN if self._stale(now) else None

    def _ordered(self) -> tuple[Authorisation, ...]:
        return tuple(sorted(self._known.values(), key=lambda known: (known.window.start, known.id)))
