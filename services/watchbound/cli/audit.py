"""`watchbound audit`: what was done, by whom, and the proof that nobody changed the record of it."""

from __future__ import annotations

import getpass
import json
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from watchbound.adapters.audit_keeping import believed_keys, open_keeper
from watchbound.adapters.audit_log import AuditQuery, SqlAuditLog, find_audit_log, open_audit_log
from watchbound.adapters.audit_proofs import prove_consistency, prove_inclusion
from watchbound.adapters.checkpoint_folder import read_checkpoints
from watchbound.adapters.clock import SystemClock
from watchbound.adapters.kafka_log import KafkaRecordProducer
from watchbound.adapters.kafka_topics import ensure_topics
from watchbound.adapters.logs import configure_logs
from watchbound.adapters.signing import signature_holds
from watchbound.domain.errors import ConfigurationError, InvalidValue, UnknownReference
from watchbound.domain.moment import require_aware
from watchbound.pipeline.audit import AuditTrail
from watchbound.pipeline.audit_acts import Act
from watchbound.pipeline.audit_record import AuditRecord
from watchbound.pipeline.audit_verify import CheckpointFinding, Evidence, Verdict, verify
from watchbound.pipeline.checkpoint import SignedCheckpoint, read_note
from watchbound.pipeline.topics import AUDIT
from watchbound.settings import AuditSettings, KafkaSettings, LogSettings, load

app = typer.Typer(help="Read, verify and prove the audit log.", no_args_is_help=True, rich_markup_mode=None)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Bootstrap = Annotated[str | None, typer.Option(help="Kafka, host:port.")]
By = Annotated[str | None, typer.Option(help="Who reads; the system's account unless given.")]

_UNWITNESSED = (
    "nothing outside the database vouches for it: expected a checkpoint that holds in the folder "
    "WATCHBOUND_AUDIT_CHECKPOINTS or in --against, got none; mount the folder or give a copy of it; of a new log "
    "`watchbound audit checkpoint` makes the first, and --without-checkpoints does without"
)


