"""What `evaluate` and `calibrate` share: options, labelled footage, and a replay with its progress shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from watchbound.domain.errors import ConfigurationError
from watchbound.evaluation.labelled import LabelledPicture, read_pictures
from watchbound.evaluation.reading import Failure
from watchbound.evaluation.sightings import CameraRun
from watchbound.extraction.model_pack import ModelPack, find_pack
from watchbound.settings import MatchingSettings, ModelSettings, load
from watchbound.stack.evaluation import enrol, frames_to_play, open_eyes, portraits, replay
from watchbound.stack.footage import LabelledFootage
from watchbound.stack.footage_replay import FootagePolicy


@dataclass(frozen=True, slots=True, eq=False)
class Replayed:
    """Footage that was replayed before a list."""

    pack: ModelPack
    runs: Sequence[CameraRun]
    references: tuple[str, ...]
    refused: tuple[Failure, ...]
    tried: int


def listed_pictures(watchlist: Path | None, people: str | None) -> tuple[LabelledPicture, ...]:
    """Who is to be on the list.

    Raises:
        ConfigurationError: neither or both were given.
    """
    if (watchlist is None) == (people is None):
        msg = "expected either --watchlist with pictures of people, or --people with names of synthetic ones"
        raise ConfigurationError(msg)
    return read_pictures(watchlist) if watchlist is not None else portraits(people or "")


def replayed(
    footage: Sequence[LabelledFootage],
    pictures: Sequence[LabelledPicture],
    policy: FootagePolicy,
    pack: str | None,
    models_cache: Path | None,
) -> Replayed:
    """Replay footage before the people on these pictures."""
    models, matching = load(ModelSettings, pack=pack, cache=models_cache), load(MatchingSettings)
    found = find_pack(models)
    eyes = open_eyes(found, models, matching)
    entries, refused = enrol(eyes, pictures)
    with progress() as bar:
        task = bar.add_task("replaying frames", total=frames_to_play(footage, policy.fps))
        paced = replace(policy, search_every=timedelta(seconds=matching.search_every_s))
        runs = replay(eyes, entries, footage, paced, lambda: bar.advance(task))
    references = tuple(sorted({image.entry.reference for image in entries}))
    return Replayed(found, runs, references, tuple(refused), len(pictures))


def progress() -> Progress:
    """A bar on standard error that is gone when it is done."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)
