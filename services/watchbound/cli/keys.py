"""`watchbound keys`: signing keys, and whose signatures count."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from watchbound.adapters.clock import SystemClock
from watchbound.adapters.signers import generate_signer
from watchbound.adapters.signing import key_id_of
from watchbound.adapters.trust_list import (
    TrustDocument,
    TrustedKey,
    change_trust_list,
    public_key_from,
    read_trust_list,
)
from watchbound.domain.errors import ConfigurationError, UnknownReference
from watchbound.domain.signature import Role
from watchbound.settings import TrustSettings, load

app = typer.Typer(help="Make signing keys, and say whose count.", no_args_is_help=True, rich_markup_mode=None)

TrustListPath = Annotated[
    Path | None, typer.Option("--list", help="The trust list; WATCHBOUND_TRUST_LIST if not given.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def generate(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="Where the key goes: a new file, or pkcs11:LABEL.")],
    as_json: AsJson = False,
) -> None:
    """Make an Ed25519 key. A file is its holder's alone (0600), a token's never leaves it; what is printed is public.

    Examples:
      watchbound keys generate officer.pem
      watchbound keys generate pkcs11:officer
    """
    signer = generate_signer(path)
    public = base64.b64encode(signer.public_key).decode()
    if as_json:
        typer.echo(json.dumps({"id": signer.key_id, "public_key": public, "file": str(path)}))
    else:
        typer.echo(f"made {path}; give its public part to whoever keeps the trust list:\n{signer.key_id} {public}")


@app.command()
def trust(
    public_key: Annotated[str, typer.Argument(help="The public key in base64, as `keys generate` printed it.")],
    holder: Annotated[str, typer.Option(help="The account of the person or service that holds the key.")],
    role: Annotated[list[Role], typer.Option(help="What the holder may put their name to; repeat for several.")],
    days: Annotated[float, typer.Option(min=0.001, max=3650, help="How long it is valid, from now on.")] = 365.0,
    path: TrustListPath = None,
    as_json: AsJson = False,
) -> None:
    r"""Add a key to the trust list. Running services read the list again within a second.

    Examples:
      watchbound keys trust "sDUt4f…=" --holder supt.example --role authorising-officer \
        --list trust.json --days 180
    """
    try:
        key_id = key_id_of(public_key_from(public_key))
    except ValueError as error:
        raise ConfigurationError(str(error)) from error
    now = SystemClock().now()
    key = TrustedKey(
        id=key_id,
        holder=holder,
        roles=frozenset(role),
        public_key=public_key,
        valid_from=now,
        valid_until=now + timedelta(days=days),
    )

    def add(document: TrustDocument) -> TrustDocument:
        if key_id in document.by_id():
            msg = f"key {key_id} stands in the list already; a person who gains a role gets a new key"
            raise ConfigurationError(msg)
        return TrustDocument(keys=(*document.keys, key))

    change_trust_list(_path(path), add)
    _tell(key, "trusted", as_json)


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="KEY", help="The key's id.")],
    reason: Annotated[str, typer.Option(help="Why; it is kept in the list.")],
    path: TrustListPath = None,
    as_json: AsJson = False,
) -> None:
    """Believe a key no more: what it permitted stops within a second, and what it stopped stays stopped.

    Examples:
      watchbound keys revoke 3fa4c1d2e5b60718 --reason "key file lost" --list trust.json
    """
    now = SystemClock().now()

    def mark(document: TrustDocument) -> TrustDocument:
        if key_id not in document.by_id():
            msg = f"the trust list knows no key {key_id}; `watchbound keys list` shows those it knows"
            raise UnknownReference(msg)
        return TrustDocument(
            keys=tuple(_revoked(key, now, reason) if key.id == key_id else key for key in document.keys)
        )

    changed = change_trust_list(_path(path), mark)
    _tell(changed.by_id()[key_id], "revoked", as_json)


@app.command("list")
def list_keys(path: TrustListPath = None, as_json: AsJson = False) -> None:
    """Show the keys that services believe, and those that they believe no more.

    Examples:
      watchbound keys list --list trust.json
    """
    keys = read_trust_list(_path(path)).keys
    if as_json:
        typer.echo(json.dumps({"keys": [_as_json(key) for key in keys]}, indent=2))
        return
    for key in keys:
        typer.echo(_in_words(key))
    typer.echo(f"{len(keys)} keys")


def _path(given: Path | None) -> Path:
    return load(TrustSettings, list=given).list.expanduser()


def _revoked(key: TrustedKey, now: datetime, reason: str) -> TrustedKey:
    """The first revocation counts: it says since when nothing was to be believed."""
    if key.revoked_at is not None:
        return key
    return key.model_copy(update={"revoked_at": now, "revoked_because": reason})


def _as_json(key: TrustedKey) -> dict[str, Any]:
    shown: dict[str, Any] = key.model_dump(mode="json", exclude_none=True)
    shown["roles"] = sorted(shown["roles"])
    return shown


def _in_words(key: TrustedKey) -> str:
    roles = ", ".join(sorted(role.value for role in key.roles))
    revoked = "" if key.revoked_at is None else f"; REVOKED {key.revoked_at.isoformat(timespec='seconds')}"
    span = f"{key.valid_from.isoformat(timespec='minutes')} to {key.valid_until.isoformat(timespec='minutes')}"
    return f"{key.id}  {key.holder}  {roles}  {span}{revoked}"


def _tell(key: TrustedKey, done: str, as_json: bool) -> None:
    typer.echo(json.dumps(_as_json(key)) if as_json else f"{done}: {_in_words(key)}")
