"""`watchbound alerts`: alerts in the terminal."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from watchbound.adapters import codecs
from watchbound.adapters.audit_log import open_audit_log
from watchbound.adapters.clock import SystemClock
from watchbound.adapters.kafka_log import KafkaTopicReader
from watchbound.adapters.keyring import open_key_ring
from watchbound.adapters.logs import configure_logs
from watchbound.adapters.private_files import write_private
from watchbound.adapters.trust_list import FileTrustList
from watchbound.alerting.adjudicate import read_docket
from watchbound.cli.past_authority import require_kept
from watchbound.client import AlertConsumer
from watchbound.domain.adjudication import Adjudication, Standing
from watchbound.domain.alert import Alert
from watchbound.domain.errors import Unavailable
from watchbound.domain.watchlist import ResponseLevel
from watchbound.pipeline.audit import AuditTrail
from watchbound.pipeline.topics import ALERTS, DECISIONS
from watchbound.pipeline.views import CropViews
from watchbound.settings import AuditSettings, KafkaSettings, KeySettings, LogSettings, TrustSettings, load

app = typer.Typer(help="See alerts.", no_args_is_help=True, rich_markup_mode=None)

_COLOURS = {ResponseLevel.RED: "bold red", ResponseLevel.AMBER: "yellow", ResponseLevel.GREEN: "green"}
_STANDINGS = {
    Standing.UNDECIDED: "undecided",
    Standing.AWAITING_SECOND: "awaiting a second reviewer",
    Standing.CONFIRMED: "confirmed",
    Standing.REJECTED: "rejected",
    Standing.LOOKALIKE: "a lookalike",
    Standing.DISAGREED: "the reviewers disagree",
}
_SHORT_ID = 12
_READ_S = 60.0


@app.callback()
def group() -> None:
    """See alerts."""


@app.command()
def tail(
    authorisation: Annotated[str | None, typer.Option(help="Only alerts of this authorisation.")] = None,
    from_beginning: Annotated[bool, typer.Option(help="Begin with the oldest alert that is kept.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Stop after so many events.")] = None,
    timeout: Annotated[float | None, typer.Option(min=1, help="Stop after so many seconds without an event.")] = None,
    bootstrap: Annotated[str | None, typer.Option(help="Kafka, host:port.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Print alerts as they are raised, updated, expired and adjudicated, until Ctrl-C.

    Examples:
      watchbound alerts tail
      watchbound alerts tail --from-beginning --json --timeout 10
      watchbound alerts tail --authorisation station-2026
    """
    configure_logs("alerts", load(LogSettings, level="error"))
    told = Console(stderr=True)
    screen = Console(soft_wrap=True, highlight=False)
    start = "earliest" if from_beginning else "latest"
    with AlertConsumer(bootstrap, None, authorisation, timeout, start) as consumer:  # type: ignore[arg-type]
        if not consumer.join():
            msg = "the broker gave no partition of the alerts topic to read within 30 s; see that it is healthy"
            raise Unavailable(msg)
        told.print("waiting for alerts; Ctrl-C ends")
        for number, alert in enumerate(consumer, start=1):
            if as_json:
                sys.stdout.write(json.dumps(alert_document(alert)) + "\n")
                sys.stdout.flush()
            else:
                screen.print(alert_line(alert))
            if number == limit:
                return


