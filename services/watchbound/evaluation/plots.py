"""Every picture of an evaluation. What a line is, is told by its form as well as by its colour."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from watchbound.evaluation.calibration import Calibration, Curve
from watchbound.evaluation.robustness import Point
from watchbound.statistics.proportion import wilson

COLOURS = ("#2f6f9f", "#b35900", "#1a7f37", "#7a3e9d", "#c0392b", "#5a5f66")
DASHES: tuple[Any, ...] = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 3)))
_SIZE = (7.2, 4.2)
_STYLE: Any = {
    "font.size": 10.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e3e7eb",
    "axes.edgecolor": "#7a828a",
    "legend.frameon": False,
    "svg.fonttype": "none",
    # The same figure gives the same bytes.
    "svg.hashsalt": "watchbound",
}


def png(figure: Figure) -> bytes:
    """The picture in pixels, 144 an inch."""
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=144, metadata={"Software": None})
    return out.getvalue()


def svg(figure: Figure) -> bytes:
    """The picture in lines, for a page."""
    out = io.BytesIO()
    with mpl.rc_context(_STYLE):
        figure.savefig(out, format="svg", metadata={"Date": None})
    return out.getvalue()


@contextmanager
def axes(title: str, across: str, up: str) -> Iterator[Any]:
    """A figure's only axes, in the style of all."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=_SIZE, layout="constrained")
        FigureCanvasAgg(figure)
        drawn = figure.add_subplot()
        drawn.set_title(title, loc="left", fontsize=11.0, fontweight="bold")
        drawn.set_xlabel(across)
        drawn.set_ylabel(up)
        yield drawn


def distributions(made: Calibration) -> Figure:
    """How often pairs of one person and of two reach which score, with the threshold that was chosen."""
    with axes("Scores of pairs", "cosine similarity", "share of pairs a bin of 0.02") as drawn:
        low, high = np.floor(made.table.scores.min() * 50) / 50, np.ceil(made.table.scores.max() * 50) / 50
        bins = np.arange(low, high + 0.03, 0.02)
        for scores, name, colour, hatch in (
            (made.table.impostor, "two people", COLOURS[1], None),
            (made.table.genuine, "one person", COLOURS[0], "//"),
        ):
            share = np.full(len(scores), 1.0 / len(scores))
            label = f"{name}: {len(scores):,} pairs"
            looks = {"alpha": 0.55, "color": colour, "hatch": hatch, "edgecolor": "white"}
            drawn.hist(scores, bins, weights=share, label=label, **looks)
        if made.chosen.exists:
            _mark(drawn, made)
        drawn.legend()
    return cast(Figure, drawn.figure)


def _mark(drawn: Any, made: Calibration) -> None:
    chosen = made.chosen
    kind = "extrapolated" if chosen.wanted.model.extrapolated else "counted"
    drawn.axvline(chosen.threshold, color="#24292f", linewidth=1.2, label=f"threshold {chosen.threshold:.3f} ({kind})")
    low, high = chosen.wanted.interval
    if np.isfinite(low) and np.isfinite(high):
        drawn.axvspan(low, high, color="#24292f", alpha=0.08, linewidth=0, label="its 95 % interval")


def rates(made: Calibration) -> Figure:
    """TPIR and FPIR at each threshold, with their intervals, on the shortest and the longest lists."""
    with axes("Rates at each threshold", "threshold (cosine similarity)", "share of searches") as drawn:
        ends = dict.fromkeys((made.curves[0], made.curves[-1]))
        for number, curve in enumerate(ends):
            for rate, name, colour in ((curve.tpir, "TPIR", COLOURS[0]), (curve.fpir, "FPIR", COLOURS[1])):
                drawn.fill_between(curve.thresholds, rate.low, rate.high, color=colour, alpha=0.12, linewidth=0)
                label = f"{name}, list of {curve.list_size:,}"
                drawn.plot(curve.thresholds, rate.value, color=colour, linestyle=DASHES[number], label=label)
        if made.chosen.exists:
            _mark(drawn, made)
        drawn.set_ylim(-0.02, 1.02)
        drawn.legend()
    return cast(Figure, drawn.figure)


def det(made: Calibration) -> Figure:
    """Detection error trade-off: FNIR against FPIR as the threshold moves, on logarithmic axes (ISO/IEC 19795-1)."""
    with axes("Detection error trade-off (DET)", "FPIR", "FNIR = 1 − TPIR") as drawn:
        smallest = [_smallest(curve, drawn, number) for number, curve in enumerate(made.curves)]
        least = min(smallest) / 2
        drawn.set_xscale("log")
        drawn.set_yscale("log")
        drawn.set_xlim(least, 1.1)
        drawn.set_ylim(least, 1.1)
        floor = wilson(0, made.probe_people).high
        drawn.axvspan(
            least, floor, color="#5a5f66", alpha=0.10, linewidth=0, label="fewer than so many people can show"
        )
        drawn.axvline(
            made.wish.fpir, color="#24292f", linewidth=1.0, linestyle=":", label=f"wanted FPIR {made.wish.fpir:g}"
        )
        drawn.legend(loc="lower left")
    return cast(Figure, drawn.figure)


def _smallest(curve: Curve, drawn: Any, number: int) -> float:
    fnir, fpir = 1.0 - curve.tpir.value, curve.fpir.value
    # Where nothing failed there is no point on a logarithmic axis; the grey band says what that is worth.
    shown = (fnir > 1e-9) & (fpir > 1e-9)
    drawn.step(
        fpir[shown],
        fnir[shown],
        where="post",
        color=COLOURS[number % len(COLOURS)],
        linestyle=DASHES[number % len(DASHES)],
        label=f"list of {curve.list_size:,}",
    )
    values = np.concatenate([fnir[shown], fpir[shown], [0.01]])
    return float(values.min())


def robustness(points: Sequence[Point]) -> Figure:
    """Recall against each factor, a panel each, with intervals."""
    factors = list(dict.fromkeys(point.factor for point in points))
    with mpl.rc_context(_STYLE):
        rows = -(-len(factors) // 2)
        figure = Figure(figsize=(_SIZE[0], 2.3 * rows), layout="constrained")
        FigureCanvasAgg(figure)
        panels = figure.subplots(rows, 2, sharey=True, squeeze=False)
        for panel in panels.flat[len(factors) :]:
            panel.set_visible(False)
        for panel, factor in zip(panels.flat, factors, strict=False):
            mine = sorted((point for point in points if point.factor == factor), key=lambda point: point.level)
            _panel(panel, mine)
        panels[0, 0].set_ylim(-0.02, 1.02)
        figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside upper left", ncols=3)
    return figure


def _panel(panel: Any, points: Sequence[Point]) -> None:
    levels = [point.level for point in points]
    lows, highs = zip(*(point.recall.interval for point in points), strict=True)
    recalls = [point.recall.value for point in points]
    panel.plot(levels, recalls, color=COLOURS[0], marker="o", markersize=3.5, label="recall")
    panel.fill_between(levels, lows, highs, color=COLOURS[0], alpha=0.15, linewidth=0, label="its 95 % interval")
    unseen = [point.unseen / point.probes for point in points]
    panel.plot(levels, unseen, color=COLOURS[1], linestyle="--", linewidth=1.0, label="not found, or refused")
    panel.set_title(points[0].factor.name, loc="left", fontsize=10.0, fontweight="bold")
    panel.set_xlabel(points[0].factor.unit, fontsize=9.0)
