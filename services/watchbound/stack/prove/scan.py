"""Searches places and says what was found where; never what it looks like."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from watchbound.stack.prove.exact import ExactSearch
from watchbound.stack.prove.forbidden import Form, Material
from watchbound.stack.prove.near import NearSearch
from watchbound.stack.prove.pixels import SIZE, as_octets
from watchbound.stack.prove.places import Place, PlaceKind, Unreadable

MOST_FINDINGS = 1000
"""Findings listed for one place; the report says when there were more."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something of somebody who is not listed.

    Attributes:
        where: the file, record, page or mapping within the place.
        offset: in bytes; an address for memory.
        length: bytes that are the same, or that the near template takes up.
        cosine: of a near template; None where the bytes are exactly the forbidden ones.
    """

    place: str
    where: str
    offset: int
    length: int
    whose: str
    material: Material
    form: Form
    cosine: float | None = None

    def facts(self) -> dict[str, Any]:
        """As JSON holds it."""
        rounded = None if self.cosine is None else round(self.cosine, 4)
        return {**asdict(self), "material": self.material.value, "form": self.form.value, "cosine": rounded}


@dataclass(frozen=True, slots=True)
class PlaceReport:
    """What came of one place.

    Attributes:
        searched: bytes that were searched; what two blocks share counts twice.
        unreadable: why it could not be read to its end; None when it could.
    """

    name: str
    kind: PlaceKind
    searched: int
    findings: tuple[Finding, ...]
    unreadable: str | None = None

    @property
    def clean(self) -> bool:
        """Whether all of it was read, and nothing found."""
        return self.unreadable is None and not self.findings

    def facts(self) -> dict[str, Any]:
        """As JSON holds it; the findings are listed apart."""
        return {
            "name": self.name,
            "kind": self.kind.value,
            "bytes": self.searched,
            "findings": len(self.findings),
            "unreadable": self.unreadable,
        }


@dataclass(frozen=True, slots=True)
class Searches:
    """Everything that is looked for."""

    exact: ExactSearch
    near: NearSearch


def scan(place: Place, searches: Searches) -> PlaceReport:
    """Search all of a place. One that cannot be read is reported as such, and is not clean."""
    findings: dict[tuple[str, int], Finding] = {}
    searched = 0
    try:
        for piece in place.pieces():
            searched += len(piece.data)
            for finding in _of_piece(place, piece.where, piece.data, searches):
                at = piece.offset + finding.offset
                # What two blocks share is found twice, and counts once.
                findings.setdefault((piece.where, at), replace(finding, offset=at))
            if len(findings) >= MOST_FINDINGS:
                break
    except Unreadable as error:
        return PlaceReport(place.name, place.kind, searched, tuple(findings.values()), str(error))
    return PlaceReport(place.name, place.kind, searched, tuple(findings.values()))


def scan_all(places: Iterable[Place], searches: Searches, progress: Callable[[PlaceReport], None]) -> list[PlaceReport]:
    """Search each place in turn."""
    reports = []
    for place in places:
        report = scan(place, searches)
        progress(report)
        reports.append(report)
    return reports


def _of_piece(place: Place, where: str, data: bytes, searches: Searches) -> Iterable[Finding]:
    for exact in searches.exact.find(data):
        of = exact.of
        yield Finding(place.name, where, exact.offset, exact.length, of.whose, of.material, of.form)
    for exact in searches.exact.find(as_octets(data)):
        offset, length = SIZE * exact.offset, SIZE * exact.length
        yield Finding(place.name, where, offset, length, exact.of.whose, exact.of.material, Form.FLOATS)
    near = [(hit, Form.RAW) for hit in searches.near.find(data)]
    if place.text:
        near += [(hit, Form.DECIMAL) for hit in searches.near.find_numbers(data)]
    for hit, form in near:
        yield Finding(place.name, where, hit.offset, hit.length, hit.whose, Material.TEMPLATE, form, hit.cosine)
