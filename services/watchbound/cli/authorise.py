"""`watchbound authorise`: the authority under which anything is matched, from its draft to its end."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from watchbound.adapters.clock import SystemClock
from watchbound.adapters.keyring import open_key_ring
from watchbound.adapters.logs import configure_logs
from watchbound.adapters.signers import open_signer
from watchbound.cli.authorisation_words import (
    act_in_words,
    as_json,
    history,
    in_words,
    list_change_in_words,
    list_has_changed,
)
from watchbound.domain.act import ActKind
from watchbound.domain.activation import PreDeploymentItem
from watchbound.domain.authorisation import Authorisation
from watchbound.domain.calibration import CalibrationEvidence
from watchbound.domain.errors import ConfigurationError, InvalidValue, ModelPackError
from watchbound.domain.moment import require_aware
from watchbound.domain.terms import LocationType, UseCase
from watchbound.domain.threshold_change import ThresholdChange
from watchbound.domain.watchlist import Category
from watchbound.extraction.model_pack import find_pack
from watchbound.governance.authorise import require_known
from watchbound.governance.calibration_evidence import read_evidence, require_model
from watchbound.governance.main import Governance
from watchbound.governance.terms_file import read_terms, template
from watchbound.pipeline.authority_desk import require_fresh
from watchbound.settings import (
    AuditSettings,
    AuthoritySettings,
    ClockSettings,
    KafkaSettings,
    KeySettings,
    LogSettings,
    ModelSettings,
    TrustSettings,
    load,
)

app = typer.Typer(
    help="Draft, sign, begin and stop the authority under which anything is matched.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

AuthorisationId = Annotated[str, typer.Argument(metavar="ID")]
Key = Annotated[Path, typer.Option(help="Your signing key: a PEM file with the mode 0600.")]
Bootstrap = Annotated[str | None, typer.Option(help="Kafka, host:port.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Reason = Annotated[str, typer.Option(help="Why; it is signed, and goes to the audit log.")]


_DONE = {
    ActKind.SIGN: "signed",
    ActKind.PAUSE: "paused",
    ActKind.RESUME: "resumed",
    ActKind.CANCEL: "cancelled",
    ActKind.SET_THRESHOLD: "threshold changed",
}
"""What is told of an act that was done."""


def _print_template(wanted: bool) -> None:
    if wanted:
        typer.echo(template(), nl=False)
        raise typer.Exit


@app.command()
def draft(
    key: Key,
    file: Annotated[Path | None, typer.Option(help="The terms as a YAML file; flags win over it.")] = None,
    template: Annotated[
        bool, typer.Option("--template", is_eager=True, callback=_print_template, help="Print a file to fill in.")
    ] = False,
    use_case: Annotated[UseCase | None, typer.Option(help="Who may be looked for: a closed list.")] = None,
    legal_basis: Annotated[str | None, typer.Option(help="The law and the written authority that permit it.")] = None,
    legitimate_aim: Annotated[str | None, typer.Option(help="What it is to achieve.")] = None,
    necessity: Annotated[str | None, typer.Option(help="Why less intrusive means do not suffice.")] = None,
    proportionality: Annotated[str | None, typer.Option(help="Why it is in proportion to the aim.")] = None,
    dpia_reference: Annotated[str | None, typer.Option(help="The impact assessment that is in force.")] = None,
    location: Annotated[str | None, typer.Option(help="The place, in words.")] = None,
    location_type: Annotated[LocationType | None, typer.Option(help="Where it is done: a closed list.")] = None,
    camera: Annotated[list[str] | None, typer.Option(help="A camera that is covered; repeat for each.")] = None,
    start: Annotated[
        str | None, typer.Option(help="ISO 8601 with a zone, such as 2026-11-23T09:00Z; now if not given.")
    ] = None,
    end: Annotated[str | None, typer.Option(help="ISO 8601 with a zone; that moment is no longer covered.")] = None,
    hours: Annotated[float | None, typer.Option(help="Instead of --end: so long after the start.")] = None,
    max_watchlist_size: Annotated[int | None, typer.Option(help="Most entries on the watchlist.")] = None,
    category: Annotated[
        list[Category] | None, typer.Option(help="Whom the watchlist may hold: a closed list; repeat for each.")
    ] = None,
    minimum_threshold: Annotated[
        float | None, typer.Option(help="Least cosine similarity that may ever raise a match, in (0, 1].")
    ] = None,
    threshold_reason: Annotated[str | None, typer.Option(help="Where that number comes from.")] = None,
    calibration: Annotated[
        Path | None,
        typer.Option(help="Report of `watchbound calibrate`: gives the threshold, and is cited as its evidence."),
    ] = None,
    min_eye_distance: Annotated[float | None, typer.Option(help="Smaller faces are not compared, in pixels.")] = None,
    signage_reference: Annotated[str | None, typer.Option(help="Which signs tell the public.")] = None,
    officer: Annotated[str | None, typer.Option(help="Account of the authorising officer who is to sign.")] = None,
    urgent: Annotated[
        bool | None, typer.Option("--urgent", help="May begin before it is signed, for 24 hours at most.")
    ] = None,
    authorisation_id: Annotated[str | None, typer.Option("--id", help="Its id for good; made up if not given.")] = None,
    as_json: AsJson = False,
    bootstrap: Bootstrap = None,
) -> None:
    r"""Write down the terms of a deployment. It permits nothing until somebody else signs and activates it.

    A camera serves one authorisation at a time: one that overlaps another on a camera is refused.

    Examples:
      watchbound authorise draft --template > terms.yaml
      watchbound authorise draft --file terms.yaml --key drafter.pem
      watchbound authorise draft --file terms.yaml --hours 4 --id op-2026-117 --key drafter.pem
      watchbound authorise draft --file terms.yaml --calibration report.json --key drafter.pem
    """
    flags = {
        "id": authorisation_id,
        "use_case": use_case,
        "legal_basis": legal_basis,
        "legitimate_aim": legitimate_aim,
        "necessity": necessity,
        "proportionality": proportionality,
        "dpia_reference": dpia_reference,
        "location": location,
        "location_type": location_type,
        "cameras": camera,
        "start": _moment("--start", start),
        "end": _moment("--end", end),
        "hours": hours,
        "max_watchlist_size": max_watchlist_size,
        "categories": category,
        "minimum_threshold": minimum_threshold,
        "threshold_reason": threshold_reason,
        "min_eye_distance": min_eye_distance,
        "signage_reference": signage_reference,
        "officer": officer,
        "urgent": urgent,
    }
    evidence = None if calibration is None else _evidence(calibration)
    signer, ring = open_signer(key), open_key_ring(load(KeySettings))
    with _governance(bootstrap) as governance:
        terms = read_terms(file, flags, governance.view.holder(signer.key_id), SystemClock().now(), evidence)
        drafted = governance.authoriser().draft(terms, signer, ring)
    _tell(drafted, "drafted", as_json)


@app.command()
def sign(
    authorisation_id: AuthorisationId,
    key: Key,
    reason: Reason = "necessary and proportionate",
    as_json: AsJson = False,
    bootstrap: Bootstrap = None,
) -> None:
    """Sign a draft: only the officer whom it names can, and never who drafted it.

    Examples:
      watchbound authorise sign op-2026-117 --key officer.pem
    """
    _act(authorisation_id, ActKind.SIGN, key, reason, as_json, bootstrap)


@app.command()
def activate(
    authorisation_id: AuthorisationId,
    key: Key,
    item: Annotated[
        list[PreDeploymentItem], typer.Option(help="What has been checked off: a closed list, all of it needed.")
    ],
    reason: Reason = "everything is in place",
    as_json: AsJson = False,
    bootstrap: Bootstrap = None,
) -> None:
    r"""Let a deployment begin, now or as soon as its window does.

    Its watchlist must have been reviewed within 24 hours (`watchbound watchlist review`), and not have changed since.
    The signature covers that list by its digest: every entry, image and paper of it.

    Examples:
      watchbound authorise activate op-2026-117 --key officer.pem \
        --item dpia-in-force --item policy-document-in-force \
        --item signage-placed --item briefing-given --item equality-monitoring-arranged
    """
    signer = open_signer(key)
    with _governance(bootstrap) as governance:
        review = governance.good_review(authorisation_id)
        activation = review.activation(frozenset(item))
        done = governance.authoriser().activate(authorisation_id, activation, signer, reason)
    _tell(done, "activated", as_json)


@app.command()
def pause(
    authorisation_id: AuthorisationId, key: Key, reason: Reason, as_json: AsJson = False, bootstrap: Bootstrap = None
) -> None:
    """Stop matching for now: cameras stop publishing and workers stop matching within a second.

    Examples:
      watchbound authorise pause op-2026-117 --key reviewer.pem --reason "signs have fallen down"
    """
    _act(authorisation_id, ActKind.PAUSE, key, reason, as_json, bootstrap)


@app.command()
def resume(
    authorisation_id: AuthorisationId, key: Key, reason: Reason, as_json: AsJson = False, bootstrap: Bootstrap = None
) -> None:
    """Go on after a pause.

    Examples:
      watchbound authorise resume op-2026-117 --key officer.pem --reason "signs are up again"
    """
    _act(authorisation_id, ActKind.RESUME, key, reason, as_json, bootstrap)


@app.command()
def cancel(
    authorisation_id: AuthorisationId, key: Key, reason: Reason, as_json: AsJson = False, bootstrap: Bootstrap = None
) -> None:
    """End an authorisation for good: cameras stop publishing and workers stop matching within a second.

    Examples:
      watchbound authorise cancel op-2026-117 --key officer.pem --reason "person found"
    """
    _act(authorisation_id, ActKind.CANCEL, key, reason, as_json, bootstrap)


@app.command()
def threshold(
    authorisation_id: AuthorisationId,
    value: Annotated[float, typer.Argument(help="Least cosine similarity that raises a match, in (0, 1].")],
    key: Key,
    requested_by: Annotated[str, typer.Option(help="Who asked for it; whoever signs approves it: another person.")],
    reason: Reason,
    as_json: AsJson = False,
    bootstrap: Bootstrap = None,
) -> None:
    r"""Change the operating threshold, never under the minimum of the terms.

    Examples:
      watchbound authorise threshold op-2026-117 0.62 --key officer.pem --requested-by sgt.c \
        --reason "two false alerts in the first hour"
    """
    try:
        change = ThresholdChange(value, requested_by)
    except InvalidValue as error:
        raise ConfigurationError(str(error)) from error
    _act(authorisation_id, ActKind.SET_THRESHOLD, key, reason, as_json, bootstrap, change.details)


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
def show(authorisation_id: AuthorisationId, as_json: AsJson = False, bootstrap: Bootstrap = None) -> None:
    """Show one authorisation in full, with everything that was done to it.

    Examples:
      watchbound authorise show op-2026-117
      watchbound authorise show op-2026-117 --json
    """
    with _governance(bootstrap) as governance:
        authorisation = require_known(governance.view, authorisation_id)
        acts = history(governance.view, authorisation_id)
        digest = governance.list_digest(authorisation_id)
    shown = _as_json(authorisation)
    shown["watchlist_changed"] = list_has_changed(authorisation, digest, SystemClock().now())
    if as_json:
        _print_json({**shown, "acts": acts})
        return
    if authorisation.calibration is not None:
        shown["calibration"] = str(authorisation.calibration)
    shown["watchlist_changed"] = list_change_in_words(shown["watchlist_changed"])
    for name, value in shown.items():
        typer.echo(f"{name + ':':<20} {', '.join(value) if isinstance(value, list) else value}")
    for act in acts:
        typer.echo(act_in_words(act))


def _act(
    authorisation_id: str,
    kind: ActKind,
    key: Path,
    reason: str,
    as_json: bool,
    bootstrap: str | None,
    details: Callable[[], dict[str, str]] = dict,
) -> None:
    signer = open_signer(key)
    with _governance(bootstrap) as governance:
        if not kind.stops:
            governance.require_clock()
        done = governance.desk().act(authorisation_id, kind, signer, reason, details())
    _tell(done, _DONE[kind], as_json)


def _governance(bootstrap: str | None) -> Governance:
    configure_logs("governance", load(LogSettings))
    kafka = load(KafkaSettings, bootstrap=bootstrap)
    return Governance(kafka, load(AuthoritySettings), load(ClockSettings), load(AuditSettings), load(TrustSettings))


def _evidence(report: Path) -> CalibrationEvidence:
    """The report as evidence, refused where it speaks of another embedder than the configured pack's."""
    evidence = read_evidence(report)
    try:
        embedder = find_pack(load(ModelSettings)).digests["embedder"]
    except ModelPackError as error:
        typer.echo(f"whether workers run the calibrated embedder cannot be told here: {error}", err=True)
        return evidence
    require_model(evidence, embedder)
    return evidence


def _moment(flag: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        require_aware(moment, flag)
    except InvalidValue as error:
        raise ConfigurationError(str(error)) from error
    except ValueError as error:
        msg = f"{flag}: expected ISO 8601 with a zone, such as 2026-11-23T09:00Z, got {text!r}"
        raise ConfigurationError(msg) from error
    return moment


def _as_json(authorisation: Authorisation) -> dict[str, Any]:
    return as_json(authorisation, SystemClock().now())


def _in_words(authorisation: Authorisation) -> str:
    return in_words(authorisation, SystemClock().now())


def _tell(authorisation: Authorisation, done: str, as_json: bool) -> None:
    if as_json:
        _print_json(_as_json(authorisation))
    else:
        typer.echo(f"{done}: {authorisation.id}, {_in_words(authorisation)}")


def _print_json(value: dict[str, Any]) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))
