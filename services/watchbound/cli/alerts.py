"""`watchbound alerts`: alerts in the terminal."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from watchbound.adapters.logs import configure_logs
from watchbound.client import AlertConsumer
from watchbound.domain.alert import Alert
from watchbound.domain.errors import Unavailable
from watchbound.domain.watchlist import ResponseLevel
from watchbound.settings import LogSettings, load

app = typer.Typer(help="See alerts.", no_args_is_help=True, rich_markup_mode=None)

_COLOURS = {ResponseLevel.RED: "bold red", ResponseLevel.AMBER: "yellow", ResponseLevel.GREEN: "green"}
_SHORT_ID = 12


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
    """Print alerts as they are raised, updated and expired, until Ctrl-C.

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


def alert_line(alert: Alert) -> Text:
    """One event for people, coloured by what it asks of them."""
    entry, best = alert.entry, alert.best
    line = Text(f"{alert.emitted_at.astimezone():%H:%M:%S} {alert.event.name:<7} ")
    line.append(f"{entry.response_level.value:<5}", style=_COLOURS[entry.response_level])
    line.append(f" {entry.reference} ({entry.category.value})")
    line.append(f" at {', '.join(alert.cameras)}, {alert.margin:+.2f} over {best.threshold:.2f}")
    line.append(f", {alert.first_seen.astimezone():%H:%M:%S} to {alert.last_seen.astimezone():%H:%M:%S}")
    line.append(f"  {alert.id[:_SHORT_ID]}", style="dim")
    return line


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
    }