@app.command()
def crop(
    alert: Annotated[str, typer.Argument(help="The alert's id, or at least 6 characters of its beginning.")],
    out: Annotated[Path, typer.Option(help="Where the JPEG goes; readable by this user only.")],
    actor: Annotated[str, typer.Option(help="Who looks.")],
    reason: Annotated[str, typer.Option(help="Why; both go to the audit log before anything is opened.")],
    key_ring: Annotated[Path | None, typer.Option(help="The key ring's folder.")] = None,
    master_key: Annotated[Path | None, typer.Option(help="The file that holds the master key.")] = None,
    bootstrap: Annotated[str | None, typer.Option(help="Kafka, host:port.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was written as JSON.")] = False,
) -> None:
    r"""Open the crop behind an alert: a view of biometrics, put down in the audit log first.

    Nothing is opened under an authorisation that is unknown or purged, or by a clock that is far from the broker's.

    Delete the file when it has served: whatever destroys the key cannot reach a copy.

    Examples:
      watchbound alerts crop 3fa4c1 --out crop.jpg --actor officer-12 \
        --reason "to decide about the alert"
    """
    configure_logs("alerts", load(LogSettings, level="error"))
    ring = open_key_ring(load(KeySettings, folder=key_ring, master_key=master_key))
    audit = AuditTrail(open_audit_log(load(AuditSettings)), SystemClock())
    kafka = load(KafkaSettings, bootstrap=bootstrap)
    reader = KafkaTopicReader(kafka, [ALERTS.name, DECISIONS.name], "crop")
    try:
        found = read_docket(reader, codecs.ALERT, codecs.DECISION, alert.lower(), _READ_S).the_alert()
    finally:
        reader.close()
    require_kept(kafka, FileTrustList(load(TrustSettings).list), found.entry.authorisation_id, "crop")
    write_private(out, CropViews(ring, audit).show(found.best, actor, reason))
    if as_json:
        typer.echo(json.dumps({"alert_id": found.id, "match_id": found.best.id, "file": str(out)}))
    else:
        typer.echo(f"wrote the crop of alert {found.id[:_SHORT_ID]} to {out}; delete it when it has served")


def alert_line(alert: Alert) -> Text:
    """One event for people, coloured by what it asks of them."""
    entry, best = alert.entry, alert.best
    line = Text(f"{alert.emitted_at.astimezone():%H:%M:%S} {alert.event.name:<11} ")
    line.append(f"{entry.response_level.value:<5}", style=_COLOURS[entry.response_level])
    line.append(f" {entry.reference} ({entry.category.value})")
    line.append(f" at {', '.join(alert.cameras)}, {alert.margin:+.2f} over {best.threshold:.2f}")
    line.append(f", {alert.first_seen.astimezone():%H:%M:%S} to {alert.last_seen.astimezone():%H:%M:%S}")
    if alert.adjudication is not None and alert.adjudication.words:
        line.append(f", {adjudication_words(alert.adjudication)}")
    line.append(f"  {alert.id[:_SHORT_ID]}", style="dim")
    return line


def adjudication_words(adjudication: Adjudication) -> str:
    """Where an alert stands between its reviewers, and who said what: `awaiting a second reviewer (a: confirm)`."""
    said = ", ".join(f"{word.reviewer}: {word.verdict.value}" for word in adjudication.words)
    return f"{_STANDINGS[adjudication.standing]} ({said})" if said else _STANDINGS[adjudication.standing]


def adjudication_document(adjudication: Adjudication) -> dict[str, Any]:
    """The same for machines."""
    return {
        "standing": adjudication.standing.value,
        "two_person": adjudication.two_person,
        "words": [
            {"reviewer": word.reviewer, "verdict": word.verdict.value, "spoken_at": word.spoken_at.isoformat()}
            for word in adjudication.words
        ],
    }


def alert_document(alert: Alert) -> dict[str, Any]:
    """Everything of one event but the crop, for machines; times are ISO 8601 with their zone."""
    entry, best = alert.entry, alert.best
    return {
        "alert_id": alert.id,
        "event": alert.event.value,
        "revision": alert.revision,
        "authorisation": entry.authorisation_id,
        "entry": entry.reference,
        "category": entry.category.value,
        "response_level": entry.response_level.value,
        "score": round(best.score, 6),
        "threshold": best.threshold,
        "margin": round(alert.margin, 6),
        "camera": best.camera_id,
        "cameras": list(alert.cameras),
        "opened_by": alert.opened_by.isoformat(),
        "first_seen": alert.first_seen.isoformat(),
        "last_seen": alert.last_seen.isoformat(),
        "matches": alert.matches,
        "shots": best.shots,
        "frame_id": best.frame_id,
        "track_id": best.track_id,
        "box": [best.box.x, best.box.y, best.box.width, best.box.height],
        "crop_bytes": len(best.crop),
        "model_digest": best.model_digest,
        "emitted_at": alert.emitted_at.isoformat(),
        "adjudication": None if alert.adjudication is None else adjudication_document(alert.adjudication),
    }
