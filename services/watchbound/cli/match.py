"""`watchbound match`: the matching cluster."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from watchbound.adapters.logs import configure_logs
from watchbound.adapters.service import stop_on_signals
from watchbound.matching.main import MatchingConfiguration, MatchingService
from watchbound.settings import (
    AuditSettings,
    AuthoritySettings,
    ClockSettings,
    HttpSettings,
    KafkaSettings,
    KeySettings,
    LogSettings,
    MatchingSettings,
    MilvusSettings,
    ModelSettings,
    TrustSettings,
    load,
)

app = typer.Typer(help="Match frames against authorised watchlists.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def group() -> None:
    """Match frames against authorised watchlists."""


@app.command()
def run(
    workers: Annotated[int | None, typer.Option(min=1, help="Ray actors, each with its own Kafka consumer.")] = None,
    provider: Annotated[str | None, typer.Option(help="cpu or cuda; cuda is refused where it cannot be had.")] = None,
    gpus_per_worker: Annotated[float | None, typer.Option(min=0, help="Share of a GPU for each worker.")] = None,
    ray_address: Annotated[str | None, typer.Option(help="local, auto, or the address of a Ray head.")] = None,
    bootstrap: Annotated[str | None, typer.Option(help="Kafka, host:port.")] = None,
    milvus_uri: Annotated[str | None, typer.Option(help="Milvus, such as http://127.0.0.1:19530.")] = None,
    pack: Annotated[str | None, typer.Option(help="Model pack: a name in the cache, or a folder.")] = None,
    models_cache: Annotated[Path | None, typer.Option(help="Where prepared packs lie.")] = None,
    http_port: Annotated[int | None, typer.Option(help="For /metrics, /healthz, /readyz; 0 takes a free one.")] = None,
) -> None:
    """Run the matching cluster until SIGTERM or Ctrl-C.

    Every flag has an environment key; see docs/settings.md.

    Examples:
      watchbound match run --workers 2
      watchbound match run --workers 4 --provider cuda --gpus-per-worker 0.25
    """
    logs = load(LogSettings)
    configure_logs("matching", logs)
    configuration = MatchingConfiguration(
        kafka=load(KafkaSettings, bootstrap=bootstrap),
        milvus=load(MilvusSettings, uri=milvus_uri),
        models=load(ModelSettings, provider=provider, pack=pack, cache=models_cache),
        authority=load(AuthoritySettings),
        clock=load(ClockSettings),
        trust=load(TrustSettings),
        keys=load(KeySettings),
        audit=load(AuditSettings),
        matching=load(MatchingSettings, workers=workers, gpus_per_worker=gpus_per_worker, ray_address=ray_address),
        logs=logs,
    )
    http = load(HttpSettings, port=http_port)
    MatchingService(configuration, http).run(stop_on_signals())
