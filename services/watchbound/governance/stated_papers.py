"""The papers of an entry as people write them down: in the columns of a CSV, in a file of defaults, in flags."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from pathlib import Path

import yaml

from watchbound.domain.entry_papers import EntryPapers
from watchbound.domain.errors import ConfigurationError, InvalidValue
from watchbound.plain_yaml import load_yaml

PAPER_COLUMNS = ("source", "lawful_holding", "image_date", "expires", "under_18", "under_18_reason")
_YES_OR_NO = {"yes": True, "true": True, "no": False, "false": False, "": False}


def read_paper_defaults(path: Path) -> dict[str, str]:
    """What holds for every entry that does not say otherwise: a YAML file with some of `PAPER_COLUMNS`.

    Raises:
        ConfigurationError: there is no such file, or it holds something else.
    """
    try:
        # Every scalar stays the text that was written: YAML would make a date of one column and a bool of another.
        found = load_yaml(path.read_text(encoding="utf-8"), only_text=True)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        msg = f"--papers: expected a YAML file with {', '.join(PAPER_COLUMNS)}, got {path} ({error})"
        raise ConfigurationError(msg) from error
    texts = isinstance(found, dict) and all(isinstance(value, str) for value in found.values())
    if not texts or not set(found) <= set(PAPER_COLUMNS):
        msg = f"--papers: expected a YAML file with only {', '.join(PAPER_COLUMNS)}, each one text, in {path}"
        raise ConfigurationError(msg)
    return {str(name): str(value) for name, value in found.items()}


def papers_from(stated: Mapping[str, str], added_by: str, added_at: datetime) -> EntryPapers:
    """Papers of what was stated; what is not stated is missing, and never guessed.

    Raises:
        InvalidValue: something is missing or not well-formed; the message names the column.
    """
    missing = [name for name in ("source", "lawful_holding", "image_date", "expires") if not stated.get(name)]
    if missing:
        msg = f"{' and '.join(missing)} must be stated: in the row, with --papers, or with a flag"
        raise InvalidValue(msg)
    under_18 = stated.get("under_18", "").lower()
    if under_18 not in _YES_OR_NO:
        msg = f"under_18 is yes or no, got {under_18[:40]!r}"
        raise InvalidValue(msg)
    return EntryPapers(
        source=stated["source"],
        lawful_holding=stated["lawful_holding"],
        image_date=_day(stated["image_date"]),
        expires_at=_moment(stated["expires"]),
        added_by=added_by,
        added_at=added_at,
        under_18=_YES_OR_NO[under_18],
        under_18_reason=stated.get("under_18_reason", ""),
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        msg = f"image_date is a day such as 2026-11-02, got {text[:40]!r}"
        raise InvalidValue(msg) from error


def _moment(text: str) -> datetime:
    """A day stands for its beginning in UTC, so that who is listed until a day is not listed on it."""
    try:
        if len(text) == len("2026-11-02"):
            return datetime.combine(date.fromisoformat(text), time(), UTC)
        return datetime.fromisoformat(text)
    except ValueError as error:
        msg = f"expires is a moment with its zone such as 2026-11-30T18:00Z, or a day, got {text[:40]!r}"
        raise InvalidValue(msg) from error
