"""What an adjudicator recorded about the person who was stopped, so that errors can be counted group by group.

Recorded by people, never inferred: no model of this product estimates sex, ethnicity or age, and nothing stands here
but what a person saw or was told and entered. The lists are closed, so that counts of several deployments compare.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from watchbound.domain.errors import InvalidValue


class Sex(Enum):
    """As recorded by the adjudicator."""

    FEMALE = "female"
    MALE = "male"
    NOT_STATED = "not-stated"


class Ethnicity(Enum):
    """The high-level groups of the 2021 census of England and Wales, and the answer that was not given."""

    ASIAN = "asian"
    """Asian, Asian British or Asian Welsh."""

    BLACK = "black"
    """Black, Black British, Black Welsh, Caribbean or African."""

    MIXED = "mixed"
    """Mixed or multiple ethnic groups."""

    WHITE = "white"
    OTHER = "other"
    NOT_STATED = "not-stated"


class AgeBand(Enum):
    """Years, both ends included."""

    UNDER_18 = "under-18"
    FROM_18_TO_24 = "18-24"
    FROM_25_TO_34 = "25-34"
    FROM_35_TO_44 = "35-44"
    FROM_45_TO_54 = "45-54"
    FROM_55_TO_64 = "55-64"
    FROM_65 = "65-and-over"
    NOT_STATED = "not-stated"


@dataclass(frozen=True, slots=True)
class Observation:
    """One adjudicator's record of a person; None where nothing was recorded."""

    sex: Sex | None = None
    ethnicity: Ethnicity | None = None
    age: AgeBand | None = None

    def __post_init__(self) -> None:
        if self.sex is None and self.ethnicity is None and self.age is None:
            msg = "an observation records sex, ethnicity or age; where none was recorded there is no observation"
            raise InvalidValue(msg)

    def facts(self) -> dict[str, str]:
        """What was recorded, by name, in the words of the closed lists."""
        recorded = {"sex": self.sex, "ethnicity": self.ethnicity, "age": self.age}
        return {name: str(value.value) for name, value in recorded.items() if value is not None}


_LISTS: dict[str, type[Enum]] = {"sex": Sex, "ethnicity": Ethnicity, "age": AgeBand}


def parse_observation(text: str) -> Observation:
    """Read `sex=female,age=25-34`.

    Raises:
        InvalidValue: a name or a value is not in the closed lists, or stands twice.
    """
    recorded: dict[str, Enum] = {}
    for part in text.split(","):
        name, _, value = (piece.strip() for piece in part.partition("="))
        if name not in _LISTS:
            msg = f"expected {', '.join(_LISTS)} with a value, such as sex=female,age=25-34, got {part.strip()!r}"
            raise InvalidValue(msg)
        if name in recorded:
            msg = f"{name} stands twice in {text!r}"
            raise InvalidValue(msg)
        recorded[name] = _member(name, value)
    return Observation(**recorded)  # type: ignore[arg-type]


def _member(name: str, value: str) -> Enum:
    try:
        return _LISTS[name](value)
    except ValueError as error:
        msg = f"{name} is one of {', '.join(_values(_LISTS[name]))}, got {value!r}"
        raise InvalidValue(msg) from error


def _values(members: Iterable[Enum]) -> list[str]:
    return [str(member.value) for member in members]
