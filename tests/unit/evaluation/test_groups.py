"""Rates of groups: who is in them, when they are too small, and when they differ."""

from __future__ import annotations

import numpy as np

from tests.unit.evaluation.tables import names, table
from watchbound.evaluation.groups import FEWEST_PEOPLE, group_warnings, groups
from watchbound.statistics.identification import ScoreTable
from watchbound.statistics.resampling import Resampling

FEW = Resampling(replicates=100, seed=2)


def halves(people: int) -> dict[str, dict[str, str]]:
    return {"hall": {name: "east" if index < people // 2 else "west" for index, name in enumerate(names(people))}}


def unfair(people: int) -> ScoreTable:
    """The second half is found half as often."""
    fair = table(people)
    scores = fair.scores.copy()
    hard = np.flatnonzero(fair.probe_person >= people // 2)[::2]
    scores[hard, fair.probe_person[hard]] = 0.0
    return ScoreTable(scores, fair.probe_person, fair.entry_person, people)


def test_groups_alike_do_not_differ() -> None:
    found = groups(table(80), names(80), halves(80), 0.5, 10, FEW)
    assert [(group.name, group.people) for group in found] == [("east", 40), ("west", 40)]
    assert list(group_warnings(found)) == []


def test_groups_that_differ_beyond_chance_are_told() -> None:
    found = groups(unfair(80), names(80), halves(80), 0.5, 10, FEW)
    east, west = (group.tpir for group in found)
    assert east is not None
    assert west is not None
    assert east.value > 0.95
    assert west.value == 0.5
    (said,) = group_warnings(found)
    assert said.startswith("hall: the TPIR of east")
    assert "do not overlap" in said


def test_small_groups_are_told_and_show_no_difference_that_they_cannot() -> None:
    found = groups(unfair(8), names(8), halves(8), 0.5, 5, FEW)
    warnings = list(group_warnings(found))
    assert len([said for said in warnings if f"at least {FEWEST_PEOPLE} are needed" in said]) == 2
    assert not any("do not overlap" in said for said in warnings)


def test_a_group_without_pictures_has_no_rates() -> None:
    (found,) = groups(table(8), names(8), {"hall": {"nobody": "north"}}, 0.5, 5, FEW)
    assert (found.people, found.tpir, found.fpir) == (0, None, None)
