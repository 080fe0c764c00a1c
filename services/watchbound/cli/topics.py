"""`watchbound topics`: make the broker's topics as they must stand, and check that they do."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated

import typer

from watchbound.adapters.kafka_topics import apply_topics, check_topics
from watchbound.adapters.logs import configure_logs
from watchbound.cli.acls import acls
from watchbound.pipeline.topic_check import Difference
from watchbound.pipeline.topics import ALL_TOPICS, CLOCK, Topic, windows_topic
from watchbound.settings import KafkaSettings, LogSettings, PurgeSettings, load

app = typer.Typer(
    help="Make the broker's topics as they must stand, and check them.", no_args_is_help=True, rich_markup_mode=None
)

Bootstrap = Annotated[str | None, typer.Option(help="Kafka, host:port.")]
Replicas = Annotated[
    int | None, typer.Option("--replication-factor", min=1, help="WATCHBOUND_KAFKA_REPLICATION_FACTOR if not given.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
app.command("acls")(acls)


@app.callback()
def group() -> None:
    """Make the broker's topics as they must stand, and check that they do."""
    configure_logs("topics", load(LogSettings, level="warning"))


@app.command()
def apply(bootstrap: Bootstrap = None, replicas: Replicas = None, as_json: AsJson = False) -> None:
    """Create the topics that are missing, and put the settings that differ; again, it changes nothing.

    Partitions and replicas of a topic that exists are left as they are, since changing them moves keys or records.
    Where they differ the exit code is 1 and the message says which.

    Examples:
      watchbound topics apply --bootstrap kafka:9092
      watchbound topics apply --bootstrap kafka-1:9092,kafka-2:9092,kafka-3:9092 --replication-factor 3
    """
    mended, left = apply_topics(_settings(bootstrap, replicas), _topics())
    if as_json:
        facts = {"mended": [each.facts() for each in mended], "by_hand": [each.facts() for each in left]}
        print(json.dumps(facts, indent=2))
    else:
        for each in mended:
            print(f"mended   {_line(each)}")
        _tell(left)
    if left:
        raise typer.Exit(1)


@app.command()
def check(bootstrap: Bootstrap = None, replicas: Replicas = None, as_json: AsJson = False) -> None:
    """Say what is not as it must be, and change nothing; ends with code 1 if anything is not.

    Examples:
      watchbound topics check --bootstrap kafka:9092
      watchbound topics check --replication-factor 3 --json | jq -r '.differences[].config'
    """
    found = check_topics(_settings(bootstrap, replicas), _topics())
    if as_json:
        print(json.dumps({"ok": not found, "differences": [each.facts() for each in found]}, indent=2))
    else:
        _tell(found)
    if found:
        raise typer.Exit(1)


def _settings(bootstrap: str | None, replicas: int | None) -> KafkaSettings:
    return load(KafkaSettings, bootstrap=bootstrap, replication_factor=replicas)


def _topics() -> list[Topic]:
    return [*ALL_TOPICS, CLOCK, windows_topic(load(PurgeSettings).windows_topic)]


def _line(each: Difference) -> str:
    return f"{each.topic}: {each.config}: expected {each.expected}, found {each.found}"


def _tell(found: Sequence[Difference]) -> None:
    for each in found:
        print(f"{'by hand' if each.by_hand else 'differs':8} {_line(each)}")
    if not found:
        print(f"all {len(_topics())} topics stand as they must")
