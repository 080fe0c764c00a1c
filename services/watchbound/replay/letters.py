"""The dead letters, each once, with what has been done about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from watchbound.domain.audit import AuditEvent
from watchbound.domain.dead_letter import DeadLetter
from watchbound.domain.errors import UnknownReference
from watchbound.pipeline.audit_acts import Act
from watchbound.ports import Codec, Record


class Standing(StrEnum):
    """What has been done about a letter."""

    OPEN = "open"
    RETRIED = "retried"
    DROPPED = "dropped"


_BY_ACT = {Act.DEAD_LETTER_RETRIED: Standing.RETRIED, Act.DEAD_LETTER_DROPPED: Standing.DROPPED}


@dataclass(frozen=True, slots=True)
class Letter:
    """One record that could not be handled; a worker that died may have reported it twice."""

    content: DeadLetter
    standing: Standing

    @property
    def id(self) -> str:
        """Where its record stands: `topic/partition/offset`."""
        return letter_id(self.content)


def letter_id(letter: DeadLetter) -> str:
    """Names a letter by the place of its record."""
    return f"{letter.topic}/{letter.partition}/{letter.offset}"


def standings(events: Iterable[AuditEvent]) -> dict[str, Standing]:
    """What the audit log says was done, by letter."""
    return {event.object: _BY_ACT[Act(event.act)] for event in events if event.act in set(_BY_ACT)}


def read_letters(records: Iterable[Record], codec: Codec[DeadLetter], done: Mapping[str, Standing]) -> list[Letter]:
    """Every letter, in the order of its record's place.

    Raises:
        Poison: a record of the topic is no dead letter.
    """
    found: dict[tuple[str, int, int], Letter] = {}
    for record in records:
        content = codec.decode(record.value or b"")
        standing = done.get(letter_id(content), Standing.OPEN)
        found[content.topic, content.partition, content.offset] = Letter(content, standing)
    return [found[place] for place in sorted(found)]


def letter_named(letters: Iterable[Letter], name: str) -> Letter:
    """The letter of this id.

    Raises:
        UnknownReference: there is none.
    """
    for letter in letters:
        if letter.id == name:
            return letter
    msg = f"no dead letter {name!r} is kept; `watchbound replay list --all` shows those that are"
    raise UnknownReference(msg)
