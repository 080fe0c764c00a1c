"""What the reviewers' words on one alert come to: a pure fold, the same whatever order the words are read in.

- The latest word of each reviewer counts; a reviewer may change their mind, and cannot be their own second.
- `CANNOT_TELL` neither confirms nor rejects.
- Where two are required, "it is the person" and "this pairing is to be suppressed" take two reviewers: both have
  consequences. "It is not the person" takes one: nobody is stopped for it.
- One who says "not the person" and one who says "a lookalike" agree that it is not the person, and no more: rejected.
- As soon as one says that it is the person and another that it is not, they disagree, however many stand on each side:
  the alert stays in front of people until those who differ have talked and one has changed their mind.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from watchbound.domain.decision import Decision, Verdict
from watchbound.domain.demography import Observation
from watchbound.domain.errors import InvalidValue
from watchbound.domain.moment import require_aware


class Standing(Enum):
    """Where an alert stands between its reviewers."""

    UNDECIDED = "undecided"
    AWAITING_SECOND = "awaiting-second"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    LOOKALIKE = "lookalike"
    DISAGREED = "disagreed"

    @property
    def settled(self) -> bool:
        """Whether nobody needs to look any more."""
        return self in _SETTLED


_SETTLED = frozenset({Standing.CONFIRMED, Standing.REJECTED, Standing.LOOKALIKE})


@dataclass(frozen=True, slots=True)
class Word:
    """A reviewer's latest word on an alert."""

    reviewer: str
    verdict: Verdict
    spoken_at: datetime

    def __post_init__(self) -> None:
        require_aware(self.spoken_at, "spoken_at")
        if not self.reviewer.strip():
            msg = "a word on an alert names its reviewer"
            raise InvalidValue(msg)


@dataclass(frozen=True, slots=True)
class Adjudication:
    """The words on one alert, and what they come to.

    Attributes:
        two_person: whether confirming and suppressing take two reviewers.
        words: one for each reviewer, ordered by time, then reviewer.
    """

    two_person: bool
    words: tuple[Word, ...] = ()

    def __post_init__(self) -> None:
        if len({word.reviewer for word in self.words}) < len(self.words):
            msg = "an adjudication holds the latest word of each reviewer, and one reviewer spoke twice"
            raise InvalidValue(msg)
        if list(self.words) != sorted(self.words, key=_when_and_who):
            msg = "the words of an adjudication are ordered by time, then reviewer"
            raise InvalidValue(msg)

    @classmethod
    def of(cls, words: Iterable[Word], two_person: bool) -> Adjudication:
        """Keep the latest word of each reviewer, in whatever order and however often the words come."""
        latest = {word.reviewer: word for word in sorted(words, key=_latest_last)}
        return cls(two_person, tuple(sorted(latest.values(), key=_when_and_who)))

    @property
    def standing(self) -> Standing:
        """What the words come to."""
        verdicts = [word.verdict for word in self._opinions()]
        needed = 2 if self.two_person else 1
        if not verdicts:
            return Standing.UNDECIDED
        confirming = verdicts.count(Verdict.CONFIRM)
        if 0 < confirming < len(verdicts):
            return Standing.DISAGREED
        if confirming:
            return Standing.CONFIRMED if confirming >= needed else Standing.AWAITING_SECOND
        if Verdict.REJECT in verdicts:
            return Standing.REJECTED
        return Standing.LOOKALIKE if len(verdicts) >= needed else Standing.AWAITING_SECOND

    @property
    def reviewers(self) -> tuple[str, ...]:
        """Whose words the standing rests on; those who could not tell are not among them."""
        return tuple(word.reviewer for word in self._opinions())

    @property
    def decided_at(self) -> datetime | None:
        """When the last word was spoken that the standing rests on."""
        return max((word.spoken_at for word in self._opinions()), default=None)

    def _opinions(self) -> tuple[Word, ...]:
        return tuple(word for word in self.words if word.verdict is not Verdict.CANNOT_TELL)


def adjudicate(decisions: Iterable[Decision], two_person: bool) -> Adjudication:
    """Fold the decisions on one alert, in any order and any number of times.

    Raises:
        InvalidValue: they speak of more than one alert.
    """
    spoken = _of_one_alert(decisions)
    return Adjudication.of((Word(each.reviewer, each.verdict, each.decided_at) for each in spoken), two_person)


def observed(decisions: Iterable[Decision]) -> Observation | None:
    """What the reviewers of one alert recorded about the person: for each attribute, the latest that was recorded.

    A reviewer's later word that records nothing does not take back what they recorded before.

    Raises:
        InvalidValue: the decisions speak of more than one alert.
    """
    spoken = sorted(_of_one_alert(decisions), key=lambda each: (each.decided_at, each.statement()), reverse=True)
    seen = [decision.observed for decision in spoken if decision.observed is not None]
    if not seen:
        return None
    return Observation(
        sex=next((observation.sex for observation in seen if observation.sex is not None), None),
        ethnicity=next((observation.ethnicity for observation in seen if observation.ethnicity is not None), None),
        age=next((observation.age for observation in seen if observation.age is not None), None),
    )


def _of_one_alert(decisions: Iterable[Decision]) -> list[Decision]:
    given = list(decisions)
    alerts = {decision.alert_id for decision in given}
    if len(alerts) > 1:
        msg = f"expected the decisions on one alert, got those on {len(alerts)}"
        raise InvalidValue(msg)
    return given


def _latest_last(word: Word) -> tuple[datetime, str]:
    """Words of the same microsecond are ordered by what they say, so that every reader orders them alike."""
    return word.spoken_at, word.verdict.value


def _when_and_who(word: Word) -> tuple[datetime, str]:
    return word.spoken_at, word.reviewer
