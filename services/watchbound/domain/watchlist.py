"""Who a deployment looks for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from watchbound.domain.embedding import Embedding
from watchbound.domain.entry_papers import EntryPapers
from watchbound.domain.errors import InvalidValue
from watchbound.domain.frame import require_name
from watchbound.domain.moment import require_aware


class ResponseLevel(Enum):
    """What an alert on the entry asks of officers."""

    RED = "red"
    AMBER = "amber"
    GREEN = "green"


class Category(Enum):
    """Why a person may be on a watchlist: a closed list (Bridges, 2020), never free text."""

    WANTED_BY_COURT = "wanted-by-court"
    SUSPECT_OF_OFFENCE = "suspect-of-offence"
    SUBJECT_TO_CONDITIONS = "subject-to-conditions"
    MISSING = "missing"
    RISK_OF_HARM = "risk-of-harm"
    SEEDED_VOLUNTEER = "seeded-volunteer"


@dataclass(frozen=True, slots=True)
class WatchlistEntry:
    """One person on one authorisation's list; several images may share it.

    Attributes:
        reference: the force's own reference for the person; never a name.
    """

    authorisation_id: str
    reference: str
    category: Category
    response_level: ResponseLevel

    def __post_init__(self) -> None:
        require_name(self.authorisation_id, "an authorisation id")
        require_name(self.reference, "an entry reference")


@dataclass(frozen=True, slots=True)
class EnrolledImage:
    """One image of an entry, as the gallery holds it.

    Attributes:
        image_id: sha256 of the image file, hexadecimal: the same picture twice is one row.
    """

    entry: WatchlistEntry
    image_id: str
    embedding: Embedding


@dataclass(frozen=True, slots=True)
class EntryAdded:
    """An entry as it stands after an addition: searchable from now on, by every worker.

    Attributes:
        images: all images of the entry, so that a compacted topic keeps the whole of it.
        papers: why the person may be listed, and on whose word.
    """

    entry: WatchlistEntry
    images: tuple[EnrolledImage, ...]
    at: datetime
    papers: EntryPapers | None = None

    def __post_init__(self) -> None:
        require_aware(self.at, "at")
        if not self.images:
            msg = "an added entry must have at least one image"
            raise InvalidValue(msg)
        if any(image.entry != self.entry for image in self.images):
            msg = "all images of an added entry must be of that entry"
            raise InvalidValue(msg)
        if len({image.embedding.model_digest for image in self.images}) > 1:
            msg = "all images of an added entry must be embedded by one model; enrol them again with the present one"
            raise InvalidValue(msg)


@dataclass(frozen=True, slots=True)
class EntryRemoved:
    """An entry, with all its images, may no longer match."""

    authorisation_id: str
    reference: str
    at: datetime

    def __post_init__(self) -> None:
        require_name(self.authorisation_id, "an authorisation id")
        require_name(self.reference, "an entry reference")
        require_aware(self.at, "at")


WatchlistChange = EntryAdded | EntryRemoved
