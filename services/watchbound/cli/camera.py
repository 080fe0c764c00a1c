"""`watchbound camera`: sites of cameras."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from watchbound.adapters.logs import configure_logs
from watchbound.adapters.service import stop_on_signals
from watchbound.camera.check import CameraReport, check_site
from watchbound.camera.main import CameraConfiguration, run_site
from watchbound.camera.site import load_site
from watchbound.camera.sources.choose import source_of
from watchbound.settings import (
    AuditSettings,
    AuthoritySettings,
    CameraSettings,
    ClockSettings,
    HttpSettings,
    KafkaSettings,
    KeySettings,
    LogSettings,
    TrustSettings,
    load,
)

app = typer.Typer(
    help="Publish the frames of a site's cameras, under authority.", no_args_is_help=True, rich_markup_mode=None
)

SiteFile = Annotated[Path, typer.Argument(metavar="SITE.yaml", help="The site file; see docs/cameras.md.")]


@app.command()
def run(
    site: SiteFile,
    bootstrap: Annotated[str | None, typer.Option(help="Kafka, host:port.")] = None,
    http_port: Annotated[int | None, typer.Option(help="For /metrics, /healthz, /readyz; 0 takes a free one.")] = None,
) -> None:
    """Run every camera of a site until SIGTERM or Ctrl-C, or until all sources that play once have ended.

    Frames are published only while an active authorisation covers their camera; without one, only the camera's
    health is watched.

    Examples:
      watchbound camera run site.yaml
      watchbound camera run site.yaml --bootstrap kafka.example:9092 --http-port 9101
    """
    configure_logs("camera", load(LogSettings))
    configuration = CameraConfiguration(
        site=load_site(site, load(CameraSettings)),
        kafka=load(KafkaSettings, bootstrap=bootstrap),
        authority=load(AuthoritySettings),
        clock=load(ClockSettings),
        trust=load(TrustSettings),
        keys=load(KeySettings),
        audit=load(AuditSettings),
        http=load(HttpSettings, port=http_port),
    )
    run_site(configuration, stop_on_signals())


@app.command()
def check(
    site: SiteFile,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as a JSON array.")] = False,
) -> None:
    """Open every source of a site, look at its first pictures, and say what it sends.

    Needs no broker and no authority: nothing is kept or published. Ends with code 1 if a camera failed.

    Examples:
      watchbound camera check site.yaml
      watchbound camera check site.yaml --json
    """
    configure_logs("camera", load(LogSettings, level="warning"))
    config = load_site(site, load(CameraSettings))
    with Console(stderr=True).status(f"looking at {len(config.cameras)} camera(s)"):
        reports = check_site(config, source_of, (lambda _report: None) if as_json else _tell)
    if as_json:
        print(json.dumps([report.as_json() for report in reports], indent=2))
    if any(report.problem is not None for report in reports):
        raise typer.Exit(1)


def _tell(report: CameraReport) -> None:
    if report.problem is not None:
        print(f"{report.camera}: {report.source}: failed: {report.problem}")
        return
    rate = "one picture" if report.fps is None else f"{report.fps:g} a second"
    print(f"{report.camera}: {report.source}: {report.state.value}, {report.width}×{report.height}, {rate}")
