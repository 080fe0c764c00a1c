"""What thresholds do to labelled comparisons, and which one keeps what is wanted. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from watchbound.evaluation.groups import Group, group_warnings, groups
from watchbound.statistics.identification import (
    Floats,
    ScoreTable,
    false_positive_chances,
    true_positive_chances,
)
from watchbound.statistics.proportion import Interval
from watchbound.statistics.resampling import Rates, Resampling, rates
from watchbound.statistics.wanted import WantedThreshold, wanted_threshold

_STEP = 0.01
_FEW_PEOPLE = 100


@dataclass(frozen=True, slots=True)
class Wish:
    """What a deployment asks of its threshold.

    Attributes:
        fpir: the largest share of non-mated searches that may return anybody.
        list_size: how many entries the watchlist will hold.
        cautious: take the upper end of the threshold's interval instead of the threshold itself.
    """

    fpir: float
    list_size: int
    cautious: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """TPIR and FPIR at every threshold, on lists of one size."""

    list_size: int
    thresholds: Floats
    tpir: Rates
    fpir: Rates


@dataclass(frozen=True, slots=True)
class Chosen:
    """The threshold that the wish leads to, and what it does to people who are listed.

    Attributes:
        threshold: to three digits, rounded up.
        wanted: where it comes from.
        tpir: of the mated searches at it, on a list of `tpir_list_size`: the longest that the pictures allow.
    """

    threshold: float
    wanted: WantedThreshold
    tpir: float
    tpir_interval: Interval
    tpir_list_size: int

    @property
    def exists(self) -> bool:
        """Whether any score can reach it."""
        return self.threshold <= 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """Everything that labelled comparisons say.

    Attributes:
        mated_people, probe_people: whose probes were mated, and whose were there at all.
        warnings: sentences that must be read with the figures.
    """

    table: ScoreTable
    wish: Wish
    curves: tuple[Curve, ...]
    chosen: Chosen
    groups: tuple[Group, ...]
    mated_people: int
    probe_people: int
    warnings: tuple[str, ...]
    resampling: Resampling


def calibrate(
    table: ScoreTable,
    people: Sequence[str],
    wish: Wish,
    labels: Mapping[str, Mapping[str, str]] | None = None,
    resampling: Resampling | None = None,
) -> Calibration:
    """Curves on lists of several sizes, the threshold that is wanted, and what it does to each group.

    Args:
        table: every probe against every entry.
        people: names, by the table's indices.
        wish: what the threshold must keep.
        labels: by attribute, the group of each person.
        resampling: how people are drawn for the intervals.

    Raises:
        InvalidValue: the comparisons are too few for any threshold (see `wanted_threshold`).
    """
    drawing = resampling or Resampling()
    grid = _grid(table)
    curves = tuple(_curve(table, size, grid, drawing) for size in list_sizes(table.largest_list))
    chosen = _choose(table, wish, drawing)
    sliced = groups(table, people, labels or {}, chosen.threshold, curves[-1].list_size, drawing)
    mated = len(np.unique(table.probe_person[table.same.any(axis=1)]))
    probes = len(np.unique(table.probe_person))
    warnings = (*_warnings(chosen, wish, mated, probes), *group_warnings(sliced))
    return Calibration(table, wish, curves, chosen, sliced, mated, probes, warnings, drawing)


def list_sizes(largest: int) -> tuple[int, ...]:
    """1, 10, 100 and so on, and the largest that there is."""
    sizes = {10**power for power in range(8) if 10**power < largest} | {largest}
    return tuple(sorted(sizes))


def _grid(table: ScoreTable) -> Floats:
    low, high = float(table.scores.min()), float(table.scores.max())
    return np.round(np.arange(np.floor(low / _STEP), np.ceil(high / _STEP) + 2) * _STEP, 2)


def _curve(table: ScoreTable, size: int, grid: Floats, drawing: Resampling) -> Curve:
    mated = table.same.any(axis=1)
    return Curve(
        size,
        grid,
        rates(true_positive_chances(table, size, grid), table.probe_person[mated], drawing),
        rates(false_positive_chances(table, size, grid), table.probe_person, drawing),
    )


def _choose(table: ScoreTable, wish: Wish, drawing: Resampling) -> Chosen:
    wanted = wanted_threshold(table, wish.fpir, wish.list_size, drawing)
    exact = wanted.interval.high if wish.cautious else wanted.threshold
    threshold = float(np.ceil(exact * 1000 - 1e-6) / 1000) if np.isfinite(exact) else float("inf")
    size = min(wish.list_size, table.largest_list)
    person = table.probe_person[table.same.any(axis=1)]
    tpir, interval = rates(true_positive_chances(table, size, np.array([threshold])), person, drawing).at(0)
    return Chosen(threshold, wanted, tpir, interval, size)


def _warnings(chosen: Chosen, wish: Wish, mated: int, probes: int) -> list[str]:
    said = []
    if min(mated, probes) < _FEW_PEOPLE:
        said.append(
            f"{mated} people with mated and {probes} with non-mated searches are too few to say anything of others; "
            f"at least {_FEW_PEOPLE} are needed, and they must be such people as will pass"
        )
    if chosen.wanted.model.extrapolated:
        said.append(
            f"the threshold is extrapolated: nobody compared lists of {wish.list_size} so often that one in "
            f"{1 / wish.fpir:,.0f} could be counted ({chosen.wanted.model.value})"
        )
    if chosen.wanted.fpir_interval.high > wish.fpir and not wish.cautious:
        end = chosen.wanted.interval.high
        safe = (
            f"{end:.3f} keeps it with confidence (--cautious)"
            if end <= 1.0
            else "no threshold keeps it with confidence"
        )
        said.append(f"the FPIR at it may be as high as {chosen.wanted.fpir_interval.high:.2g}; {safe}")
    if not chosen.exists:
        said.append("no threshold keeps what is wanted: the model cannot tell these people apart well enough")
    return said
