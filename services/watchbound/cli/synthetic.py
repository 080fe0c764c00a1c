"""`watchbound synthetic`: footage of people who do not exist, with ground truth."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from watchbound.adapters.logs import configure_logs
from watchbound.adapters.onnx_runtime import OnnxDetector
from watchbound.camera.synthetic import RenderedSite, SiteSpec, all_people, read_truth, render_site
from watchbound.extraction.model_pack import find_pack
from watchbound.settings import LogSettings, ModelSettings, load
from watchbound.stack.people import cut_people

_COLUMNS = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())

app = typer.Typer(help="Make footage of people who do not exist.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def group() -> None:
    """Make footage of people who do not exist."""


@app.command()
def render(
    out: Annotated[Path, typer.Option(help="Folder for <camera>.mp4 and <camera>.truth.json.")],
    cameras: Annotated[int, typer.Option(min=1, max=256, help="How many sites.")] = 1,
    seconds: Annotated[float, typer.Option(min=1, help="Length of each site's footage.")] = 60.0,
    seed: Annotated[int, typer.Option(min=0, help="Of everything random; site n has seed + n - 1.")] = 1,
    people: Annotated[str, typer.Option(help="Who passes every site: P001,P002,… or all.")] = "all",
    fps: Annotated[float, typer.Option(min=1, max=60, help="Frames a second.")] = 10.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was rendered as JSON.")] = False,
) -> None:
    """Render synthetic camera sites and their ground truth, as many at a time as there are cores.

    The same arguments give the same footage; what is there already is kept.

    Examples:
      watchbound synthetic render --cameras 4 --seconds 60 --out sites
      watchbound synthetic render --people P001,P003,P005 --seconds 20 --seed 7 --out sites --json
    """
    walkers = all_people() if people == "all" else tuple(name.strip() for name in people.split(",") if name.strip())
    specs = [SiteSpec(f"camera-{i + 1}", seed + i, seconds, fps, people=walkers) for i in range(cameras)]
    sites = _render_all(specs, out)
    rows = [_row(site) for site in sites]
    if as_json:
        typer.echo(json.dumps({"sites": rows}, indent=2))
        return
    for row in rows:
        typer.echo(f"{row['video']}: {row['frames']} frames, {row['passages']} passages")


@app.command()
def people(
    out: Annotated[Path, typer.Option(help="Folder for a sub-folder of pictures for each person.")],
    pack: Annotated[str | None, typer.Option(help="Model pack: a name in the cache, or a folder.")] = None,
    models_cache: Annotated[Path | None, typer.Option(help="Where prepared packs lie.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print how many pictures each person has, as JSON.")] = False,
) -> None:
    """Cut the faces of the ten people out of their pictures, a file each, for `watchbound calibrate` to be tried on.

    Ten invented people carry no claim about accuracy.

    Examples:
      watchbound synthetic people --out people
      watchbound calibrate --images people --fpir 0.1 --list-size 9 --html report.html
    """
    configure_logs("synthetic", load(LogSettings, level="warning"))
    models = load(ModelSettings, pack=pack, cache=models_cache)
    # Wider than for frames: a sheet shows a dozen faces.
    detector = OnnxDetector(find_pack(models), models, width=1280)
    with Progress(*_COLUMNS, console=Console(stderr=True)) as progress:
        task = progress.add_task("cutting out faces", total=len(all_people()))
        counts = cut_people(out, detector, lambda: progress.advance(task))
    if as_json:
        typer.echo(json.dumps({"people": counts}, indent=2))
    else:
        typer.echo(f"{sum(counts.values())} pictures of {len(counts)} people in {out}")


def _render_all(specs: Sequence[SiteSpec], out: Path) -> list[RenderedSite]:
    """Render the sites in processes of their own; the bar moves with each site that is done."""
    with Progress(*_COLUMNS, console=Console(stderr=True)) as progress, _rendering(specs, out) as futures:
        task = progress.add_task("rendering sites", total=len(specs))
        for future in as_completed(futures):
            future.result()
            progress.advance(task)
    return [future.result() for future in futures]


@contextmanager
def _rendering(specs: Sequence[SiteSpec], out: Path) -> Iterator[list[Future[RenderedSite]]]:
    # Spawned, not forked: a fork would copy the locks of the parent's threads.
    pool = ProcessPoolExecutor(min(len(specs), os.cpu_count() or 1), mp_context=get_context("spawn"))
    try:
        yield [pool.submit(render_site, spec, out) for spec in specs]
    finally:
        # After a failure or Ctrl-C the sites that have not begun are not begun.
        pool.shutdown(cancel_futures=True)


def _row(site: RenderedSite) -> dict[str, object]:
    truth = read_truth(site.truth)
    return {
        "camera": truth.spec.camera_id,
        "video": str(site.video),
        "truth": str(site.truth),
        "frames": len(truth.frames),
        "seconds": truth.spec.seconds,
        "seed": truth.spec.seed,
        "people": sorted(truth.people()),
        "passages": len(truth.passages()),
        "digest": truth.digest,
    }
