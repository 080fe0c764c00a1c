"""Follows whole topics in a thread of its own, and says whether what was followed is up to date."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping
from types import TracebackType

from watchbound.domain.errors import Poison, PoisonReason, Unavailable
from watchbound.domain.written_authority import WrittenAuthority
from watchbound.pipeline.authority import AuthorityView
from watchbound.pipeline.metric_names import AUTHORISATIONS_IN_FORCE, AUTHORITY_AGE
from watchbound.ports import Codec, Metrics, Record, TopicReader

_POLL_S = 0.2
_FIRST_WAIT_S = 0.1
_LONGEST_WAIT_S = 1.5

RecordHandler = Callable[[Record], None]


def _nothing() -> None:
    """No one listens."""


class Feed:
    """Hands each record of some topics to its topic's handler, in order, until stopped.

    - `Poison` from a handler goes to `on_poison`, and the feed goes on.
    - `Unavailable`, from the reader or a handler, is waited out; meanwhile `on_current` is not called.
    - Anything else is a bug: the thread ends and `failed` holds it, for the service's liveness to report.

    The feed owns its reader and closes it when the thread ends.

    Args:
        reader: what to follow; used by the feed's thread only.
        handlers: one for each topic that the reader reads.
        on_current: called after each poll that left nothing unread.
        on_poison: told of each record that could not be handled.
        name: for the thread and for messages.
        on_round: called after each poll, successful or not, so that what ages is seen to age.
    """

    def __init__(
        self,
        reader: TopicReader,
        handlers: Mapping[str, RecordHandler],
        on_current: Callable[[], None],
        on_poison: Callable[[Record, Poison], None],
        name: str,
        on_round: Callable[[], None] = _nothing,
    ) -> None:
        self._reader = reader
        self._handlers = dict(handlers)
        self._on_current = on_current
        self._on_poison = on_poison
        self._on_round = on_round
        self._name = name
        self._stopping = threading.Event()
        self._changed = threading.Condition()
        self._current = False
        self._complaint: str | None = "nothing has been read yet"
        self._failed: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=f"feed-{name}", daemon=True)

    def __enter__(self) -> Feed:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self.join(timeout_s=5.0)

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end after the poll that it is in."""
        self._stopping.set()

    def join(self, timeout_s: float) -> None:
        """Wait for the thread to end."""
        self._thread.join(timeout_s)

    @property
    def failed(self) -> BaseException | None:
        """The bug that ended the thread, if one did."""
        return self._failed

    def live(self) -> str | None:
        """For /healthz: what ended the feed, or None."""
        return None if self._failed is None else f"the {self._name} feed ended: {self._failed!r}"

    def ready(self) -> str | None:
        """For /readyz: why the feed is not up to date, or None."""
        with self._changed:
            return None if self._current else f"the {self._name} feed is not up to date: {self._complaint}"

    def wait_current(self, timeout_s: float) -> bool:
        """Wait until everything has been read; False when that did not happen in time or the thread ended."""
        deadline = time.monotonic() + timeout_s
        with self._changed:
            while not self._current and self._failed is None and not self._stopping.is_set():
                left = deadline - time.monotonic()
                if left <= 0 or not self._changed.wait(left):
                    break
            return self._current

    def _run(self) -> None:
        try:
            self._follow()
        except Exception as error:
            self._failed = error
            self._note(current=False, complaint=repr(error))
        finally:
            self._reader.close()

    def _follow(self) -> None:
        wait_s = _FIRST_WAIT_S
        while not self._stopping.is_set():
            try:
                for record in self._reader.poll(_POLL_S):
                    self._hand_over(record)
                if self._reader.caught_up() and not self._stopping.is_set():
                    self._on_current()
                    self._note(current=True, complaint=None)
                wait_s = _FIRST_WAIT_S
            except Unavailable as error:
                self._note(current=False, complaint=str(error))
                wait_s = self._pause(wait_s)
            self._on_round()

    def _hand_over(self, record: Record) -> None:
        """Give one record to its handler; a record whose handling must wait is held, not skipped."""
        wait_s = _FIRST_WAIT_S
        while not self._stopping.is_set():
            try:
                try:
                    self._handlers[record.source.topic](record)
                except Poison as poison:
                    self._on_poison(record, poison)
            except Unavailable as error:
                self._note(current=False, complaint=str(error))
                self._on_round()
                wait_s = self._pause(wait_s)
            else:
                return

    def _pause(self, wait_s: float) -> float:
        """Wait with jitter, so that services do not return in step; gives the next, longer wait."""
        self._stopping.wait(wait_s * random.uniform(0.5, 1.0))  # noqa: S311 - spreads load, guards nothing
        return min(wait_s * 2, _LONGEST_WAIT_S)

    def _note(self, *, current: bool, complaint: str | None) -> None:
        with self._changed:
            self._current, self._complaint = current, complaint
            self._changed.notify_all()


def in_turn(*handlers: RecordHandler) -> RecordHandler:
    """One handler of several; where one calls a record poison, those after it never see it."""

    def handle(record: Record) -> None:
        for handler in handlers:
            handler(record)

    return handle


def authority_handler(codec: Codec[WrittenAuthority], view: AuthorityView) -> RecordHandler:
    """A handler for the authorisations topic that folds it into `view`.

    A record that cannot be read has still replaced what stood under its key. A newer version may have paused the
    deployment in words unknown to this one, so the old permission is forgotten before the record is reported.
    """

    def handle(record: Record) -> None:
        if record.key is None:
            raise Poison(PoisonReason.WRONG_KEY, "expected an authorisation id as the key, got none")
        if record.value is None:
            view.forget(record.key)
            return
        try:
            written = codec.decode(record.value)
            if written.id != record.key:
                detail = f"expected the authorisation's id {written.id} as the key, got {record.key[:80]!r}"
                raise Poison(PoisonReason.WRONG_KEY, detail)
        except Poison:
            view.forget(record.key)
            raise
        view.apply(written)

    return handle


def authority_gauges(view: AuthorityView, metrics: Metrics) -> Callable[[], None]:
    """An `on_round` that shows how old the view is and how many authorisations are in force."""

    def show() -> None:
        metrics.set(AUTHORITY_AGE, view.age_s())
        metrics.set(AUTHORISATIONS_IN_FORCE, len(view.in_force()))

    return show
