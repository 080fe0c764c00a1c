"""`watchbound robustness`: what cameras must deliver for people to be found at a threshold."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from watchbound.adapters.logs import configure_logs
from watchbound.cli.footage import progress
from watchbound.domain.errors import ConfigurationError
from watchbound.evaluation import plots
from watchbound.evaluation.labelled import read_pictures
from watchbound.evaluation.main import open_robustness
from watchbound.evaluation.report import INTERVALS
from watchbound.evaluation.robustness import FACTORS, SIZE, USUAL_EYES, USUAL_QUALITY, Factor, Point, least_eyes
from watchbound.extraction.model_pack import find_pack
from watchbound.settings import LogSettings, ModelSettings, load

SCHEMA = "watchbound.robustness.v1"


def robustness(
    images: Annotated[Path, typer.Option(metavar="DIR|CSV", help="Good pictures: a folder for each person, or a CSV.")],
    threshold: Annotated[float, typer.Option(min=0.001, max=1.0, help="What a score must reach; calibrate it first.")],
    recall: Annotated[float, typer.Option(min=0.0, max=1.0, help="What cameras must keep.")] = 0.95,
    per_person: Annotated[int, typer.Option(min=1, help="At most so many pictures of a person are made worse.")] = 8,
    factor: Annotated[
        list[str] | None, typer.Option(help=f"Only this: {', '.join(known.name for known in FACTORS)}; repeatable.")
    ] = None,
    report: Annotated[Path | None, typer.Option("--json", metavar="OUT", help="Write the table here.")] = None,
    png: Annotated[Path | None, typer.Option(metavar="OUT", help="Write the picture here.")] = None,
    pack: Annotated[str | None, typer.Option(help="Model pack: a name in the cache, or a folder.")] = None,
    models_cache: Annotated[Path | None, typer.Option(help="Where prepared packs lie.")] = None,
) -> None:
    r"""Make good pictures worse in one way at a time, and count who is still found.

    Face size, focus, motion, light, compression and cover are made; head turn is not, and is read off the pictures as
    they are. A face that the detector does not find, or that is refused as a passer-by's would be, counts as missed.

    Ends with 0 when some face size keeps --recall (or no size was asked for), 1 when none does, 2 when the pictures or
    options make no sense.

    Examples:
      watchbound synthetic people --out people
      watchbound robustness --images people --threshold 0.55 --json robustness.json --png robustness.png
    """
    configure_logs("robustness", load(LogSettings, level="warning"))
    for option, path in (("--json", report), ("--png", png)):
        if path is not None and not path.parent.is_dir():
            msg = f"{option}: expected a file in a folder that exists, got {path}"
            raise ConfigurationError(msg)
    pictures, chosen = read_pictures(images), _factors(factor or [])
    models = load(ModelSettings, pack=pack, cache=models_cache)
    found = find_pack(models)
    with progress() as bar:
        task = bar.add_task("reading faces", total=None)
        points = open_robustness(found, models, threshold, per_person).measure(
            pictures, lambda count, total: bar.update(task, completed=count, total=total), chosen
        )
    sized = SIZE in chosen
    eyes = least_eyes(points, recall) if sized else None
    if report is not None:
        written = {"source": str(images), "threshold": threshold, "models": found.digests, "least_eyes": eyes}
        report.write_text(json.dumps(_document(points, written), indent=2) + "\n", encoding="utf-8")
    if png is not None:
        png.write_bytes(plots.png(plots.robustness(points)))
    _tell(points)
    if not sized:
        return
    kept = "no face size keeps it" if eyes is None else f"from {eyes:g} pixels between the eyes on"
    typer.echo(f"recall of at least {recall:g}: {kept}")
    raise typer.Exit(1 if eyes is None else 0)


def _factors(wanted: Sequence[str]) -> tuple[Factor, ...]:
    known = {one.name: one for one in FACTORS}
    if unknown := [name for name in wanted if name not in known]:
        msg = f"--factor: expected one of {', '.join(known)}, got {', '.join(unknown)}"
        raise ConfigurationError(msg)
    return tuple(known[name] for name in wanted) or FACTORS


def _document(points: Sequence[Point], conditions: dict[str, Any]) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        **conditions,
        "usual": {"eye_distance": USUAL_EYES, "jpeg_quality": USUAL_QUALITY},
        "intervals": {"confidence": 0.95, "rates": INTERVALS},
        "points": [
            {
                "factor": point.factor.name,
                "unit": point.factor.unit,
                "level": point.level,
                "recall": point.recall.value,
                "recall_low": point.recall.interval.low,
                "recall_high": point.recall.interval.high,
                "people": point.recall.people,
                "probes": point.probes,
                "unseen": point.unseen,
            }
            for point in points
        ],
    }


def _tell(points: Sequence[Point]) -> None:
    table = Table("factor", "level", "recall", "95 %", "not seen", "faces", box=None)
    for point in points:
        low, high = point.recall.interval
        cells = (f"{point.recall.value:.3f}", f"{low:.2f} to {high:.2f}", str(point.unseen), str(point.probes))
        table.add_row(point.factor.name, f"{point.level:g}", *cells)
    Console().print(table)