@app.command("verify")
def verify_log(
    against: Annotated[
        list[Path] | None, typer.Option(help="A checkpoint, or a folder of them; may be given several times.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option("--json", help="Write the findings to this file; - prints them.")
    ] = None,
    without_checkpoints: Annotated[
        bool,
        typer.Option(
            "--without-checkpoints",
            help="Do without a checkpoint from outside the database, such as for a log that none was made of yet: "
            "whoever rewrote or cut the whole database stays unseen.",
        ),
    ] = False,
) -> None:
    """Read the whole log and say whether it is as it was written; if not, which event is the first that is not.

    It is held against its own tree, against the checkpoints beside it, and against those in --against (unless given:
    the folder WATCHBOUND_AUDIT_CHECKPOINTS). Ends with 0 only when all of it holds, and at least one checkpoint from
    outside the database with it. Nothing is made: no log is a mistake, code 2.

    Examples:
      watchbound audit verify
      watchbound audit verify --against /mnt/vault/checkpoints --json verdict.json
    """
    settings = _settings()
    keys = believed_keys(settings)
    with closing(find_audit_log(settings)) as log:
        # Before the snapshot is taken: none of them can then be newer than what is read.
        outside = _outside(settings, against)
        found = [*outside, *(_beside(size, note) for size, note in log.checkpoints())]
        evidence = [each for each in found if isinstance(each, Evidence)]
        unreadable = [each for each in found if isinstance(each, CheckpointFinding)]
        with log.snapshot() as snapshot:
            verdict = verify(snapshot, settings.log_id, evidence, keys, signature_holds)
    held = any(
        each.source == found.source and found.problem is None for each in outside for found in verdict.checkpoints
    )
    document = _verdict(verdict, unreadable, None if held or without_checkpoints else _UNWITNESSED)
    if report is not None and str(report) != "-":
        report.write_text(_json(document) + "\n", encoding="utf-8")
    typer.echo(_json(document) if str(report) == "-" else _in_words(document))
    raise typer.Exit(0 if document["ok"] else 1)


@app.command("list")
def list_events(
    first: Annotated[int, typer.Option("--from", min=0, help="The index to begin with.")] = 0,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 100,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Show events in the order in which they were written. Looking is an act, and is recorded.

    Examples:
      watchbound audit list --from 1200 --limit 50
    """
    with closing(open_audit_log(_settings())) as log:
        _record_reading(log, by, f"events from {first}, at most {limit}")
        _show(log.records(first, limit), as_json)


@app.command()
def search(
    actor: Annotated[str | None, typer.Option(help="Who acted.")] = None,
    act: Annotated[str | None, typer.Option(help="What was done; docs/audit.md lists the acts.")] = None,
    authorisation: Annotated[str | None, typer.Option(metavar="ID", help="Under which authority.")] = None,
    object_: Annotated[str | None, typer.Option("--object", help="What it was done to.")] = None,
    since: Annotated[str | None, typer.Option(help="From this time on, ISO 8601 with a zone.")] = None,
    until: Annotated[str | None, typer.Option(help="Before this time.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most; the latest are shown.")] = 100,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Find events. Searching is an act, and is recorded.

    Examples:
      watchbound audit search --act authorisation.cancelled --since 2026-11-01T00:00Z
      watchbound audit search --authorisation op-2026-117 --actor officer-12 --json
    """
    query = AuditQuery(actor, act, authorisation, object_, _moment("--since", since), _moment("--until", until))
    asked = {"actor": actor, "act": act, "authorisation": authorisation, "object": object_, "since": since}
    words = ", ".join(f"{name} {value}" for name, value in {**asked, "until": until}.items() if value) or "everything"
    with closing(open_audit_log(_settings())) as log:
        _record_reading(log, by, words)
        _show(log.search(query, limit), as_json)


@app.command()
def prove(
    index: Annotated[int | None, typer.Argument(min=0, help="The event's index.")] = None,
    old: Annotated[int | None, typer.Option("--from", min=1, help="Size of an older checkpoint.")] = None,
    new: Annotated[
        int | None, typer.Option("--to", min=1, help="Size of a checkpoint; the latest if not given.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write the proof to this file instead of printing it.")] = None,
    by: By = None,
) -> None:
    """Prove that an event is in the log, or that the log only grew between two checkpoints.

    docs/examples/verify_audit.py verifies both with the Python standard library alone. The proof of an event holds the
    event: give it to whoever may read that.

    Examples:
      watchbound audit prove 1234 --out event.json
      watchbound audit prove --from 1200 --to 1600 --out grown.json
    """
    if (index is None) == (old is None):
        msg = "give the INDEX of an event, or --from the size of an older checkpoint"
        raise typer.BadParameter(msg)
    with closing(open_audit_log(_settings())) as log:
        _record_reading(log, by, f"proof of event {index}" if old is None else f"proof that the log grew from {old}")
        later = _checkpoint(log, new)
        with log.snapshot() as snapshot:
            if index is not None:
                proof = prove_inclusion(snapshot, index, later)
            else:
                proof = prove_consistency(snapshot, _checkpoint(log, old), later)
    if out is None:
        typer.echo(_json(proof))
    else:
        out.write_text(_json(proof) + "\n", encoding="utf-8")
        typer.echo(f"wrote {out}: {proof['kind']} against the checkpoint of {later.checkpoint.size} events")


@app.command()
def checkpoint(as_json: AsJson = False, bootstrap: Bootstrap = None) -> None:
    """Publish what the audit topic lacks, and sign for the log as it stands. Services with the key do it by themselves.

    Examples:
      watchbound audit checkpoint
    """
    settings = _settings()
    kafka = load(KafkaSettings, bootstrap=bootstrap)
    ensure_topics(kafka, [AUDIT])
    with closing(open_audit_log(settings)) as log:
        producer = KafkaRecordProducer(kafka, "audit-checkpoint")
        try:
            keeper = open_keeper(settings, log, producer, SystemClock())
            if keeper is None:
                msg = "WATCHBOUND_AUDIT_KEY: expected the log's signing key; `watchbound keys generate` makes one"
                raise ConfigurationError(msg)
            signed = keeper.keep()
        finally:
            producer.close()
    if as_json:
        size = None if signed is None else signed.checkpoint.size
        typer.echo(_json({"made": signed is not None, "size": size, "note": signed and signed.note()}))
    else:
        typer.echo("nothing is new since the last checkpoint" if signed is None else signed.note().rstrip("\n"))


@app.command()
def key(as_json: AsJson = False) -> None:
    """Show the public keys by which checkpoints are believed, for WATCHBOUND_AUDIT_PUBLIC_KEYS and for auditors.

    Examples:
      watchbound audit key
    """
    keys = [str(known) for known in believed_keys(_settings())]
    typer.echo(_json({"public_keys": keys}) if as_json else "\n".join(keys))


def _settings() -> AuditSettings:
    configure_logs("audit", load(LogSettings))
    return load(AuditSettings)


def _record_reading(log: SqlAuditLog, by: str | None, asked: str) -> None:
    AuditTrail(log, SystemClock()).record(by or getpass.getuser(), Act.AUDIT_READ, "", asked, object="audit log")


def _outside(settings: AuditSettings, against: list[Path] | None) -> list[Evidence | CheckpointFinding]:
    """The checkpoints that the database's owner cannot write."""
    own = settings.checkpoints.expanduser()
    # A mount that is away holds no checkpoint: the verdict says so.
    paths = against if against is not None else [own] if own.is_dir() else []
    return [each for path in paths for each in read_checkpoints(path)]


def _beside(size: int, note: str) -> Evidence | CheckpointFinding:
    source = f"database, checkpoint of {size}"
    try:
        return Evidence(source, read_note(note))
    except InvalidValue as error:
        return CheckpointFinding(source, size, f"it cannot be read: {error}")


def _checkpoint(log: SqlAuditLog, size: int | None) -> SignedCheckpoint:
    """The checkpoint of a size, or the latest."""
    known = dict(log.checkpoints())
    if not known:
        msg = "there is no checkpoint yet; `watchbound audit checkpoint` makes one"
        raise UnknownReference(msg)
    wanted = max(known) if size is None else size
    if wanted not in known:
        near = sorted(known, key=lambda other: abs(other - wanted))[:5]
        msg = f"expected the size of a checkpoint, got {wanted}; the nearest are {', '.join(map(str, sorted(near)))}"
        raise UnknownReference(msg)
    return read_note(known[wanted])


def _verdict(verdict: Verdict, unreadable: list[CheckpointFinding], unwitnessed: str | None) -> dict[str, Any]:
    checkpoints = [*unreadable, *verdict.checkpoints]
    fault = verdict.fault
    problems = [f"{found.source}: {found.problem}" for found in unreadable]
    return {
        "ok": verdict.ok and not unreadable and unwitnessed is None,
        "events": verdict.events,
        "first_bad": None if fault is None else fault.first,
        "first_bad_at_most": None if fault is None else fault.last,
        "why": verdict.why or next(iter(problems), unwitnessed),
        "vouched": verdict.vouched,
        "checkpoints": [
            {"source": found.source, "size": found.size, "ok": found.problem is None, "why": found.problem}
            for found in checkpoints
        ],
    }


def _in_words(document: dict[str, Any]) -> str:
    good = sum(found["ok"] for found in document["checkpoints"])
    held = (
        f"{good} of {len(document['checkpoints'])} checkpoints hold; events below {document['vouched']} are signed for"
    )
    if document["ok"]:
        return f"OK: {document['events']} events are as they were written; {held}"
    first, last = document["first_bad"], document["first_bad_at_most"]
    place = "" if first is None else f" The first bad event is {first}" + ("." if first == last else f" to {last}.")
    return f"NOT OK: {document['why']}.{place} {document['events']} events were read; {held}"


def _show(records: list[AuditRecord], as_json: bool) -> None:
    if as_json:
        typer.echo(_json({"events": [_as_json(record) for record in records]}))
        return
    for record in records:
        event = record.event
        facts = "".join(f" {name}={value}" for name, value in event.facts)
        under = f" under {event.authorisation_id}" if event.authorisation_id else ""
        typer.echo(
            f"{record.index}  {event.at.isoformat(timespec='milliseconds')}  {event.actor}  {event.act}  "
            f"{event.object}{under}: {event.reason}{facts}"
        )


def _as_json(record: AuditRecord) -> dict[str, Any]:
    event = record.event
    return {
        "index": record.index,
        "id": event.id,
        "at": event.at.isoformat(),
        "actor": event.actor,
        "act": event.act,
        "authorisation": event.authorisation_id,
        "object": event.object,
        "reason": event.reason,
        "facts": dict(event.facts),
    }


def _moment(flag: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        require_aware(moment, flag)
    except ValueError as error:
        msg = f"{flag}: expected ISO 8601 with a zone, such as 2026-11-23T09:00Z, got {text!r}"
        raise ConfigurationError(msg) from error
    return moment


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
