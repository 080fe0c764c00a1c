"""`watchbound purge`: delete what a deployment left, and leave a receipt that anybody can check."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from watchbound.adapters import codecs
from watchbound.adapters.clock import SystemClock
from watchbound.adapters.logs import configure_logs
from watchbound.adapters.signers import open_signer
from watchbound.adapters.trust_list import FileTrustList
from watchbound.alerting.window_codec import AlertWindowCodec
from watchbound.domain.errors import ConfigurationError, InvalidValue, Poison, PoisonReason
from watchbound.domain.match import Match
from watchbound.domain.receipt import PlaceDeleted, SignedReceipt, receipt_from_json
from watchbound.domain.sealing import Purpose
from watchbound.governance.main import Governance
from watchbound.governance.purge import signed_by
from watchbound.governance.purging import PurgeConfiguration
from watchbound.settings import (
    AuditSettings,
    AuthoritySettings,
    ClockSettings,
    GuardianSettings,
    KafkaSettings,
    KeySettings,
    LogSettings,
    MilvusSettings,
    PictureSettings,
    PurgeSettings,
    TrustSettings,
    load,
)

Bootstrap = Annotated[str | None, typer.Option(help="Kafka, host:port.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

_VERIFY = "verify"


def purge_configuration(bootstrap: str | None) -> PurgeConfiguration:
    """Where everything is that a purge empties, from the settings.

    Raises:
        ConfigurationError: a setting is not valid.
    """
    return PurgeConfiguration(
        kafka=load(KafkaSettings, bootstrap=bootstrap),
        milvus=load(MilvusSettings),
        keys=load(KeySettings),
        pictures=load(PictureSettings),
        purge=load(PurgeSettings),
        windows=_window_matches,
    )


def purge(
    what: Annotated[str, typer.Argument(metavar="AUTH|verify", help="The authorisation, or `verify`.")],
    receipt: Annotated[Path | None, typer.Argument(metavar="[RECEIPT]", help="For `verify`: a receipt's file.")] = None,
    json_to: Annotated[
        Path | None, typer.Option("--json", metavar="OUT", help="Write the receipt as JSON to this file; - prints it.")
    ] = None,
    key: Annotated[
        Path | None, typer.Option(help="A guardian's or officer's signing key; WATCHBOUND_GUARDIAN_KEY if not given.")
    ] = None,
    keep_alerts: Annotated[
        bool, typer.Option("--keep-alerts", help="Leave alerts until their 31 days are over.")
    ] = False,
    reason: Annotated[str, typer.Option(help="Why; how the authorisation ended, if not given.")] = "",
    bootstrap: Bootstrap = None,
) -> None:
    """Delete everything of an authorisation that has ended, lapsed or been cancelled; or check a receipt again.

    The exit code is 0 only when every place was looked at afterwards and is empty. It may be stopped anywhere and run
    again. `verify` checks the receipt's signature and looks at every place once more.

    Examples:
      watchbound purge op-2026-117 --key guardian.pem --json receipt.json
      watchbound purge op-2026-117 --keep-alerts
      watchbound purge verify receipt.json
    """
    configure_logs("purge", load(LogSettings))
    if what == _VERIFY:
        if receipt is None:
            msg = "watchbound purge verify: expected the file of a receipt"
            raise ConfigurationError(msg)
        _verify(receipt, json_to, bootstrap)
        return
    signed = _purge(what, key, frozenset(Purpose) - ({Purpose.ALERTS} if keep_alerts else set()), reason, bootstrap)
    _tell(signed.receipt.places, signed.as_json(), json_to, f"receipt {signed.receipt.digest()[:12]}")
    if not signed.receipt.clean:
        raise typer.Exit(1)


def _purge(
    authorisation_id: str, key: Path | None, purposes: frozenset[Purpose], reason: str, bootstrap: str | None
) -> SignedReceipt:
    path = key or load(GuardianSettings).key
    if path is None:
        msg = "--key or WATCHBOUND_GUARDIAN_KEY: a purge is signed; name a guardian's or officer's key"
        raise ConfigurationError(msg)
    signer = open_signer(path)
    with _governance(bootstrap) as governance:
        undertaker = governance.undertaker(purge_configuration(bootstrap), signer, threading.Event())
        return undertaker.purge(authorisation_id, purposes, reason)


def _verify(path: Path, json_to: Path | None, bootstrap: str | None) -> None:
    signed = _read(path)
    by = signed_by(signed, FileTrustList(load(TrustSettings).list))
    with _governance(bootstrap) as governance:
        places = governance.purger(purge_configuration(bootstrap), threading.Event()).look_again(signed.receipt)
    ok = all(place.clean for place in places) and signed.receipt.clean and len(places) == len(signed.receipt.places)
    found = {
        "ok": ok,
        "signed_by": by,
        "digest": signed.receipt.digest(),
        "looked_at": SystemClock().now().isoformat(),
        "places": [
            {"place": one.place, "after": one.after, "checked": one.checked, "clean": one.clean} for one in places
        ],
    }
    _tell(places, found, json_to, f"signed by {by}, and looked at again")
    if not ok:
        raise typer.Exit(1)


def _read(path: Path) -> SignedReceipt:
    try:
        return receipt_from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        msg = f"{path}: {error}"
        raise ConfigurationError(msg) from error


def _governance(bootstrap: str | None) -> Governance:
    return Governance(
        load(KafkaSettings, bootstrap=bootstrap),
        load(AuthoritySettings),
        load(ClockSettings),
        load(AuditSettings),
        load(TrustSettings),
    )


def _window_matches(value: bytes) -> Iterable[Match]:
    try:
        window = AlertWindowCodec(codecs.MATCH).decode(value)
    except InvalidValue as error:
        # A record like any other here: one that cannot be read must not keep the purge from the rest.
        raise Poison(PoisonReason.BAD_VALUE, str(error)) from error
    latest = () if window.passage is None else (window.passage,)
    return tuple(passage.best for passage in (*latest, *window.earlier))


def _tell(places: Iterable[PlaceDeleted], document: dict[str, Any], json_to: Path | None, headline: str) -> None:
    text = json.dumps(document, ensure_ascii=False, indent=2)
    if json_to is not None and str(json_to) == "-":
        typer.echo(text)
        return
    if json_to is not None:
        json_to.write_text(text + "\n", encoding="utf-8")
    for place in places:
        verdict = "clean" if place.clean else "NOT CLEAN"
        after = "unknown" if place.after is None else place.after
        typer.echo(f"{verdict:9}  {place.place}: {place.before} {place.unit} before, {after} after; {place.checked}")
    typer.echo(headline)
