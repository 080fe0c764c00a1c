"""`watchbound calibrate`: which threshold keeps the false positives that can be borne, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from watchbound.adapters.clock import SystemClock
from watchbound.adapters.logs import configure_logs
from watchbound.cli.footage import listed_pictures, progress, replayed
from watchbound.domain.errors import ConfigurationError
from watchbound.evaluation import plots
from watchbound.evaluation.calibration import Calibration, Wish
from watchbound.evaluation.calibration import calibrate as calibrated
from watchbound.evaluation.labelled import LabelledPicture, read_labels, read_pictures
from watchbound.evaluation.main import open_comparer
from watchbound.evaluation.page import as_html
from watchbound.evaluation.passing import PassageTerms, evaluate
from watchbound.evaluation.reading import Failure
from watchbound.evaluation.report import CalibrationReport
from watchbound.extraction.model_pack import find_pack
from watchbound.settings import LogSettings, MatchingSettings, ModelSettings, load
from watchbound.stack.evaluation import footage_scores
from watchbound.stack.footage import LabelledFootage, read_footage
from watchbound.stack.footage_replay import FootagePolicy
from watchbound.statistics.identification import ScoreTable

Labels = Mapping[str, Mapping[str, str]]

_PROVISIONAL = 0.5
"""Threshold of the replay whose scores are calibrated. It decides how many shots a track gets, and no score."""


def calibrate(
    images: Annotated[
        Path | None,
        typer.Option(metavar="DIR|CSV", help="A folder for each person, or a CSV of path, person and role."),
    ] = None,
    footage: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Instead: videos with <name>.truth.json or <name>.labels.csv beside them."),
    ] = None,
    watchlist: Annotated[
        Path | None, typer.Option(metavar="DIR|CSV", help="With --footage: who is listed, by its names.")
    ] = None,
    people: Annotated[
        str | None, typer.Option(help="With --footage: instead, portraits of synthetic people, P001,P003,… or all.")
    ] = None,
    fpir: Annotated[
        float, typer.Option(min=1e-9, max=0.999999, help="The largest share of unlisted faces that may raise anybody.")
    ] = 0.001,
    list_size: Annotated[int, typer.Option(min=1, help="How many entries the watchlist will hold.")] = 10_000,
    cautious: Annotated[
        bool, typer.Option("--cautious", help="Take the upper end of the threshold's interval.")
    ] = False,
    labels: Annotated[
        Path | None, typer.Option(help="CSV of person and a column for each attribute, to tell groups apart.")
    ] = None,
    references: Annotated[
        int, typer.Option(min=1, help="Pictures of a person that are enrolled; roles in a CSV win.")
    ] = 1,
    report: Annotated[Path | None, typer.Option("--json", metavar="OUT", help="Write the report here.")] = None,
    html: Annotated[Path | None, typer.Option(metavar="OUT", help="Write a page with pictures here.")] = None,
    png: Annotated[Path | None, typer.Option(metavar="DIR", help="Write the pictures into this folder.")] = None,
    pack: Annotated[str | None, typer.Option(help="Model pack: a name in the cache, or a folder.")] = None,
    models_cache: Annotated[Path | None, typer.Option(help="Where prepared packs lie.")] = None,
) -> None:
    r"""Measure how well the models tell people apart, and find the threshold for a wanted FPIR.

    Use pictures of people like those who will pass, taken as the cameras will take them. Nothing is kept of them: the
    report holds rates, file names and reasons, no picture and no template.

    Ends with 0 when a threshold keeps what is wanted (the report says whether it is counted or extrapolated), 1 when
    none does, 2 when the pictures or options make no sense.

    Examples:
      watchbound calibrate --images people/ --fpir 0.001 --list-size 10000 --json report.json --html report.html
      watchbound calibrate --images people.csv --labels groups.csv --references 2 --cautious --json report.json
      watchbound calibrate --footage sites/ --people all --fpir 0.05 --list-size 9 --html report.html
      watchbound authorise draft --file terms.yaml --calibration report.json --key drafter.pem
    """
    configure_logs("calibrate", load(LogSettings, level="warning"))
    for option, path in (("--json", report), ("--html", html)):
        if path is not None and not path.parent.is_dir():
            msg = f"{option}: expected a file in a folder that exists, got {path}"
            raise ConfigurationError(msg)
    if (images is None) == (footage is None):
        msg = "expected either --images or --footage"
        raise ConfigurationError(msg)
    wish, groups = Wish(fpir, list_size, cautious), None if labels is None else read_labels(labels)
    if images is not None:
        made = _of_images(images, groups, wish, references, pack, models_cache)
    else:
        shown = read_footage(footage or Path()), listed_pictures(watchlist, people)
        made = _of_footage(str(footage), *shown, groups, wish, pack, models_cache)
    _write(made, report, html, png)
    _tell(made)
    raise typer.Exit(0 if made.calibration.chosen.exists else 1)


def _of_images(
    images: Path, groups: Labels | None, wish: Wish, references: int, pack: str | None, models_cache: Path | None
) -> CalibrationReport:
    pictures = read_pictures(images)
    models = load(ModelSettings, pack=pack, cache=models_cache)
    found = find_pack(models)
    comparer = open_comparer(found, models, load(MatchingSettings), references)
    with progress() as bar:
        task = bar.add_task("reading pictures", total=len(pictures))
        compared = comparer.compare(pictures, lambda: bar.advance(task))
    return CalibrationReport(
        source=str(images),
        kind="images",
        made_at=SystemClock().now(),
        model_digest=found.digests["embedder"],
        detector_digest=found.digests["detector"],
        people=len(compared.people),
        calibration=_calibrated(compared.table, compared.people, wish, groups),
        failed_to_enrol=compared.failed_to_enrol,
        tried=compared.tried,
        without_entry=compared.without_entry,
        failed_to_acquire=compared.failed_to_acquire,
        probes=compared.read - compared.tried,
    )


def _of_footage(
    source: str,
    footage: Sequence[LabelledFootage],
    pictures: Sequence[LabelledPicture],
    groups: Labels | None,
    wish: Wish,
    pack: str | None,
    models_cache: Path | None,
) -> CalibrationReport:
    smallest = load(MatchingSettings).min_eye_distance
    done = replayed(footage, pictures, FootagePolicy(_PROVISIONAL, smallest), pack, models_cache)
    scored = footage_scores(done.runs, done.references)
    passing = evaluate(done.runs, frozenset(done.references), PassageTerms(usable_eye_distance=smallest))
    unseen = tuple(
        Failure(one.camera_id, one.person, "no_template", f"passed from {one.first_s:.1f} s to {one.last_s:.1f} s")
        for one in passing.passages
        if not one.templated
    )
    calibration = _calibrated(scored.table, scored.people, wish, groups)
    if scored.unknown:
        said = f"{scored.unknown} tracks were on nobody whom the ground truth knows; they are in no figure"
        calibration = replace(calibration, warnings=(*calibration.warnings, said))
    return CalibrationReport(
        source=source,
        kind="footage",
        made_at=SystemClock().now(),
        model_digest=done.pack.digests["embedder"],
        detector_digest=done.pack.digests["detector"],
        people=len(scored.people),
        calibration=calibration,
        failed_to_enrol=done.refused,
        tried=done.tried,
        without_entry=tuple(sorted({picture.person for picture in pictures} - set(done.references))),
        failed_to_acquire=unseen,
        probes=len(passing.passages),
    )


def _calibrated(table: ScoreTable, people: Sequence[str], wish: Wish, groups: Labels | None) -> Calibration:
    with Console(stderr=True).status("drawing people again for the intervals"):
        return calibrated(table, people, wish, groups)


def _write(made: CalibrationReport, report: Path | None, html: Path | None, png: Path | None) -> None:
    try:
        if report is not None:
            report.write_bytes(made.as_json())
        if html is not None:
            html.write_text(as_html(made), encoding="utf-8")
        if png is not None:
            png.mkdir(parents=True, exist_ok=True)
            for name, draw in (("distributions", plots.distributions), ("rates", plots.rates), ("det", plots.det)):
                (png / f"{name}.png").write_bytes(plots.png(draw(made.calibration)))
    except OSError as error:
        msg = f"the report could not be written ({error})"
        raise ConfigurationError(msg) from error


def _tell(made: CalibrationReport) -> None:
    calibration, chosen = made.calibration, made.calibration.chosen
    table = calibration.table
    typer.echo(
        f"{made.people} people, {len(table.entry_person)} entries, {len(table.genuine)} genuine and "
        f"{len(table.impostor)} impostor pairs; {len(made.failed_to_enrol)} of {made.tried} references and "
        f"{len(made.failed_to_acquire)} of {made.probes} probes refused"
    )
    for curve in calibration.curves:
        index = int((curve.thresholds >= chosen.threshold).argmax()) if chosen.exists else len(curve.thresholds) - 1
        (tpir, within), (fpir, around) = curve.tpir.at(index), curve.fpir.at(index)
        typer.echo(
            f"list of {curve.list_size:>6,} at {curve.thresholds[index]:.2f}: FPIR {fpir:.4f} "
            f"({around.low:.4f} to {around.high:.4f}), TPIR {tpir:.4f} ({within.low:.4f} to {within.high:.4f})"
        )
    for warning in calibration.warnings:
        typer.echo(f"warning: {warning}", err=True)
    ends = " to ".join(f"{end:.3f}" if abs(end) <= 1.0 else "no end" for end in chosen.wanted.interval)
    kind = "EXTRAPOLATED" if chosen.wanted.model.extrapolated else "counted"
    found = f"{chosen.threshold:.3f}" if chosen.exists else "none"
    typer.echo(
        f"threshold for an FPIR of {calibration.wish.fpir:g} with a list of {calibration.wish.list_size:,}: {found} "
        f"({kind}; 95 %: {ends})"
    )
