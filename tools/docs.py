"""Writes the documents that are made from the code (`make docs`), the same bytes each time."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings

from tools import asyncapi
from tools.contracts import CONTRACTS, DOCS
from watchbound import settings
from watchbound.pipeline.metric_names import ALL_METRICS, PREFIX
from watchbound.pipeline.topics import CLOCK, Topic
from watchbound.ports import MetricKind

MADE = "<!-- Made by `make docs`. Do not edit. -->"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; a bar inside a cell is escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def metrics() -> str:
    """`docs/metrics.md`."""
    rows = [
        (
            f"`{PREFIX}{metric.name}{'_total' if metric.kind is MetricKind.COUNTER else ''}`",
            metric.kind.value,
            "" if metric.unit == "1" else metric.unit,
            ", ".join(f"`{label}`" for label in metric.labels),
            metric.meaning,
        )
        for metric in ALL_METRICS
    ]
    return f"""{MADE}
# Metrics

Every service serves them at `/metrics` in Prometheus's text format; a service shows those that it has recorded.
They are defined in `services/watchbound/pipeline/metric_names.py`. No label ever names a person, an entry of a
watchlist, an alert or a track.

{table(("metric", "kind", "unit", "labels", "meaning"), rows)}
"""


def setting_classes() -> list[type[BaseSettings]]:
    """Every class of settings, in the order of the file."""
    values = vars(settings).values()
    return [v for v in values if isinstance(v, type) and issubclass(v, BaseSettings) and v is not BaseSettings]


def settings_page() -> str:
    """`docs/settings.md`."""
    sections = []
    for kind in setting_classes():
        prefix = str(kind.model_config.get("env_prefix", ""))
        rows = [
            (
                f"`{prefix}{name.upper()}`",
                _type(field.annotation),
                _bounds(field),
                _default(field),
                field.description or "",
            )
            for name, field in kind.model_fields.items()
        ]
        title = kind.__name__.removesuffix("Settings")
        head = ("key", "type", "bounds", "default", "meaning")
        sections.append(f"## {title}\n\n{kind.__doc__}\n\n{table(head, rows)}")
    return f"""{MADE}
# Settings

Every setting is read from the environment once, when a service starts, and is then frozen. A command-line flag of the
same meaning wins. A value that is not valid stops the service with exit code 2 and a message that names its key.
They are defined in `services/watchbound/settings.py`; nothing else reads the environment.

{chr(10).join(section + chr(10) for section in sections).rstrip()}
"""


def topics() -> str:
    """`docs/topics.md`."""
    rows = [
        (
            f"`{contract.topic.name}`",
            contract.topic.key,
            f"[`{contract.message.rpartition('.')[2]}`](../proto/{contract.proto.relative_to(DOCS.parent / 'proto')})",
            str(contract.topic.partitions),
            _kept(contract.topic),
            ", ".join(contract.senders) or "nothing yet",
            ", ".join(contract.readers) or "nothing yet",
        )
        for contract in CONTRACTS
    ]
    says = "\n".join(f"- `{contract.topic.name}`: {contract.says}" for contract in CONTRACTS)
    return f"""{MADE}
# Topics

They are defined in `services/watchbound/pipeline/topics.py`. The same in AsyncAPI 3.0, with example payloads from
`proto/examples/`, is [asyncapi.yaml](asyncapi.yaml).
Why the keys are as they are: [decision 2](decisions/0002-subject-key.md) and
[decision 3](decisions/0003-entire-entries.md).

{table(("topic", "key", "value", "partitions", "kept", "sent by", "read by"), rows)}

{says}

Beside them services write to `{CLOCK.name}` ({CLOCK.partitions} partition, kept for {_kept(CLOCK)}): records
without key and value, sent only for the time that the broker writes on them ([the clock](operations.md#the-clock)).
"""


def _kept(topic: Topic) -> str:
    retention = topic.retention
    if retention is None:
        return "compacted: the latest of each key"
    for unit, length in (("days", timedelta(days=1)), ("hours", timedelta(hours=1)), ("minutes", timedelta(minutes=1))):
        if retention % length == timedelta(0):
            count = retention // length
            return f"{count} {unit if count > 1 else unit.removesuffix('s')}"
    return f"{int(retention.total_seconds())} seconds"


def _type(annotation: Any) -> str:
    if get_origin(annotation) is Literal:
        return " or ".join(f"`{value}`" for value in get_args(annotation))
    if get_origin(annotation) in (Union, types.UnionType):
        return " or ".join(_type(part) for part in get_args(annotation) if part is not type(None)) + ", optional"
    names = {"str": "text", "SecretStr": "secret text", "int": "integer", "float": "number", "Path": "path"}
    name = str(annotation.__name__)
    return names.get(name, name)


def _bounds(field: FieldInfo) -> str:
    signs = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤", "min_length": "length ≥"}
    found = [
        f"{sign} {getattr(rule, name):g}"
        for rule in field.metadata
        for name, sign in signs.items()
        if getattr(rule, name, None) is not None
    ]
    return ", ".join(found)


def _default(field: FieldInfo) -> str:
    if field.default is PydanticUndefined:
        return "required"
    # A default stands in the code for everybody to read: it is no secret.
    default = field.default.get_secret_value() if isinstance(field.default, SecretStr) else field.default
    return "" if default is None else f"`{default}`"


def pages() -> Mapping[Path, str]:
    """Every generated document with its text."""
    return {
        DOCS / "metrics.md": metrics(),
        DOCS / "settings.md": settings_page(),
        DOCS / "topics.md": topics(),
        DOCS / "asyncapi.yaml": asyncapi.render(),
    }


def stale(directory: Path = DOCS) -> list[str]:
    """Names of the documents in `directory` that are not what the code makes now."""
    made = {directory / path.name: text for path, text in pages().items()}
    return [path.name for path, text in made.items() if not path.is_file() or path.read_text() != text]


def main() -> None:
    """Write what changed and say so."""
    for name in stale():
        (DOCS / name).write_text(pages()[DOCS / name])
        print(f"docs/{name}", file=sys.stderr)


if __name__ == "__main__":
    main()
