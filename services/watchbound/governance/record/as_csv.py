"""The record for spreadsheets: one figure a row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from watchbound.governance.record.as_json import document
from watchbound.governance.record.build import DeploymentRecord

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(record: DeploymentRecord) -> str:
    """`field,value` with the names of the JSON joined by dots; elements of lists are numbered from 1."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(["field", "value"])
    rows.writerows((name, _cell(value)) for name, value in _flat("", document(record)))
    return out.getvalue()


def _flat(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(f"{name}.{key}" if name else str(key), inner)
    elif isinstance(value, list):
        for number, inner in enumerate(value, start=1):
            yield from _flat(f"{name}.{number}", inner)
    else:
        yield name, value


def _cell(value: Any) -> str:
    if isinstance(value, str) and value.startswith(_FORMULA):
        # A reason that begins like a formula would be run by the spreadsheet that opens it.
        return f"'{value}"
    return "" if value is None else str(value)
