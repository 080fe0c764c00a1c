"""Pictures of people as they are handed in: a folder, or a CSV that names files."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from watchbound.domain.errors import ConfigurationError

_LEFT_BY_SYSTEMS = frozenset({"thumbs.db", "desktop.ini"})


def is_csv(source: Path) -> bool:
    """Whether it is read as a CSV rather than as a folder.

    Raises:
        ConfigurationError: it is neither.
    """
    if source.is_dir():
        return False
    if source.is_file() and source.suffix.lower() == ".csv":
        return True
    msg = f"expected a folder of images or a .csv file, got {source}"
    raise ConfigurationError(msg)


def pictures_of(folder: Path) -> Iterator[tuple[str, Path]]:
    """Name and file of each picture: a file is named after itself, those in a sub-folder after the sub-folder."""
    for child in _visible(folder.iterdir()):
        if child.is_dir():
            for path in _visible(child.rglob("*")):
                if path.is_file():
                    yield child.name, path
        else:
            yield child.stem, child


def _visible(paths: Iterable[Path]) -> list[Path]:
    return sorted(path for path in paths if not path.name.startswith(".") and path.name.lower() not in _LEFT_BY_SYSTEMS)


def rows_of(source: Path, columns: Sequence[str], remark: str = "") -> Iterator[tuple[int, Mapping[str, str]]]:
    """Line number and cells of each row, without the spaces around them; a cell that is not there is empty.

    Args:
        source: a CSV in UTF-8 whose first row names its columns.
        columns: those that must be there; others may be.
        remark: what else to say of the columns when one is missing.

    Raises:
        ConfigurationError: it cannot be read, or lacks a column.
    """
    try:
        with source.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            missing = [column for column in columns if column not in (reader.fieldnames or ())]
            if missing:
                msg = (
                    f"{source}: expected the columns {', '.join(columns)} in the first row, {', '.join(missing)} "
                    f"is not there{remark}"
                )
                raise ConfigurationError(msg)
            for row in reader:
                yield reader.line_num, {name: (text or "").strip() for name, text in row.items() if name is not None}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        msg = f"{source}: expected a CSV file in UTF-8 ({error})"
        raise ConfigurationError(msg) from error
