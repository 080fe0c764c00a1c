"""Gives dead letters another chance, or none: by policy, under a cap, told to the audit log."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from watchbound.domain.dead_letter import DeadLetter
from watchbound.domain.errors import Poison
from watchbound.pipeline.audit import AuditTrail
from watchbound.pipeline.audit_acts import Act
from watchbound.pipeline.poison_guard import PoisonCap
from watchbound.pipeline.topics import FRAMES
from watchbound.ports import Record, RecordProducer, TopicPartition
from watchbound.replay.judges import Judge
from watchbound.replay.letters import Letter, Standing
from watchbound.replay.policies import ReplayPolicy

_ACKNOWLEDGED_WITHIN_S = 30.0

RecordAt = Callable[[TopicPartition, int], Record | None]
"""The record at a place of the log; None where retention has removed it."""

GONE = "gone"
NOT_REPLAYABLE = "not_replayable"


class Outcome(StrEnum):
    """What came of one letter."""

    RETRIED = "retried"
    DROPPED = "dropped"
    STILL_POISON = "still-poison"
    LEFT = "left"
    """Nothing was done: its topic is not replayed, or its partition is held."""


@dataclass(frozen=True, slots=True)
class Done:
    """One letter and what came of it, with a reason code or a sentence."""

    letter: Letter
    outcome: Outcome
    why: str

    def facts(self) -> dict[str, str]:
        """As JSON tells it."""
        return {"id": self.letter.id, "reason": self.letter.content.reason, "outcome": self.outcome, "why": self.why}


class Replayer:
    """Acts for one person, for one reason.

    Args:
        record_at: reads a record again where the letter holds no payload.
        judges: by topic, the rules of the first time; other topics are not replayed.
        producer: hands over.
        trail: told of each letter before and after.
        actor: whose account.
        reason: why, in words.
    """

    def __init__(
        self,
        record_at: RecordAt,
        judges: Mapping[str, Judge],
        producer: RecordProducer,
        trail: AuditTrail,
        actor: str,
        reason: str,
    ) -> None:
        self._record_at = record_at
        self._judges = judges
        self._producer = producer
        self._trail = trail
        self._actor = actor
        self._reason = reason

    def retry(self, letters: Iterable[Letter], policy: ReplayPolicy) -> Iterator[Done]:
        """Hand over what may be; what no authority permits any more, or is gone, is dropped with its reason.

        Letters that still cannot be read stay, and count against the policy's cap: a source partition with too many
        of them is left alone from there on.

        Raises:
            Unavailable: the audit log, the broker or the present authority cannot be asked; run it again.
        """
        caps: dict[TopicPartition, PoisonCap] = {}
        held: dict[TopicPartition, str] = {}
        for letter in _selected(letters, policy):
            source = TopicPartition(letter.content.topic, letter.content.partition)
            if source in held:
                yield Done(letter, Outcome.LEFT, f"its partition is held: {held[source]}")
                continue
            done = self._retry(letter, policy)
            yield done
            if done.outcome is not Outcome.LEFT:
                cap = caps.setdefault(source, PoisonCap(policy.cap))
                why = cap.take(poison=done.outcome is Outcome.STILL_POISON)
                if why is not None:
                    held[source] = why

    def drop(self, letters: Iterable[Letter], policy: ReplayPolicy) -> Iterator[Done]:
        """Decide that they get no other chance. Their records stay in the topic until its retention removes them.

        Raises:
            Unavailable: the audit log cannot be written.
        """
        for letter in _selected(letters, policy):
            yield self._drop(letter, policy, "", self._reason)

    def _retry(self, letter: Letter, policy: ReplayPolicy) -> Done:
        content = letter.content
        judge = self._judges.get(content.topic)
        if judge is None:
            return Done(letter, Outcome.LEFT, NOT_REPLAYABLE)
        value = self._value(content)
        if value is None:
            return self._drop(letter, policy, "", GONE)
        try:
            judgement = judge(value)
        except Poison as poison:
            return Done(letter, Outcome.STILL_POISON, str(poison))
        if judgement.refused is not None:
            return self._drop(letter, policy, judgement.authorisation_id, judgement.refused)
        self._tell(Act.DEAD_LETTER_RETRY_BEGUN, letter, policy, judgement.authorisation_id)
        self._producer.send(content.topic, judgement.key, value).wait(_ACKNOWLEDGED_WITHIN_S)
        # Only now: whoever dies in between finds the letter open, and hands it over twice rather than never.
        self._tell(Act.DEAD_LETTER_RETRIED, letter, policy, judgement.authorisation_id)
        return Done(letter, Outcome.RETRIED, "")

    def _value(self, content: DeadLetter) -> bytes | None:
        """The record's bytes: the letter's own, or for a frame what stands at its place, if it is still that."""
        if content.topic != FRAMES.name:
            return content.payload
        record = self._record_at(TopicPartition(content.topic, content.partition), content.offset)
        if record is None or hashlib.sha256(record.value or b"").hexdigest() != content.payload_digest:
            return None
        return record.value or b""

    def _drop(self, letter: Letter, policy: ReplayPolicy, authorisation_id: str, why: str) -> Done:
        self._tell(Act.DEAD_LETTER_DROPPED, letter, policy, authorisation_id, because=why)
        return Done(letter, Outcome.DROPPED, why)

    def _tell(self, act: Act, letter: Letter, policy: ReplayPolicy, authorisation_id: str, **facts: str) -> None:
        known = {"policy": policy.name, "poison": letter.content.reason, **facts}
        self._trail.record(self._actor, act, authorisation_id, self._reason, object=letter.id, **known)


def _selected(letters: Iterable[Letter], policy: ReplayPolicy) -> Iterator[Letter]:
    return (each for each in letters if each.standing is Standing.OPEN and policy.selects(each.content.reason))
