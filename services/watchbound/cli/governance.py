"""`watchbound governance`: the retention clock as a service."""

from __future__ import annotations

from typing import Annotated

import typer

from watchbound.adapters.logs import configure_logs
from watchbound.adapters.service import stop_on_signals
from watchbound.adapters.signers import open_signer
from watchbound.cli.purge import purge_configuration
from watchbound.domain.errors import ConfigurationError
from watchbound.settings import (
    AuditSettings,
    AuthoritySettings,
    ClockSettings,
    GovernanceSettings,
    GuardianSettings,
    HttpSettings,
    LogSettings,
    TrustSettings,
    load,
)

app = typer.Typer(help="Delete what is due, by the clock.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def group() -> None:
    """Delete what is due, by the clock."""


@app.command()
def run(
    bootstrap: Annotated[str | None, typer.Option(help="Kafka, host:port.")] = None,
    every: Annotated[float | None, typer.Option(help="Seconds between two looks at what is due.")] = None,
    http_port: Annotated[int | None, typer.Option(help="For /metrics, /healthz, /readyz; 0 takes a free one.")] = None,
) -> None:
    """End what is over and purge what is due until SIGTERM or Ctrl-C.

    At the end of a deployment the key of its frames is destroyed, its watchlist within 24 hours, its alerts within 31
    days; each purge leaves a signed receipt. What cannot be deleted now is tried again, and the metric
    watchbound_retention_overdue_seconds says since when it is due. WATCHBOUND_GUARDIAN_KEY names the signing key.

    Examples:
      watchbound governance run
      watchbound governance run --every 60 --http-port 9105
    """
    # The wiring imports Milvus's client, and every other command starts through this file.
    from watchbound.governance.service import GovernanceConfiguration, GovernanceService

    configure_logs("governance", load(LogSettings))
    guardian = load(GuardianSettings)
    if guardian.key is None:
        msg = "WATCHBOUND_GUARDIAN_KEY: the retention clock needs a signing key of its own; `watchbound keys generate`"
        raise ConfigurationError(msg)
    configuration = GovernanceConfiguration(
        governance=load(GovernanceSettings, every_s=every),
        authority=load(AuthoritySettings),
        clock=load(ClockSettings),
        trust=load(TrustSettings),
        audit=load(AuditSettings),
        http=load(HttpSettings, port=http_port),
        purging=purge_configuration(bootstrap),
        signer=open_signer(guardian.key),
    )
    GovernanceService(configuration).run(stop_on_signals())
