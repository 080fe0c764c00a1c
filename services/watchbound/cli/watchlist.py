"""`watchbound watchlist`: who a deployment looks for."""

from __future__ import annotations

import json
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from watchbound.adapters.logs import configure_logs
from watchbound.domain.errors import ConfigurationError
from watchbound.domain.watchlist import Category, EnrolledImage, ResponseLevel
from watchbound.governance.enrol import DUPLICATE_SIMILARITY, ImageDone
from watchbound.governance.enrolment_report import REMEDIES, EnrolmentReport, ImageReport
from watchbound.governance.main import Governance
from watchbound.governance.submissions import Defaults, Line, read_submissions
from watchbound.settings import (
    AuditSettings,
    AuthoritySettings,
    KafkaSettings,
    LogSettings,
    MilvusSettings,
    ModelSettings,
    load,
)

app = typer.Typer(help="Put people on a watchlist, and take them off.", no_args_is_help=True, rich_markup_mode=None)

AuthorisationId = Annotated[str, typer.Option("--authorisation", metavar="ID", help="Whose watchlist.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Bootstrap = Annotated[str | None, typer.Option(help="Kafka, host:port.")]
MilvusUri = Annotated[str | None, typer.Option(help="Milvus, such as http://127.0.0.1:19530.")]


@app.command()
def enrol(
    source: Annotated[Path, typer.Argument(metavar="DIR_OR_CSV", help="A folder of images, or a CSV.")],
    authorisation: AuthorisationId,
    category: Annotated[
        Category, typer.Option(help="Why, where a row does not say: a closed list.")
    ] = Category.SEEDED_VOLUNTEER,
    response_level: Annotated[
        ResponseLevel, typer.Option(help="What an alert asks for, where a row does not say.")
    ] = ResponseLevel.GREEN,
    duplicate_at: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Similarity from which two references are taken for one person.")
    ] = DUPLICATE_SIMILARITY,
    report: Annotated[Path | None, typer.Option(help="Write the report to this file, as JSON.")] = None,
    as_json: AsJson = False,
    bootstrap: Bootstrap = None,
    milvus_uri: MilvusUri = None,
    pack: Annotated[str | None, typer.Option(help="Model pack: a name in the cache, or a folder.")] = None,
    models_cache: Annotated[Path | None, typer.Option(help="Where prepared packs lie.")] = None,
) -> None:
    r"""Enrol images. One that is refused never fails the others, and the report says what to do about it.

    In a folder, a file is an entry named after it, and a sub-folder is an entry with all images in it. A CSV has the
    columns path, reference, category and response_level; the last two may be left empty in a row.

    Ends with 0 when every image is enrolled, 1 when some were refused. Running it again enrols only what is new, and
    mends what an interruption left behind.

    Examples:
      watchbound watchlist enrol people/ --authorisation op-2026-117 \
        --category missing --response-level amber --report report.json
      watchbound watchlist enrol people.csv --authorisation op-2026-117 --json
    """
    lines = read_submissions(source, Defaults(authorisation, category, response_level))
    if report is not None and not report.parent.is_dir():
        msg = f"--report: expected a file in a folder that exists, got {report}"
        raise ConfigurationError(msg)
    milvus = load(MilvusSettings, uri=milvus_uri)
    models = load(ModelSettings, pack=pack, cache=models_cache)
    with _governance(bootstrap) as governance, _progress() as progress:
        done = _watching(progress, lines)
        result = governance.enroller(milvus, models, duplicate_at).enrol(authorisation, lines, done)
    if report is not None:
        report.write_text(_json(result.as_json()) + "\n", encoding="utf-8")
    if as_json:
        typer.echo(_json(result.as_json()))
    else:
        _tell(result)
    raise typer.Exit(0 if result.complete else 1)


@app.command("list")
def list_entries(
    authorisation: AuthorisationId,
    as_json: AsJson = False,
    bootstrap: Bootstrap = None,
    milvus_uri: MilvusUri = None,
) -> None:
    """Show the entries of a watchlist. References only: neither images nor templates leave the gallery.

    Examples:
      watchbound watchlist list --authorisation op-2026-117
    """
    with _governance(bootstrap) as governance:
        images = governance.enrolled(load(MilvusSettings, uri=milvus_uri), authorisation)
    entries = [_entry(list(of_entry)) for _, of_entry in groupby(images, key=lambda image: image.entry.reference)]
    if as_json:
        typer.echo(_json({"authorisation": authorisation, "entries": entries}))
        return
    for entry in entries:
        typer.echo("  ".join(str(entry[name]) for name in ("reference", "category", "response_level", "images")))
    typer.echo(f"{len(entries)} entries, {len(images)} images under {authorisation}")


@app.command()
def remove(
    reference: Annotated[str, typer.Argument(help="The entry's reference.")],
    authorisation: AuthorisationId,
    as_json: AsJson = False,
    bootstrap: Bootstrap = None,
    milvus_uri: MilvusUri = None,
) -> None:
    """Take an entry off a watchlist with all its images. Every worker stops matching it within a second.

    Possible under an authorisation that has ended, too: keeping less is always allowed.

    Examples:
      watchbound watchlist remove REF-0042 --authorisation op-2026-117
    """
    with _governance(bootstrap) as governance:
        images = governance.remover(load(MilvusSettings, uri=milvus_uri)).remove(authorisation, reference)
    if as_json:
        typer.echo(_json({"authorisation": authorisation, "reference": reference, "images": images}))
    else:
        typer.echo(f"removed {reference} with {images} image(s) from {authorisation}")


def _governance(bootstrap: str | None) -> Governance:
    configure_logs("governance", load(LogSettings))
    return Governance(load(KafkaSettings, bootstrap=bootstrap), load(AuthoritySettings), load(AuditSettings))


def _progress() -> Progress:
    return Progress(
        TextColumn("enrolling"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[refused]} refused"),
        console=Console(stderr=True),
        transient=True,
    )


def _watching(progress: Progress, lines: list[Line]) -> ImageDone:
    task = progress.add_task("enrolling", total=len(lines), refused=0)
    refused = 0

    def done(image: ImageReport) -> None:
        nonlocal refused
        refused += not image.outcome.enrolled
        progress.update(task, advance=1, refused=refused)

    return done


def _tell(result: EnrolmentReport) -> None:
    for image in result.images:
        if not image.outcome.enrolled:
            typer.echo(f"{image.path}: {image.outcome.value} ({image.detail}); {REMEDIES[image.outcome]}")
    counts = ", ".join(f"{count} {outcome}" for outcome, count in result.counts().items())
    typer.echo(f"{len(result.images)} images for {result.authorisation_id}: {counts}")


def _entry(images: list[EnrolledImage]) -> dict[str, Any]:
    entry = images[0].entry
    return {
        "reference": entry.reference,
        "category": entry.category.value,
        "response_level": entry.response_level.value,
        "images": len(images),
    }


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
