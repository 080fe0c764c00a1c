"""Counts by what adjudicators recorded about people, with small cells withheld.

A cell of one to four people could tell who they were, so it is not published. Where exactly one cell of an attribute
would be withheld, it could be had by subtraction from the total; the smallest of the others is then withheld too.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from watchbound.domain.demography import Observation
from watchbound.statistics.proportion import Proportion

SMALLEST_CELL = 5
ATTRIBUTES = ("sex", "ethnicity", "age")
NOT_RECORDED = "not recorded"


@dataclass(frozen=True, slots=True)
class Cell:
    """One group.

    Attributes:
        proportion: None where it is withheld.
    """

    attribute: str
    group: str
    proportion: Proportion | None


def sliced(cases: Iterable[tuple[Observation | None, bool]], whole: int | None = None) -> tuple[Cell, ...]:
    """By each attribute in turn, how many cases of each recorded group hold.

    Args:
        cases: what was recorded about each case, and whether it holds.
        whole: the denominator of every cell; each group's own number of cases if not given.

    An attribute of which nothing was recorded is left out.
    """
    listed = list(cases)
    cells: list[Cell] = []
    for attribute in ATTRIBUTES:
        held: Counter[str] = Counter()
        of: defaultdict[str, int] = defaultdict(int)
        for observation, holds in listed:
            group = _group(observation, attribute)
            of[group] += 1
            held[group] += holds
        # With a denominator of its own a group is as small as its cases, else as small as those that hold.
        sizes = {group: of[group] if whole is None else held[group] for group in of}
        if set(of) == {NOT_RECORDED}:
            continue
        hidden = _withheld(sizes)
        cells += [
            Cell(attribute, group, None if group in hidden else Proportion(held[group], whole or of[group]))
            for group in sorted(of)
            if sizes[group]
        ]
    return tuple(cells)


def _group(observation: Observation | None, attribute: str) -> str:
    return NOT_RECORDED if observation is None else observation.facts().get(attribute, NOT_RECORDED)


def _withheld(sizes: dict[str, int]) -> set[str]:
    hidden = {group for group, size in sizes.items() if 0 < size < SMALLEST_CELL}
    others = sorted((size, group) for group, size in sizes.items() if size and group not in hidden)
    if len(hidden) == 1 and others:
        hidden.add(others[0][1])
    return hidden
