"""Pictures that are labelled with who is on them, and people who are labelled with the groups they belong to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from watchbound.domain.errors import ConfigurationError
from watchbound.extraction.handed_in import is_csv, pictures_of, rows_of

COLUMNS = ("path", "person")
ROLE = "role"


class PictureRole(Enum):
    """What a picture is for."""

    REFERENCE = "reference"
    PROBE = "probe"


@dataclass(frozen=True, slots=True)
class LabelledPicture:
    """A picture of one person.

    Attributes:
        role: what it is for, where whoever labelled it said so.
    """

    path: Path
    person: str
    role: PictureRole | None = None


def read_pictures(source: Path) -> tuple[LabelledPicture, ...]:
    """A folder with a sub-folder for each person, or a CSV of path, person and, if wanted, role; in a stable order.

    Raises:
        ConfigurationError: it is neither, holds nothing, or a row of it makes no sense.
    """
    if is_csv(source):
        pictures = tuple(_of_row(source, number, row) for number, row in rows_of(source, COLUMNS))
    else:
        pictures = tuple(LabelledPicture(path, person) for person, path in pictures_of(source))
    if not pictures:
        msg = f"expected at least one image, found none in {source}"
        raise ConfigurationError(msg)
    return pictures


def _of_row(source: Path, number: int, row: Mapping[str, str]) -> LabelledPicture:
    path, person, role = row["path"], row["person"], row.get(ROLE, "").lower()
    if not path or not person:
        msg = f"{source}, row {number}: expected a path and a person, got {path!r} and {person!r}"
        raise ConfigurationError(msg)
    if role and role not in {known.value for known in PictureRole}:
        roles = " or ".join(known.value for known in PictureRole)
        msg = f"{source}, row {number}: {ROLE} must be {roles}, or empty, got {role!r}"
        raise ConfigurationError(msg)
    return LabelledPicture(source.parent / path, person, PictureRole(role) if role else None)


def read_labels(source: Path) -> Mapping[str, Mapping[str, str]]:
    """By attribute, the group of each person: a CSV of person and a column an attribute; empty cells are left out.

    Groups are what people recorded about themselves or others; nothing here ever guesses one from a face.

    Raises:
        ConfigurationError: it is no such file, or names somebody twice.
    """
    groups: dict[str, dict[str, str]] = {}
    seen: set[str] = set()
    for number, row in rows_of(source, ("person",)):
        person = row["person"]
        if not person or person in seen:
            again = " again" if person else ""
            msg = f"{source}, row {number}: expected one row for each person, got {person!r}{again}"
            raise ConfigurationError(msg)
        seen.add(person)
        for attribute, group in row.items():
            if attribute != "person" and group:
                groups.setdefault(attribute, {})[person] = group
    if not groups:
        msg = f"{source}: expected a column for at least one attribute beside person, with groups in it"
        raise ConfigurationError(msg)
    return groups
