"""`watchbound notice`: what the public is told of a deployment, and what its impact assessment needs to know."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from watchbound.adapters.clock import SystemClock
from watchbound.adapters.logs import configure_logs
from watchbound.domain.errors import ConfigurationError, InvalidValue
from watchbound.governance.authorise import require_known
from watchbound.governance.main import Governance
from watchbound.governance.notice import Publisher, dpia_input, notice_page
from watchbound.settings import (
    AuditSettings,
    AuthoritySettings,
    ClockSettings,
    KafkaSettings,
    LogSettings,
    NoticeSettings,
    TrustSettings,
    load,
)


class NoticeFormat(Enum):
    """What a notice can be written as."""

    HTML = "html"


def notice(
    authorisation_id: Annotated[str, typer.Argument(metavar="AUTH")],
    out: Annotated[Path | None, typer.Option(help="Write it to this file; printed if not given.")] = None,
    format: Annotated[NoticeFormat, typer.Option(help="How it is written.")] = NoticeFormat.HTML,
    dpia: Annotated[
        bool, typer.Option("--dpia", help="Instead: input for the impact assessment, as Markdown.")
    ] = False,
    controller: Annotated[str | None, typer.Option(help="Who is responsible for the data.")] = None,
    contact: Annotated[str | None, typer.Option(help="How the public reaches them.")] = None,
    url: Annotated[str | None, typer.Option(help="Where more is said; also a QR code.")] = None,
    bootstrap: Annotated[str | None, typer.Option(help="Kafka, host:port.")] = None,
) -> None:
    """Write the public notice of a deployment as its authorisation stands now: one page that needs nothing else.

    Examples:
      watchbound notice op-2026-117 --out notice.html --url https://police.example/lfr/op-2026-117
      watchbound notice op-2026-117 --dpia --out dpia-input.md
    """
    configure_logs("notice", load(LogSettings))
    told = load(NoticeSettings, controller=controller, contact=contact, url=url)
    try:
        publisher = Publisher(told.controller, told.contact, told.url)
    except InvalidValue as error:
        raise ConfigurationError(str(error)) from error
    governance = Governance(
        load(KafkaSettings, bootstrap=bootstrap),
        load(AuthoritySettings),
        load(ClockSettings),
        load(AuditSettings),
        load(TrustSettings),
    )
    with governance:
        known = require_known(governance.view, authorisation_id)
    make = dpia_input if dpia else notice_page
    text = make(known, publisher, SystemClock().now())
    if out is None:
        typer.echo(text)
    else:
        out.write_text(text, encoding="utf-8")
        typer.echo(f"wrote {out}")
