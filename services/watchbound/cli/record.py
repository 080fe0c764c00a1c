"""`watchbound record`: what a deployment did, for publication and for auditors."""

from __future__ import annotations

import json
import os
import pwd
import sys
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from watchbound.adapters.logs import configure_logs
from watchbound.domain.errors import ConfigurationError
from watchbound.governance.record.as_csv import as_csv
from watchbound.governance.record.as_html import as_html
from watchbound.governance.record.as_json import document
from watchbound.governance.record.as_pdf import as_pdf
from watchbound.governance.record.build import DeploymentRecord
from watchbound.governance.record.main import RecordConfiguration, RecordDesk
from watchbound.governance.record.recall import read_volunteers
from watchbound.governance.record.stated import Stated
from watchbound.settings import (
    AdjudicationSettings,
    AlertingSettings,
    AuditSettings,
    AuthoritySettings,
    KafkaSettings,
    LogSettings,
    MatchingSettings,
    TrustSettings,
    load,
)


class Format(Enum):
    """How the record is written."""

    JSON = "json"
    CSV = "csv"
    HTML = "html"
    PDF = "pdf"


def record(
    authorisation: Annotated[str, typer.Argument(metavar="AUTH", help="The deployment's authorisation.")],
    form: Annotated[Format, typer.Option("--format", help="How it is written.")] = Format.JSON,
    out: Annotated[Path | None, typer.Option(help="Write it here; standard output if not given.")] = None,
    volunteers: Annotated[
        Path | None, typer.Option(help="CSV of seeded volunteers' passes: reference, camera, time (with a zone).")
    ] = None,
    tolerance: Annotated[
        float, typer.Option(min=0, help="Seconds between a volunteer's watch and the cameras' clock.")
    ] = 30.0,
    by: Annotated[str | None, typer.Option(help="Who exports it; the account that runs this if not given.")] = None,
    borough: Annotated[str, typer.Option(help="Where it was, as it is published.")] = "",
    arrests: Annotated[
        int | None, typer.Option(min=0, help="Arrests that followed: stated, no system counts them.")
    ] = None,
    note: Annotated[
        list[str] | None, typer.Option(help="A note beside the figures; may be given several times.")
    ] = None,
    font: Annotated[Path | None, typer.Option(help="TrueType font for a PDF beyond Latin-1.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    bootstrap: Annotated[str | None, typer.Option(help="Kafka, host:port.")] = None,
) -> None:
    """Make the record of a deployment from what services counted and people decided, and reconcile it.

    Ends with code 1 if totals do not add up; the record then says where. The export is told to the audit log first.

    Examples:
      watchbound record op-2026-117 --format html --out record.html
      watchbound record op-2026-117 --format pdf --out record.pdf --volunteers blue-list.csv
      watchbound record op-2026-117 --format html --out record.html --borough Camden --arrests 2
      watchbound record op-2026-117 | jq .false_alert_rates
    """
    configure_logs("record", load(LogSettings, level="error"))
    form = Format.JSON if as_json else form
    if form is Format.PDF and out is None:
        msg = "--format pdf: a PDF is no text for a terminal; give --out FILE"
        raise ConfigurationError(msg)
    desk = RecordDesk(_configuration(bootstrap))
    suppress = timedelta(seconds=load(AlertingSettings).suppress_s)
    passes = None if volunteers is None else read_volunteers(volunteers, timedelta(seconds=tolerance), suppress)
    who = by or pwd.getpwuid(os.getuid()).pw_name
    made = desk.make(authorisation, passes, Stated(who, borough, arrests, tuple(note or ())))
    content = _written(made, form, font)
    desk.tell_export(made, who, form.value, content)
    _hand_out(content, out)
    for found in made.discrepancies:
        typer.echo(f"does not add up: {found.check}: {found.says}", err=True)
    if made.discrepancies:
        raise typer.Exit(1)


def _configuration(bootstrap: str | None) -> RecordConfiguration:
    return RecordConfiguration(
        kafka=load(KafkaSettings, bootstrap=bootstrap),
        authority=load(AuthoritySettings),
        trust=load(TrustSettings),
        adjudication=load(AdjudicationSettings),
        matching=load(MatchingSettings),
        audit=load(AuditSettings),
    )


def _written(made: DeploymentRecord, form: Format, font: Path | None) -> bytes:
    match form:
        case Format.JSON:
            return (json.dumps(document(made), indent=2) + "\n").encode()
        case Format.CSV:
            return as_csv(made).encode()
        case Format.HTML:
            return as_html(made).encode()
        case Format.PDF:
            return as_pdf(made, font)


def _hand_out(content: bytes, out: Path | None) -> None:
    if out is None:
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
        return
    try:
        out.write_bytes(content)
    except OSError as error:
        msg = f"--out: {out} could not be written ({error})"
        raise ConfigurationError(msg) from error
