"""TPIR and FPIR of groups of people, and when a difference between them may be believed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from watchbound.statistics.identification import (
    ScoreTable,
    false_positive_chances,
    true_positive_chances,
)
from watchbound.statistics.proportion import Interval
from watchbound.statistics.resampling import Resampling, rates

FEWEST_PEOPLE = 30
"""With fewer, a group without a single error may still have a true rate above one in ten (Wilson, 95 %)."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A share with its interval, resampled by person; `people` are how many it rests on."""

    value: float
    interval: Interval
    people: int


@dataclass(frozen=True, slots=True)
class Group:
    """What one threshold does to one group.

    Attributes:
        tpir: of probes of its people who are listed; None without any.
        fpir: of its people's probes against lists without them; None without any.
    """

    attribute: str
    name: str
    people: int
    tpir: Rate | None
    fpir: Rate | None


def groups(
    table: ScoreTable,
    people: Sequence[str],
    labels: Mapping[str, Mapping[str, str]],
    threshold: float,
    list_size: int,
    resampling: Resampling,
) -> tuple[Group, ...]:
    """By attribute and group, what the threshold does on lists of this size, drawn from all other people.

    Args:
        table: the comparisons.
        people: names, by the table's indices.
        labels: by attribute, the group of each person.
        threshold: what a score must reach.
        list_size: of the lists that are drawn.
        resampling: how people are drawn for the intervals.
    """
    at = np.array([threshold])
    wrong = false_positive_chances(table, list_size, at)
    right = true_positive_chances(table, list_size, at)
    mated_person = table.probe_person[table.same.any(axis=1)]
    found = []
    for attribute, named in labels.items():
        for name in sorted(set(named.values())):
            members = [index for index, person in enumerate(people) if named.get(person) == name]
            found.append(
                Group(
                    attribute,
                    name,
                    len(members),
                    _rate(right, mated_person, members, resampling),
                    _rate(wrong, table.probe_person, members, resampling),
                )
            )
    return tuple(found)


def _rate(chances: np.ndarray, person: np.ndarray, members: list[int], resampling: Resampling) -> Rate | None:
    of_group = np.isin(person, members)
    if not of_group.any():
        return None
    value, interval = rates(chances[of_group], person[of_group], resampling).at(0)
    return Rate(value, interval, len(np.unique(person[of_group])))


def group_warnings(found: Sequence[Group]) -> Iterator[str]:
    """What a reader of the groups must know: which are too small, and which differ beyond chance."""
    for group in found:
        fewest = min((rate.people for rate in (group.tpir, group.fpir) if rate is not None), default=0)
        if fewest < FEWEST_PEOPLE:
            yield (
                f"{group.attribute} {group.name}: {fewest} people with usable pictures are too few for a rate of their "
                f"own; at least {FEWEST_PEOPLE} are needed"
            )
    for one, other in combinations(found, 2):
        if one.attribute == other.attribute:
            for rate, first, second in (("TPIR", one.tpir, other.tpir), ("FPIR", one.fpir, other.fpir)):
                if first is not None and second is not None and _apart(first.interval, second.interval):
                    yield (
                        f"{one.attribute}: the {rate} of {one.name} ({_told(first)}) and of {other.name} "
                        f"({_told(second)}) differ by more than chance: their intervals do not overlap"
                    )


def _apart(first: Interval, second: Interval) -> bool:
    return first.high < second.low or second.high < first.low


def _told(rate: Rate) -> str:
    return f"{rate.value:.3g}, {rate.interval.low:.3g} to {rate.interval.high:.3g}"
