"""A service that keeps a state for each key and folds records into it: what its logic offers and its runtime needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from watchbound.ports import Record


@dataclass(frozen=True, slots=True)
class Output:
    """A record to publish."""

    topic: str
    key: str
    value: bytes


def _nothing() -> None:
    """No one counts."""


@dataclass(frozen=True, slots=True)
class FoldStep:
    """What follows from one record, or from time.

    The runtime has it recorded, publishes the outputs and waits for their acknowledgement, then stores the state and
    waits for that too, and only then lets the record go. Whatever dies in between, the record is read again with a
    state that either knows it or not, so outputs may repeat but never go missing.

    Attributes:
        state: the key's state from now on; None removes it.
        changed: whether `state` differs from what was given, so that it need not be stored in vain.
        record: told before anything is published, from a thread of its own, and possibly again after a crash; while it
            raises Unavailable, nothing is done. None where there is nothing to tell.
        outputs: published in this order.
        wake_at: when to call `tick` for this key; None for never.
        done: called once everything is acknowledged, to count.
    """

    state: bytes | None
    changed: bool = True
    record: Callable[[], None] | None = None
    outputs: tuple[Output, ...] = ()
    wake_at: datetime | None = None
    done: Callable[[], None] = _nothing


class KeyedFold(Protocol):
    """The logic; it is called for one key at a time and never from two threads at once."""

    def handle(self, key: str, record: Record, state: bytes | None, listening_since: datetime) -> FoldStep:
        """Take one record.

        Args:
            key: the record's key.
            record: where it stands and what it says.
            state: what the last step for this key left.
            listening_since: when this process began to read the key's partition.

        Raises:
            Poison: it can never be handled; the runtime reports it and goes on.
            Unavailable: it cannot be handled now; the runtime holds it and tries again.
        """

    def tick(self, key: str, state: bytes, listening_since: datetime) -> FoldStep:
        """Let time pass for one key."""
