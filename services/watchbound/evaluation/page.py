"""A calibration for readers: one page that carries its own pictures."""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from html import escape

from matplotlib.figure import Figure

from watchbound.evaluation import plots
from watchbound.evaluation.calibration import Curve
from watchbound.evaluation.groups import Rate
from watchbound.evaluation.report import INTERVALS, CalibrationReport
from watchbound.pages import Section, Table, page, section_html
from watchbound.statistics.proportion import Interval, Proportion

_ROWS = 12


def as_html(report: CalibrationReport) -> str:
    """The whole page: no script, nothing loaded from elsewhere."""
    made = report.calibration
    made_at = f"made {report.made_at:%Y-%m-%d %H:%M} UTC"
    lead = f"{report.source}; {report.kind}; {made_at}; embedder {report.model_digest[:12]}…"
    warned = Section("What must be read with it", texts=made.warnings, marks_fault=True)
    parts = [
        section_html(_summary(report)),
        section_html(warned) if made.warnings else "",
        _figure(
            "Scores", plots.distributions(made), "Histograms of the scores of pairs of one person and of two people."
        ),
        _figure(
            "Rates", plots.rates(made), "TPIR and FPIR falling as the threshold rises; the table below has figures."
        ),
        section_html(Section("Thresholds", tuple(_thresholds(curve) for curve in made.curves))),
        _figure("DET", plots.det(made), "FNIR against FPIR, a line for each list size."),
        section_html(_groups(report)) if made.groups else "",
        section_html(_failures(report)),
        section_html(_method(report)),
    ]
    return page("Calibration", lead, [part for part in parts if part])


def _summary(report: CalibrationReport) -> Section:
    made = report.calibration
    chosen, wish = made.chosen, made.wish
    found = chosen.wanted
    threshold = f"{chosen.threshold:.3f}" if chosen.exists else "none"
    rows = (
        ("Wanted", f"FPIR of at most {wish.fpir:g} with a list of {wish.list_size:,}"),
        ("Threshold", f"{threshold} ({'EXTRAPOLATED' if found.model.extrapolated else 'counted'})"),
        ("Its interval, 95 %", _span(found.interval)),
        ("FPIR at it, 95 %", _span(found.fpir_interval)),
        ("How it was had", found.model.value),
        (f"TPIR at it, list of {chosen.tpir_list_size:,}", f"{chosen.tpir:.3f} ({_span(chosen.tpir_interval)})"),
        ("People", f"{report.people:,}, of whom {len(made.table.entry_person):,} are entries"),
        ("Searches", f"{made.mated_people:,} people mated, {made.probe_people:,} people non-mated"),
        ("Pairs", f"{len(made.table.genuine):,} genuine, {len(made.table.impostor):,} impostor"),
        ("Failure to enrol (FTE)", _share(report.fte)),
        ("Failure to acquire (FTA)", _share(report.fta)),
    )
    return Section("In short", (Table("What was asked for, and what was found", ("figure", "value"), rows),))


def _figure(title: str, figure: Figure, description: str) -> str:
    data = b64encode(plots.svg(figure)).decode()
    return (
        f'<section>\n<h2>{escape(title)}</h2>\n<figure style="margin:0">\n<img style="width:100%" '
        f'alt="{escape(description)}" src="data:image/svg+xml;base64,{data}">\n</figure>\n</section>'
    )


def _thresholds(curve: Curve) -> Table:
    """About a dozen rows of where the curve moves; the JSON has all."""
    moving = [
        index
        for index in range(len(curve.thresholds))
        if curve.fpir.value[index] < 0.999 and (curve.fpir.value[index] > 0.0 or curve.tpir.value[index] > 0.0)
    ]
    step = max(len(moving) // _ROWS, 1)
    rows = tuple(_row(curve, index) for index in moving[::step])
    return Table(f"List of {curve.list_size:,}", ("threshold", "FPIR", "95 %", "TPIR", "95 %"), rows)


def _row(curve: Curve, index: int) -> tuple[str, ...]:
    fpir, around = curve.fpir.at(index)
    tpir, within = curve.tpir.at(index)
    return (f"{curve.thresholds[index]:.2f}", f"{fpir:.4f}", _span(around), f"{tpir:.4f}", _span(within))


def _groups(report: CalibrationReport) -> Section:
    made = report.calibration
    rows = tuple(
        (f"{group.attribute}: {group.name}", f"{group.people}", _rate(group.tpir), _rate(group.fpir))
        for group in made.groups
    )
    caption = f"At threshold {made.chosen.threshold:.3f}, lists of {made.curves[-1].list_size:,}"
    text = "Groups are those of the labels that were given; none is ever inferred from a face."
    return Section("Groups", (Table(caption, ("group", "people", "TPIR (95 %)", "FPIR (95 %)"), rows),), (text,))


def _failures(report: CalibrationReport) -> Section:
    tables = []
    for caption, failures in (
        ("Refused as references", report.failed_to_enrol),
        ("Refused as probes", report.failed_to_acquire),
    ):
        reasons = Counter(failure.reason for failure in failures)
        rows = tuple((reason.replace("_", " "), str(count)) for reason, count in reasons.most_common())
        tables.append(Table(caption, ("reason", "pictures"), rows or (("none", "0"),)))
    said = f"Without an entry: {', '.join(report.without_entry) or 'nobody'}."
    return Section("Failures", tuple(tables), (said,))


def _method(report: CalibrationReport) -> Section:
    drawn = report.calibration.resampling
    return Section(
        "Method",
        texts=(
            "A mated search asks a list that holds the person on the probe, a non-mated one a list that does not. TPIR "
            "is the share of mated searches whose right entry reaches the threshold and comes first; FPIR the share of "
            "non-mated searches in which any entry reaches it (ISO/IEC 19795-1). Both are exact means over all lists "
            "of the stated size that the entries allow.",
            f"Intervals of rates: {INTERVALS}; {drawn.replicates} draws, seed {drawn.seed}. Intervals of failures: "
            "Wilson's. They speak of people like these before cameras like these, and of nothing else.",
            "Whether a face is a living person's is not examined: liveness is out of scope for passers-by.",
        ),
    )


def _span(interval: Interval) -> str:
    ends = [f"{end:.4f}" if abs(end) != float("inf") else "no end" for end in interval]
    return f"{ends[0]} to {ends[1]}"


def _share(share: Proportion) -> str:
    if share.wilson is None or share.value is None:
        return "none were tried"
    return f"{share.count} of {share.of} ({share.value:.3f}; {_span(share.wilson)})"


def _rate(rate: Rate | None) -> str:
    return "no searches" if rate is None else f"{rate.value:.3f} ({_span(rate.interval)}; {rate.people} people)"
