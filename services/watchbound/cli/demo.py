"""`watchbound demo`: the main job on the embedded stack."""

from __future__ import annotations

import json
import tempfile
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from watchbound.adapters.logs import configure_logs
from watchbound.adapters.model_preparation import prepare_default
from watchbound.domain.errors import ConfigurationError
from watchbound.settings import LogSettings, ModelSettings, load
from watchbound.stack.demo import DemoOptions, run_demo
from watchbound.stack.demo_plan import DemoPlan, synthetic_plan, video_plan, write_demo_watchlist
from watchbound.stack.demo_screen import DemoScreen
from watchbound.stack.demo_summary import faults

_SEED = 20
_DEFAULT_SECONDS = 60.0


def demo(
    cameras: Annotated[int, typer.Option(min=1, max=64, help="Synthetic cameras; not used with --video.")] = 4,
    seconds: Annotated[
        float | None,
        typer.Option(min=15, help="Length of the synthetic footage [60], or when to stop a --video [its end]."),
    ] = None,
    video: Annotated[list[Path] | None, typer.Option(help="Your own footage instead; repeat for more cameras.")] = None,
    watchlist: Annotated[
        Path | None,
        typer.Option(help="Your own people: an image each, or a folder each, named after them."),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Matching workers.")] = 1,
    seed: Annotated[int, typer.Option(help="Which walk-bys are rendered.")] = _SEED,
    json_out: Annotated[Path | None, typer.Option("--json", help="Write the summary here as JSON.")] = None,
    papers: Annotated[
        Path | None, typer.Option(help="Keep record, deletion receipt and the audit log's verdict in this folder.")
    ] = None,
) -> None:
    """Show the main job on an embedded broker, vector store and cluster; nothing outlives it.

    Synthetic people walk past synthetic cameras; five of them are enrolled, four of those pass. The deployment is
    signed for, and closed as a real one is: with its record, a purge and its receipt, and the audit log verified. Ends
    with code 1 if somebody was missed, if there was a false alert, if a frame is unaccounted for, or if anything of
    that closing is not well.

    Frames add up when published = processed + shed + refused + dead_lettered + in_flight, as the keys of --json say.

    With --watchlist, a file is an entry named after it, and a folder is an entry with all images in it. The reference
    is the name without accents and with hyphens for spaces (Anna Müller.jpg is Anna-Muller), 1 to 64 of A-Z a-z 0-9 .
    _ -; other names, and names that become the same, are refused.

    Examples:
      watchbound demo --cameras 8 --seconds 30 --json out.json
      watchbound demo --video entrance.mp4 --watchlist people/
      watchbound demo --papers papers/
    """
    configure_logs("demo", load(LogSettings, level="warning"))
    if watchlist is not None and not video:
        msg = "--watchlist: expected --video FILE with it; synthetic footage shows synthetic people only"
        raise ConfigurationError(msg)
    if json_out is not None and not json_out.parent.is_dir():
        msg = f"--json: expected a file in a folder that exists, got {json_out}"
        raise ConfigurationError(msg)
    screen = DemoScreen()
    models = load(ModelSettings)
    with screen.step("preparing the default model pack"):
        prepare_default(models.cache.expanduser())
    with tempfile.TemporaryDirectory(prefix="watchbound-demo-") as scratch:
        folder = Path(scratch)
        plan = partial(_plan, cameras, seconds, video or [], watchlist, seed, models.cache.expanduser().parent, screen)
        summary = run_demo(plan, DemoOptions(workers, models.cache.expanduser(), papers), folder, screen)
    if json_out is not None:
        json_out.write_text(json.dumps(summary, indent=2) + "\n")
    screen.summary(summary)
    wrong = faults(summary)
    for fault in wrong:
        screen.note(fault)
    if wrong:
        raise typer.Exit(1)


def _plan(
    cameras: int,
    seconds: float | None,
    videos: list[Path],
    watchlist: Path | None,
    seed: int,
    cache: Path,
    screen: DemoScreen,
    folder: Path,
) -> DemoPlan:
    if videos:
        return video_plan(videos, watchlist or write_demo_watchlist(folder), seconds)
    length = seconds or _DEFAULT_SECONDS
    with screen.step(f"rendering {cameras} synthetic site(s) of {length:.0f} s"):
        return synthetic_plan(
            cameras, length, seed, cache / "sites", folder, lambda done, total: screen.note(f"{done} of {total}")
        )
