"""`watchbound ring`: the data keys that frames, crops and watchlists are sealed with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from watchbound.adapters.audit_log import open_audit_log
from watchbound.adapters.clock import SystemClock
from watchbound.adapters.keyring import init_key_ring, open_key_ring
from watchbound.adapters.logs import configure_logs
from watchbound.domain.sealing import Purpose
from watchbound.pipeline.audit import AuditTrail
from watchbound.pipeline.audit_acts import Act
from watchbound.settings import AuditSettings, KeySettings, LogSettings, load

app = typer.Typer(help="Make and renew data keys.", no_args_is_help=True, rich_markup_mode=None)

Folder = Annotated[Path | None, typer.Option(help="The key ring's folder.")]
MasterKey = Annotated[Path | None, typer.Option(help="The file that holds the master key.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.callback()
def group() -> None:
    """Make and renew data keys."""
    configure_logs("ring", load(LogSettings))


@app.command()
def init(folder: Folder = None, master_key: MasterKey = None, as_json: AsJson = False) -> None:
    """Make an empty key ring, readable by this user only, and its master key (none where a token wraps the keys).

    Whoever loses the master key loses everything sealed; whoever copies it beside the ring has protected nothing.

    Examples:
      watchbound ring init --folder /var/lib/watchbound/keys --master-key /etc/watchbound/master.key
    """
    settings = _settings(folder, master_key)
    init_key_ring(settings)
    opened_by = str(settings.master_key) if settings.ring == "file" else "the configured token"
    if as_json:
        typer.echo(json.dumps({"folder": str(settings.folder), "opened_by": opened_by}))
    else:
        typer.echo(f"made the key ring {settings.folder}, opened by {opened_by}")


@app.command()
def rotate(
    authorisation: Annotated[str, typer.Argument(help="Whose keys.")],
    actor: Annotated[str, typer.Option(help="Who rotates.")],
    reason: Annotated[str, typer.Option(help="Why; goes to the audit log.")],
    purpose: Annotated[Purpose | None, typer.Option(help="Only the key of this purpose.")] = None,
    folder: Folder = None,
    master_key: MasterKey = None,
    as_json: AsJson = False,
) -> None:
    """Make a new version of an authorisation's keys: it seals from now on, and older ones still open.

    Examples:
      watchbound ring rotate op-2026-117 --actor admin-3 --reason "monthly"
      watchbound ring rotate op-2026-117 --purpose frames --actor admin-3 --reason "monthly" --json
    """
    ring = open_key_ring(_settings(folder, master_key))
    audit = AuditTrail(open_audit_log(load(AuditSettings)), SystemClock())
    audit.record(actor, Act.KEY_ROTATED, authorisation, reason, purpose=purpose.value if purpose else "all")
    made = {one.value: ring.rotate(authorisation, one) for one in ([purpose] if purpose else Purpose)}
    if as_json:
        typer.echo(json.dumps({"authorisation": authorisation, "versions": made}))
        return
    for name, version in made.items():
        typer.echo(f"{authorisation} seals {name} with key version {version} from now on")


@app.command("list")
def list_keys(folder: Folder = None, master_key: MasterKey = None, as_json: AsJson = False) -> None:
    """Show which keys there are: their versions, never the keys. A purpose that is absent was destroyed or never made.

    Examples:
      watchbound ring list
      watchbound ring list --json
    """
    ring = open_key_ring(_settings(folder, master_key))
    listed = {
        authorisation: {purpose.value: list(versions) for purpose, versions in ring.versions(authorisation).items()}
        for authorisation in ring.authorisations()
    }
    if as_json:
        typer.echo(json.dumps(listed))
        return
    for authorisation, purposes in listed.items():
        keys = ", ".join(f"{name} {versions[-1]}" for name, versions in purposes.items())
        typer.echo(f"{authorisation}  {keys or 'all destroyed'}")
    typer.echo(f"{len(listed)} authorisation(s)")


def _settings(folder: Path | None, master_key: Path | None) -> KeySettings:
    return load(KeySettings, folder=folder, master_key=master_key)
