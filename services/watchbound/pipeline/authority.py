"""What is authorised now, as every service sees it: a fold over the authorisations topic that fails closed."""

from __future__ import annotations

import math
import threading
from datetime import datetime

from watchbound.domain.authorisation import Authorisation, AuthorisationState, Refusal
from watchbound.ports import Clock


class AuthorityView:
    """The authorisations as last published, and whether that knowledge is fresh enough to act on.

    Nothing is permitted before the first `confirm`, nor when the last one is `max_age_s` old: a service that cannot
    hear a cancellation must behave as if there were one. Safe to share between threads.

    The topic's order is authoritative with one exception: **cancellation is final**. Once an id has been seen
    cancelled, a later active record of that id is not believed, whether a producer's retry, a restored backup or a
    mistake replayed it. To start again takes a new authorisation with a new id, which a person signs for.

    Args:
        clock: the service's trusted clock.
        max_age_s: how long a confirmation lasts, in seconds.
    """

    def __init__(self, clock: Clock, max_age_s: float) -> None:
        self._clock = clock
        self._max_age_s = max_age_s
        self._lock = threading.Lock()
        self._known: dict[str, Authorisation] = {}
        self._cancelled: set[str] = set()
        self._confirmed_at: datetime | None = None

    def apply(self, authorisation: Authorisation) -> None:
        """Take one record of the compacted topic."""
        with self._lock:
            if authorisation.state is AuthorisationState.CANCELLED:
                self._cancelled.add(authorisation.id)
            elif authorisation.id in self._cancelled:
                return
            self._known[authorisation.id] = authorisation

    def forget(self, authorisation_id: str) -> None:
        """Take a tombstone: nothing is known under this id, yet that it was cancelled stays known."""
        with self._lock:
            self._known.pop(authorisation_id, None)

    def confirm(self) -> None:
        """Say that everything which stood in the topic has been applied."""
        with self._lock:
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
            if self._stale(now):
                return Refusal.AUTHORITY_UNKNOWN
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
            if self._stale(now):
                return Refusal.AUTHORITY_UNKNOWN
            authorisation = self._known.get(authorisation_id)
        if authorisation is None:
            return Refusal.NO_AUTHORISATION
        return authorisation.refusal_of(camera_id, captured_at, now)

    def in_force(self) -> tuple[Authorisation, ...]:
        """What permits something now, ordered by start and id; empty when the view is stale."""
        with self._lock:
            now = self._clock.now()
            if self._stale(now):
                return ()
            return tuple(known for known in self._ordered() if known.refusal(now) is None)

    def _age_s(self, now: datetime) -> float:
        return math.inf if self._confirmed_at is None else abs((now - self._confirmed_at).total_seconds())

    def _stale(self, now: datetime) -> bool:
        return self._age_s(now) >= self._max_age_s

    def _ordered(self) -> tuple[Authorisation, ...]:
        return tuple(sorted(self._known.values(), key=lambda known: (known.window.start, known.id)))
