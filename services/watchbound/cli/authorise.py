"""`watchbound authorise`: grant, show and end the authority under which anything is matched."""

from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from watchbound.adapters.keyring import open_key_ring
from watchbound.adapters.logs import configure_logs
from watchbound.domain.authorisation import Authorisation, LocationType, UseCase
from watchbound.domain.errors import ConfigurationError, InvalidValue
from watchbound.domain.moment import Window, require_aware
from watchbound.governance.authorise import require_fresh, require_known
from watchbound.governance.main import Governance
from watchbound.settings import (
    AuditSettings,
    AuthoritySettings,
    KafkaSettings,
    KeySettings,
    LogSettings,
    TrustSettings,
    load,
)

app = typer.Typer(
    help="Grant, show and end the authority under which anything is matched.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Bootstrap = Annotated[str | None, typer.Option(help="Kafka, host:port.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def create(
    use_case: Annotated[UseCase, typer.Option(help="Who may be looked for: a closed list.")],
    legal_basis: Annotated[str, typer.Option(help="The written authority, in words.")],
    location: Annotated[str, typer.Option(help="The place, in words.")],
    location_type: Annotated[LocationType, typer.Option(help="Where it is done: a closed list.")],
    camera: Annotated[list[str], typer.Option(help="A camera that is covered; repeat for each.")],
    threshold: Annotated[float, typer.Option(help="Least cosine similarity that raises a match, in (0, 1].")],
    officer: Annotated[str, typer.Option(help="Who authorises it.")],
    start: Annotated[
        str | None, typer.Option(help="ISO 8601 with a zone, such as 2026-11-23T09:00Z; now if not given.")
    ] = None,
    end: Annotated[str | None, typer.Option(help="ISO 8601 with a zone; that moment is no longer covered.")] = None,
    hours: Annotated[float | None, typer.Option(help="Instead of --end: so long after the start.")] = None,
    authorisation_id: Annotated[str | None, typer.Option("--id", help="Its id for good; made up if not given.")] = None,
    as_json: AsJson = False,
    bootstrap: Bootstrap = None,
) -> None:
    r"""Grant an authorisation. Nothing is captured or matched outside of what it says.

    A camera serves one authorisation at a time: one that overlaps another on a camera is refused.

    Examples:
      watchbound authorise create --use-case locate-missing \
        --legal-basis "Written authority 2026/117" --location "Central station" \
        --location-type transport-hub --camera gate-1 --camera gate-2 \
        --hours 4 --threshold 0.45 --officer "Supt A. Example"
    """
    window = _window(start, end, hours)
    try:
        authorisation = Authorisation(
            id=authorisation_id or f"{use_case.value}-{window.start:%Y%m%d}-{secrets.token_hex(3)}",
            use_case=use_case,
            legal_basis=legal_basis,
            location=location,
            location_type=location_type,
            cameras=frozenset(camera),
            window=window,
            threshold=threshold,
            officer=officer,
        )
    except InvalidValue as error:
        raise ConfigurationError(str(error)) from error
    ring = open_key_ring(load(KeySettings))
    with _governance(bootstrap) as governance:
        governance.authoriser().create(authorisation, ring)
    if as_json:
        _print_json(_as_json(authorisation))
    else:
        typer.echo(f"granted {authorisation.id}: {_in_words(authorisation)}")


@app.command()
def cancel(
    authorisation_id: Annotated[str, typer.Argument(metavar="ID")],
    by: Annotated[str, typer.Option(help="Who cancels it.")],
    reason: Annotated[str, typer.Option(help="Why; goes to the audit log.")],
    as_json: AsJson = False,
    bootstrap: Bootstrap = None,
) -> None:
    """End an authorisation for good: cameras stop publishing and workers stop matching within a second.

    Examples:
      watchbound authorise cancel op-2026-117 --by "Supt A. Example" --reason "person found"
    """
    with _governance(bootstrap) as governance:
        cancelled = governance.authoriser().cancel(authorisation_id, by, reason)
    if as_json:
        _print_json(_as_json(cancelled))
    else:
        typer.echo(f"cancelled {authorisation_id}: nothing is captured or matched under it any more, nor ever again")


@app.command("list")
def list_all(as_json: AsJson = False, bootstrap: Bootstrap = None) -> None:
    """Show every authorisation, in force or not.

    Examples:
      watchbound authorise list
      watchbound authorise list --json | jq '.authorisations[] | select(.permits)'
    """
    with _governance(bootstrap) as governance:
        require_fresh(governance.view)
        known = governance.view.all()
    if as_json:
        _print_json({"authorisations": [_as_json(authorisation) for authorisation in known]})
    elif not known:
        typer.echo("nothing has been authorised: no camera publishes and nothing is matched")
    else:
        for authorisation in known:
            typer.echo(f"{authorisation.id}: {_in_words(authorisation)}")


@app.command()
def show(
    authorisation_id: Annotated[str, typer.Argument(metavar="ID")],
    as_json: AsJson = False,
    bootstrap: Bootstrap = None,
) -> None:
    """Show one authorisation in full.

    Examples:
      watchbound authorise show op-2026-117
      watchbound authorise show op-2026-117 --json
    """
    with _governance(bootstrap) as governance:
        authorisation = require_known(governance.view, authorisation_id)
    shown = _as_json(authorisation)
    if as_json:
        _print_json(shown)
    else:
        for name, value in shown.items():
            typer.echo(f"{name + ':':<15} {', '.join(value) if isinstance(value, list) else value}")


def _governance(bootstrap: str | None) -> Governance:
    configure_logs("governance", load(LogSettings))
    return Governance(
        load(KafkaSettings, bootstrap=bootstrap), load(AuthoritySettings), load(AuditSettings), load(TrustSettings)
    )


def _window(start: str | None, end: str | None, hours: float | None) -> Window:
    if (end is None) == (hours is None):
        msg = "give either --end or --hours"
        raise ConfigurationError(msg)
    begins = datetime.now(UTC) if start is None else _moment("--start", start)
    ends = _moment("--end", end) if end is not None else _after(begins, hours or 0.0)
    try:
        return Window(begins, ends)
    except InvalidValue as error:
        raise ConfigurationError(str(error)) from error


def _after(begins: datetime, hours: float) -> datetime:
    try:
        return begins + timedelta(hours=hours)
    except (OverflowError, ValueError) as error:
        msg = f"--hours: expected a span that ends before the year 10000, got {hours}"
        raise ConfigurationError(msg) from error


def _moment(flag: str, text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        require_aware(moment, flag)
    except InvalidValue as error:
        raise ConfigurationError(str(error)) from error
    except ValueError as error:
        msg = f"{flag}: expected ISO 8601 with a zone, such as 2026-11-23T09:00Z, got {text!r}"
        raise ConfigurationError(msg) from error
    return moment


def _standing(authorisation: Authorisation) -> str:
    refusal = authorisation.refusal(datetime.now(UTC))
    return "in_force" if refusal is None else refusal.value


def _as_json(authorisation: Authorisation) -> dict[str, Any]:
    standing = _standing(authorisation)
    return {
        "id": authorisation.id,
        "state": authorisation.state.value,
        "standing": standing,
        "permits": standing == "in_force",
        "use_case": authorisation.use_case.value,
        "legal_basis": authorisation.legal_basis,
        "location": authorisation.location,
        "location_type": authorisation.location_type.value,
        "cameras": sorted(authorisation.cameras),
        "start": authorisation.window.start.isoformat(),
        "end": authorisation.window.end.isoformat(),
        "threshold": authorisation.threshold,
        "officer": authorisation.officer,
    }


def _in_words(authorisation: Authorisation) -> str:
    window = authorisation.window
    return (
        f"{_standing(authorisation).replace('_', ' ')}; {authorisation.use_case.value} at {authorisation.location} "
        f"({authorisation.location_type.value}), cameras {', '.join(sorted(authorisation.cameras))}, "
        f"{window.start.isoformat(timespec='minutes')} to {window.end.isoformat(timespec='minutes')}, "
        f"threshold {authorisation.threshold:.2f}, authorised by {authorisation.officer}"
    )


def _print_json(value: dict[str, Any]) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))
