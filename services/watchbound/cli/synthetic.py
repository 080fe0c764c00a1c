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

from watchbound.camera.synthetic import RenderedSite, SiteSpec, all_people, read_truth, render_site

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


def _render_all(specs: Sequence[SiteSpec], out: Path) -> list[RenderedSite]:
    """Render the sites in processes of their own; the bar moves with each site that is done."""
    columns = (TextColumn("rendering sites"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress, _rendering(specs, out) as futures:
        task = progress.add_task("render", total=len(specs))
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
