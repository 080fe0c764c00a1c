"""`watchbound topics`: make the broker's topics as they must stand."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from watchbound.adapters.kafka_topics import ensure_topics
from watchbound.adapters.logs import configure_logs
from watchbound.pipeline.topics import ALL_TOPICS
from watchbound.settings import KafkaSettings, LogSettings, load

app = typer.Typer(help="Make the broker's topics as they must stand.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def group() -> None:
    """Make the broker's topics as they must stand."""


@app.command()
def apply(
    bootstrap: Annotated[str | None, typer.Option(help="Kafka, host:port.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the topics as JSON.")] = False,
) -> None:
    """Create the topics that are missing; those that exist stay as they are.

    Examples:
      watchbound topics apply --bootstrap kafka:9092
    """
    configure_logs("topics", load(LogSettings))
    ensure_topics(load(KafkaSettings, bootstrap=bootstrap), ALL_TOPICS)
    if as_json:
        print(json.dumps([{"name": t.name, "partitions": t.partitions, "config": t.config()} for t in ALL_TOPICS]))
    else:
        print(f"{len(ALL_TOPICS)} topics stand on the broker")
