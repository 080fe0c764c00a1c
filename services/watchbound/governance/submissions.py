"""What is handed in for a watchlist: a folder, or a CSV that names files. Says what is wrong row by row."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import TypeVar

from watchbound.domain.entry_papers import EntryPapers
from watchbound.domain.errors import ConfigurationError, InvalidValue
from watchbound.domain.watchlist import Category, ResponseLevel, WatchlistEntry
from watchbound.extraction.handed_in import is_csv, pictures_of, rows_of
from watchbound.governance.enrolment_report import ImageReport, Outcome
from watchbound.governance.stated_papers import PAPER_COLUMNS, papers_from

E = TypeVar("E", bound=Enum)

COLUMNS = ("path", "reference", "category", "response_level")
"""Of a CSV; those of `PAPER_COLUMNS` may stand beside them."""


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds for every entry that does not say otherwise.

    Attributes:
        papers: as people write them, by the names of `PAPER_COLUMNS`; not all of them need be there.
        added_by, added_at: who hands in, and when.
    """

    authorisation_id: str
    category: Category
    response_level: ResponseLevel
    papers: Mapping[str, str]
    added_by: str
    added_at: datetime

    def papers_of(self, row: Mapping[str, str]) -> EntryPapers:
        """The papers of one row, over the defaults.

        Raises:
            InvalidValue: something is missing or not well-formed.
        """
        return papers_from({**self.papers, **row}, self.added_by, self.added_at)


@dataclass(frozen=True, slots=True)
class Submission:
    """One image for one entry."""

    path: Path
    entry: WatchlistEntry
    papers: EntryPapers


Line = Submission | ImageReport
"""An image to look at, or what was wrong before it could be."""


def read_submissions(source: Path, defaults: Defaults) -> list[Line]:
    """All that a folder or a CSV hands in, in a stable order.

    Raises:
        ConfigurationError: the source is neither, is empty, or the CSV lacks a column.
    """
    lines = list(_of_csv(source, defaults) if is_csv(source) else _of_folder(source, defaults))
    if not lines:
        msg = f"expected at least one image, found none in {source}"
        raise ConfigurationError(msg)
    return list(_without_contradictions(lines))


def _of_folder(folder: Path, defaults: Defaults) -> Iterator[Line]:
    """A file is an entry named after it; a sub-folder is an entry named after it with all images beneath."""
    pictures = list(pictures_of(folder))
    names: dict[str, set[str]] = {}
    for name, _ in pictures:
        names.setdefault(reference_of(name), set()).add(name)
    for name, path in pictures:
        reference = reference_of(name)
        if len(names[reference]) > 1:
            # Neither wins: they may be two people.
            alike = ", ".join(sorted(names[reference]))
            detail = f"more than one name becomes the reference {reference}: {alike}; rename all but one"
            yield ImageReport(str(path), name, Outcome.BAD_ROW, detail)
        else:
            yield _submission(path, reference, defaults)


def reference_of(name: str) -> str:
    """The reference that the name of a file or folder stands for: `Anna Müller` is `Anna-Muller`.

    Accents are dropped and spaces become hyphens. Nothing else is changed: what is then no reference is refused, since
    to guess at letters would be to guess at who is meant.
    """
    plain = "".join(each for each in unicodedata.normalize("NFKD", name) if not unicodedata.combining(each))
    return "-".join(plain.split())


_RULE = "of the name of a file or folder accents are dropped and spaces become -, nothing else is changed"


def _submission(path: Path, reference: str, defaults: Defaults) -> Line:
    try:
        entry = WatchlistEntry(defaults.authorisation_id, reference, defaults.category, defaults.response_level)
        papers = defaults.papers_of({})
    except InvalidValue as error:
        return ImageReport(str(path), reference, Outcome.BAD_ROW, f"{error}; {_RULE}")
    return Submission(path, entry, papers)


def _of_csv(source: Path, defaults: Defaults) -> Iterator[Line]:
    remark = "; category and response_level may be left empty in a row"
    for number, row in rows_of(source, COLUMNS, remark):
        yield _of_row(row, number, source.parent, defaults)


def _of_row(row: Mapping[str, str], number: int, folder: Path, defaults: Defaults) -> Line:
    path, reference, category, level = (row[column] for column in COLUMNS)
    try:
        if not path:
            msg = "path is empty"
            raise InvalidValue(msg)
        entry = WatchlistEntry(
            defaults.authorisation_id,
            reference,
            _member(Category, category, "category") if category else defaults.category,
            _member(ResponseLevel, level, "response_level") if level else defaults.response_level,
        )
        stated = {name: text for name in PAPER_COLUMNS if (text := row.get(name, ""))}
        papers = defaults.papers_of(stated)
    except InvalidValue as error:
        return ImageReport(path, reference, Outcome.BAD_ROW, f"row {number}: {error}")
    return Submission(folder / path, entry, papers)


def _member(kind: type[E], value: str, column: str) -> E:
    try:
        return kind(value.lower())
    except ValueError as error:
        msg = f"{column} must be one of {', '.join(member.value for member in kind)}, got {value[:80]!r}"
        raise InvalidValue(msg) from error


def _without_contradictions(lines: Iterable[Line]) -> Iterator[Line]:
    """An entry has one category, one response level and one set of papers: the first line to name it decides."""
    first: dict[str, Submission] = {}
    for line in lines:
        if isinstance(line, Submission):
            earlier = first.setdefault(line.entry.reference, line)
            known = earlier.entry
            if line.papers != earlier.papers:
                detail = f"{known.reference} has other papers in an earlier row; an entry has one set of papers"
                yield ImageReport(str(line.path), known.reference, Outcome.BAD_ROW, detail)
                continue
            if line.entry != known:
                detail = (
                    f"{known.reference} is {known.category.value}, {known.response_level.value} in an earlier row "
                    f"and {line.entry.category.value}, {line.entry.response_level.value} here; an entry has one of each"
                )
                yield ImageReport(str(line.path), known.reference, Outcome.BAD_ROW, detail)
                continue
        yield line
