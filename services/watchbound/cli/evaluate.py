"""`watchbound evaluate`: how well people who pass are identified, by footage with ground truth."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from watchbound.adapters.logs import configure_logs
from watchbound.cli.footage import listed_pictures, replayed
from watchbound.domain.errors import ConfigurationError
from watchbound.evaluation.passing import PassageTerms, PassingReport
from watchbound.evaluation.passing import evaluate as evaluated
from watchbound.evaluation.passing_json import document, rows
from watchbound.settings import AlertingSettings, LogSettings, MatchingSettings, load
from watchbound.stack.footage import read_footage
from watchbound.stack.footage_replay import FootagePolicy


def evaluate(
    footage: Annotated[
        Path, typer.Option(metavar="DIR", help="Videos, each with <name>.truth.json or <name>.labels.csv beside it.")
    ],
    threshold: Annotated[float, typer.Option(min=0.001, max=1.0, help="As the authorisation will set it.")],
    watchlist: Annotated[
        Path | None, typer.Option(metavar="DIR|CSV", help="Who is listed, by the names of the ground truth.")
    ] = None,
    people: Annotated[
        str | None, typer.Option(help="Instead: the portraits of synthetic people, P001,P003,… or all.")
    ] = None,
    fps: Annotated[float, typer.Option(min=0.5, max=60, help="Pictures a second that each camera publishes.")] = 5.0,
    min_tpir: Annotated[float, typer.Option(min=0, max=1, help="Fail where the TPIR is lower.")] = 0.0,
    max_fpir: Annotated[float, typer.Option(min=0, max=1, help="Fail where the FPIR is higher.")] = 1.0,
    report: Annotated[Path | None, typer.Option("--json", metavar="OUT", help="Write the report here.")] = None,
    pack: Annotated[str | None, typer.Option(help="Model pack: a name in the cache, or a folder.")] = None,
    models_cache: Annotated[Path | None, typer.Option(help="Where prepared packs lie.")] = None,
) -> None:
    r"""Replay footage through the matching worker and count by passing person: found, missed, taken for somebody else.

    Worker, models and alert rules are those that `match run` and `alerting run` use; time is the footage's. Columns
    of a <name>.labels.csv: frame, person, x, y, width, height, eye_distance and, if wanted, visible.

    Ends with 0; with 1 where --min-tpir or --max-fpir is not kept, or nobody who is listed passes; with 2 when the
    footage or options make no sense.

    Examples:
      watchbound synthetic render --cameras 2 --seconds 60 --out sites
      watchbound evaluate --footage sites --people P001,P003,P005,P007,P008 --threshold 0.55 --json report.json
      watchbound evaluate --footage station/ --watchlist volunteers/ --threshold 0.48 --min-tpir 0.8 --max-fpir 0.01
    """
    configure_logs("evaluate", load(LogSettings, level="warning"))
    if report is not None and not report.parent.is_dir():
        msg = f"--json: expected a file in a folder that exists, got {report}"
        raise ConfigurationError(msg)
    labelled, pictures = read_footage(footage), listed_pictures(watchlist, people)
    smallest = load(MatchingSettings).min_eye_distance
    gap = timedelta(seconds=load(AlertingSettings).passage_gap_s)
    done = replayed(labelled, pictures, FootagePolicy(threshold, smallest, fps, gap), pack, models_cache)
    made = evaluated(done.runs, frozenset(done.references), PassageTerms(usable_eye_distance=smallest))
    conditions = {
        "footage": [one.camera_id for one in labelled],
        "threshold": threshold,
        "fps": fps,
        "min_eye_distance": smallest,
        "models": done.pack.digests,
        "entries": list(done.references),
        "failed_to_enrol": [{"path": one.path, "person": one.person, "reason": one.reason} for one in done.refused],
    }
    if report is not None:
        report.write_text(json.dumps(document(made, conditions), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    _tell(made, len(done.references), threshold)
    for one in done.refused:
        typer.echo(f"not enrolled: {one.path}: {one.reason} ({one.detail})", err=True)
    raise typer.Exit(_code(made, min_tpir, max_fpir))


def _tell(made: PassingReport, entries: int, threshold: float) -> None:
    table = Table("figure", "value", box=None, title=f"{entries} listed, threshold {threshold:g}", title_justify="left")
    for name, value in rows(made):
        table.add_row(name, value)
    Console().print(table)


def _code(made: PassingReport, min_tpir: float, max_fpir: float) -> int:
    if made.tpir is None:
        typer.echo("nobody who is listed passes in this footage, so nothing was shown", err=True)
        return 1
    kept = made.tpir.value >= min_tpir and (made.fpir is None or made.fpir.value <= max_fpir)
    if not kept:
        typer.echo(f"expected a TPIR of at least {min_tpir:g} and an FPIR of at most {max_fpir:g}", err=True)
    return 0 if kept else 1
