"""`watchbound alerting`: the service that turns matches into alerts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from watchbound.adapters.logs import configure_logs
from watchbound.adapters.service import stop_on_signals
from watchbound.settings import (
    AdjudicationSettings,
    AlertingSettings,
    AuditSettings,
    AuthoritySettings,
    BudgetSettings,
    ClockSettings,
    GuardianSettings,
    HttpSettings,
    KafkaSettings,
    KeySettings,
    LogSettings,
    TrustSettings,
    load,
)

app = typer.Typer(help="Turn matches into alerts.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def group() -> None:
    """Turn matches into alerts."""


@app.command()
def run(
    bootstrap: Annotated[str | None, typer.Option(help="Kafka, host:port.")] = None,
    passage_gap: Annotated[float | None, typer.Option(help="Seconds without a match until an alert expires.")] = None,
    suppress: Annotated[float | None, typer.Option(help="Seconds that a settled decision silences its entry.")] = None,
    data: Annotated[Path | None, typer.Option(help="Faust's working folder.")] = None,
    http_port: Annotated[int | None, typer.Option(help="For /metrics, /healthz, /readyz; 0 takes a free one.")] = None,
) -> None:
    """Raise, update, expire and adjudicate alerts until SIGTERM or Ctrl-C.

    Several processes of one group share the watchlist's entries. Every flag has an environment key.

    Examples:
      watchbound alerting run
      watchbound alerting run --passage-gap 30 --suppress 300 --http-port 9103
    """
    # Faust takes a second to import, and every other command starts through this file.
    from watchbound.alerting.budget_main import BudgetConfiguration
    from watchbound.alerting.main import AlertingConfiguration, AlertingService

    configure_logs("alerting", load(LogSettings))
    configuration = AlertingConfiguration(
        kafka=load(KafkaSettings, bootstrap=bootstrap),
        authority=load(AuthoritySettings),
        trust=load(TrustSettings),
        alerting=load(AlertingSettings, passage_gap_s=passage_gap, suppress_s=suppress, data=data),
        audit=load(AuditSettings),
        clock=load(ClockSettings),
        adjudication=load(AdjudicationSettings),
        keys=load(KeySettings),
        http=load(HttpSettings, port=http_port),
        budget=BudgetConfiguration(load(BudgetSettings), load(GuardianSettings)),
    )
    AlertingService(configuration).run(stop_on_signals())
