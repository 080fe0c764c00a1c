"""`watchbound watchlist`: who a deployment looks for."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from watchbound.adapters.clock import SystemClock
from watchbound.adapters.keyring import open_key_ring
from watchbound.adapters.logs import configure_logs
from watchbound.adapters.picture_folder import open_picture_store
from watchbound.adapters.signers import open_signer
from watchbound.adapters.trust_list import FileTrustList
from watchbound.domain.entry_papers import EntryPapers
from watchbound.domain.errors import ConfigurationError
from watchbound.domain.moment import require_aware
from watchbound.domain.watchlist import Category, ResponseLevel, WatchlistEntry
from watchbound.governance.authorise import require_known
from watchbound.governance.enrol import DUPLICATE_SIMILARITY, ImageDone
from watchbound.governance.enrolment_report import REMEDIES, EnrolmentReport, ImageReport
from watchbound.governance.main import Governance
from watchbound.governance.roll_call import stays
from watchbound.governance.stated_papers import PAPER_COLUMNS, read_paper_defaults
from watchbound.governance.submissions import Defaults, Line, read_submissions
from watchbound.ports import KeyRing, PictureStore
from watchbound.settings import (
    AuditSettings,
    AuthoritySettings,
    ClockSettings,
    KafkaSettings,
    KeySettings,
    LogSettings,
    MilvusSettings,
    ModelSettings,
    PictureSettings,
    TrustSettings,
    load,
)

app = typer.Typer(help="Put people on a watchlist, and take them off.", no_args_is_help=True, rich_markup_mode=None)

AuthorisationId = Annotated[str, typer.Option("--authorisation", metavar="ID", help="Whose watchlist.")]
OfficerKey = Annotated[Path, typer.Option("--key", metavar="FILE", help="The signing key of a watchlist officer.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Bootstrap = Annotated[str | None, typer.Option(help="Kafka, host:port.")]
MilvusUri = Annotated[str | None, typer.Option(help="Milvus, such as http://127.0.0.1:19530.")]

By = Annotated[str | None, typer.Option(help="Who looks; the system's account unless given.")]


@app.command()
def enrol(
    source: Annotated[Path, typer.Argument(metavar="DIR_OR_CSV", help="A folder of images, or a CSV.")],
    authorisation: AuthorisationId,
    key: OfficerKey,
    category: Annotated[
        Category, typer.Option(help="Why, where a row does not say: a closed list.")
    ] = Category.SEEDED_VOLUNTEER,
    response_level: Annotated[
        ResponseLevel, typer.Option(help="What an alert asks for, where a row does not say.")
    ] = ResponseLevel.GREEN,
    papers: Annotated[
        Path | None, typer.Option(help="YAML with the papers of entries that do not state their own.")
    ] = None,
    stated: Annotated[
        list[str] | None,
        typer.Option("--paper", metavar="NAME=TEXT", help="One paper of the same, such as expires=2026-11-30T18:00Z."),
    ] = None,
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
    r"""Propose entries. Nobody matches before another officer approves; see `watchbound watchlist approve`.

    In a folder, a file is an entry named after it, and a sub-folder is an entry with all images in it; accents are
    dropped and spaces become hyphens. A CSV has the columns path, reference, category and response_level; the last two
    may be left empty in a row. Each entry needs its papers: source, lawful_holding, image_date, expires, and under_18
    with under_18_reason where it applies, as columns of the CSV, in the file of --papers, or with --paper.

    An image that is refused never fails the others, and the report says what to do about it. Ends with 0 when every
    image is taken, 1 when some were refused. Running it again proposes only what is new.

    Examples:
      watchbound watchlist enrol people/ --authorisation op-2026-117 --key officer.pem \
        --category missing --response-level amber --papers papers.yaml --report report.json
      watchbound watchlist enrol people.csv --authorisation op-2026-117 --key officer.pem --json
    """
    if report is not None and not report.parent.is_dir():
        msg = f"--report: expected a file in a folder that exists, got {report}"
        raise ConfigurationError(msg)
    defaults = (read_paper_defaults(papers) if papers is not None else {}) | _papers_stated(stated or [])
    signer = open_signer(key)
    milvus = load(MilvusSettings, uri=milvus_uri)
    models = load(ModelSettings, pack=pack, cache=models_cache)
    holder = FileTrustList(load(TrustSettings).list).holder(signer.key_id)
    added_at = SystemClock().now()
    lines = read_submissions(source, Defaults(authorisation, category, response_level, defaults, holder, added_at))
    with _changing(bootstrap) as governance:
        enroller = governance.enroller(milvus, models, signer, duplicate_at)
        with _progress() as progress:
            result = enroller.enrol(authorisation, lines, _watching(progress, lines))
    if report is not None:
        report.write_text(_json(result.as_json()) + "\n", encoding="utf-8")
    if as_json:
        typer.echo(_json(result.as_json()))
    else:
        _tell(result)
    raise typer.Exit(0 if result.complete else 1)


@app.command()
def pending(
    authorisation: AuthorisationId, by: By = None, as_json: AsJson = False, bootstrap: Bootstrap = None
) -> None:
    """Show what waits for a second officer. References and papers only. Looking is an act, and is recorded.

    Examples:
      watchbound watchlist pending --authorisation op-2026-117
    """
    with _changing(bootstrap) as governance:
        waiting = [_entry(p.entry, p.papers, len(p.images)) for p in governance.pending.of(authorisation)]
        governance.record_reading(authorisation, by, "who waits for approval")
    _show(authorisation, waiting, "wait for approval", as_json)


@app.command()
def approve(
    authorisation: AuthorisationId,
    key: OfficerKey,
    entry: Annotated[list[str] | None, typer.Option("--entry", metavar="REF", help="Approve this entry.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Approve all that waits.")] = False,
    as_json: AsJson = False,
    bootstrap: Bootstrap = None,
    milvus_uri: MilvusUri = None,
) -> None:
    """Make proposed entries searchable, with the key of another officer than the one who proposed them.

    Every worker matches them within a second.

    Examples:
      watchbound watchlist approve --authorisation op-2026-117 --key second-officer.pem --all
      watchbound watchlist approve --authorisation op-2026-117 --key second-officer.pem --entry REF-0042
    """
    if everything == bool(entry):
        msg = "expected either --entry REF, once or more, or --all"
        raise ConfigurationError(msg)
    signer = open_signer(key)
    with _changing(bootstrap) as governance:
        approver = governance.approver(load(MilvusSettings, uri=milvus_uri))
        approved = approver.approve(authorisation, None if everything else entry, signer)
    _show(authorisation, [_entry(a.entry, a.papers, len(a.images)) for a in approved], "approved", as_json)


@app.command()
def reject(
    references: Annotated[list[str], typer.Argument(metavar="REF...", help="What waits under these references.")],
    authorisation: AuthorisationId,
    key: OfficerKey,
    reason: Annotated[str, typer.Option(help="Why.")],
    as_json: AsJson = False,
    bootstrap: Bootstrap = None,
    milvus_uri: MilvusUri = None,
) -> None:
    """Say no to proposed entries.

    Examples:
      watchbound watchlist reject REF-0042 --authorisation op-2026-117 --key officer.pem --reason "wrong person"
    """
    signer = open_signer(key)
    with _changing(bootstrap) as governance:
        governance.approver(load(MilvusSettings, uri=milvus_uri)).reject(authorisation, references, signer, reason)
    if as_json:
        typer.echo(_json({"authorisation": authorisation, "rejected": references}))
    else:
        typer.echo(f"rejected {', '.join(references)} under {authorisation}")


@app.command("list")
def list_entries(
    authorisation: AuthorisationId, by: By = None, as_json: AsJson = False, bootstrap: Bootstrap = None
) -> None:
    """Show who is listed now: approved by two officers, and not expired. References and papers only.

    Looking is an act, and is recorded.

    Examples:
      watchbound watchlist list --authorisation op-2026-117
    """
    with _governance(bootstrap) as governance:
        listed = [_entry(one.entry, one.papers, len(one.image_ids)) for one in governance.listed(authorisation)]
        governance.record_reading(authorisation, by, "who is listed")
    _show(authorisation, listed, "listed", as_json)


@app.command()
def remove(
    reference: Annotated[str, typer.Argument(help="The entry's reference.")],
    authorisation: AuthorisationId,
    by: Annotated[str, typer.Option(help="Who removes it.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    as_json: AsJson = False,
    bootstrap: Bootstrap = None,
    milvus_uri: MilvusUri = None,
) -> None:
    r"""Take an entry off a watchlist with all its images. Every worker stops matching it within a second.

    It takes one person, and is possible under an authorisation that has ended, too: keeping less is always allowed.

    Examples:
      watchbound watchlist remove REF-0042 --authorisation op-2026-117 \
        --by j.okafor --reason "arrested on 22 November"
    """
    with _changing(bootstrap) as governance:
        remover = governance.remover(load(MilvusSettings, uri=milvus_uri))
        images = remover.remove(authorisation, reference, by, reason)
    if as_json:
        typer.echo(_json({"authorisation": authorisation, "reference": reference, "images": images}))
    else:
        typer.echo(f"removed {reference} with {images} image(s) from {authorisation}")


@app.command()
def review(
    authorisation: AuthorisationId,
    key: OfficerKey,
    as_json: AsJson = False,
    bootstrap: Bootstrap = None,
    milvus_uri: MilvusUri = None,
) -> None:
    """Look at a whole list before a deployment, and have it recorded that you did: who, when, and which list.

    Shows its size and categories, those who expire before the authorisation ends, those under 18, and every pair of
    entries that resembles: from the authorised threshold on one would raise the other's alert (`lookalike`), and from
    the duplicate bound on two references are taken for one person (`duplicate`).

    A review lasts 24 hours, and ends when the list changes.

    Examples:
      watchbound watchlist review --authorisation op-2026-117 --key officer.pem
    """
    signer = open_signer(key)
    with _governance(bootstrap) as governance:
        known = require_known(governance.view, authorisation)
        listed = governance.listed(authorisation)
        pairs = governance.likenesses(load(MilvusSettings, uri=milvus_uri), known)
        recorded = governance.reviewer().record(authorisation, listed, signer)
    shown: dict[str, Any] = {
        "authorisation": authorisation,
        "reviewed_by": recorded.reviewed_by,
        "reviewed_at": recorded.reviewed_at.isoformat(),
        "size": recorded.size,
        "digest": recorded.digest,
        "categories": dict(sorted(Counter(one.entry.category.value for one in listed).items())),
        "expire_before_the_end": [o.entry.reference for o in listed if o.papers.expires_at < known.window.end],
        "under_18": {o.entry.reference: o.papers.under_18_reason for o in listed if o.papers.under_18},
        "lookalike_from": known.threshold,
        "duplicate_from": DUPLICATE_SIMILARITY,
        "alike": [
            {
                "one": pair.one,
                "other": pair.other,
                "similarity": round(pair.similarity, 3),
                "kind": "duplicate" if pair.duplicate else "lookalike",
            }
            for pair in pairs
        ],
    }
    if as_json:
        typer.echo(_json(shown))
        return
    for pair in pairs:
        kind = "duplicate" if pair.duplicate else "lookalike"
        typer.echo(f"{kind}: {pair.one} and {pair.other}, similarity {pair.similarity:.3f}")
    for reference, why in shown["under_18"].items():
        typer.echo(f"under 18: {reference}, {why}")
    for reference in shown["expire_before_the_end"]:
        typer.echo(f"expires before the authorisation ends: {reference}")
    if not recorded.size:
        typer.echo("nobody is listed; those who wait for a second officer are not: see `watchbound watchlist pending`")
    counts = ", ".join(f"{count} {category}" for category, count in shown["categories"].items())
    typer.echo(
        f"{recorded.size} entries ({counts or 'none'}) reviewed by {recorded.reviewed_by}; digest {recorded.digest}"
    )


@app.command()
def roll(
    authorisation: AuthorisationId,
    at: Annotated[
        str | None, typer.Option(help="Only who was listed at this moment, such as 2026-11-23T12:00Z.")
    ] = None,
    by: By = None,
    as_json: AsJson = False,
    bootstrap: Bootstrap = None,
) -> None:
    """Tell who was on a list when: reference, category and dates, no biometrics. Answerable after the purge, too.

    Looking is an act, and is recorded.

    Examples:
      watchbound watchlist roll --authorisation op-2026-117 --at 2026-11-23T12:00Z
    """
    moment = None if at is None else _moment("--at", at)
    with _governance(bootstrap) as governance:
        found = [s for s in stays(governance.events(), authorisation) if moment is None or s.covers(moment)]
        governance.record_reading(authorisation, by, "who was listed" if at is None else f"who was listed at {at}")
    if as_json:
        typer.echo(_json({"authorisation": authorisation, "at": at, "entries": [stay.as_json() for stay in found]}))
        return
    for stay in found:
        typer.echo(f"{stay.reference}  {stay.category}  {stay.since} to {stay.until} ({stay.ended_by})")
    typer.echo(f"{len(found)} stays under {authorisation}")


def _moment(flag: str, text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        require_aware(moment, flag)
    except ValueError as error:
        msg = f"{flag}: expected a moment with its zone, such as 2026-11-23T12:00Z, got {text!r}"
        raise ConfigurationError(msg) from error
    return moment


def _governance(bootstrap: str | None, ring: KeyRing | None = None, pictures: PictureStore | None = None) -> Governance:
    configure_logs("governance", load(LogSettings))
    return Governance(
        load(KafkaSettings, bootstrap=bootstrap),
        load(AuthoritySettings),
        load(ClockSettings),
        load(AuditSettings),
        load(TrustSettings),
        ring,
        pictures,
    )


def _changing(bootstrap: str | None) -> Governance:
    """For acts that handle templates and pictures."""
    return _governance(bootstrap, open_key_ring(load(KeySettings)), open_picture_store(load(PictureSettings)))


def _papers_stated(stated: list[str]) -> dict[str, str]:
    papers = {}
    for pair in stated:
        name, _, text = pair.partition("=")
        if name not in PAPER_COLUMNS:
            msg = f"--paper: expected NAME=TEXT with a NAME of {', '.join(PAPER_COLUMNS)}, got {pair[:80]!r}"
            raise ConfigurationError(msg)
        papers[name] = text
    return papers


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
        for rating in image.weak:
            typer.echo(f"{image.path}: {rating.component.value} {rating.value} of 100; {rating.remedy}")
    counts = ", ".join(f"{count} {outcome}" for outcome, count in result.counts().items())
    typer.echo(f"{len(result.images)} images for {result.authorisation_id}: {counts}")


def _entry(entry: WatchlistEntry, papers: EntryPapers, images: int) -> dict[str, Any]:
    return {
        "reference": entry.reference,
        "category": entry.category.value,
        "response_level": entry.response_level.value,
        "images": images,
        "source": papers.source,
        "lawful_holding": papers.lawful_holding,
        "image_date": papers.image_date.isoformat(),
        "expires_at": papers.expires_at.isoformat(),
        "under_18": papers.under_18,
        "under_18_reason": papers.under_18_reason,
        "added_by": papers.added_by,
        "approved_by": papers.approved_by,
    }


def _show(authorisation: str, entries: list[dict[str, Any]], what: str, as_json: bool) -> None:
    if as_json:
        typer.echo(_json({"authorisation": authorisation, "entries": entries}))
        return
    columns = ("reference", "category", "response_level", "images", "expires_at", "added_by", "approved_by")
    for entry in entries:
        minor = "  under 18: " + entry["under_18_reason"] if entry["under_18"] else ""
        typer.echo("  ".join(str(entry[name]) for name in columns) + minor)
    typer.echo(f"{len(entries)} entries {what} under {authorisation}")


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
