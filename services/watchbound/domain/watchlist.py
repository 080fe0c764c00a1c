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
from watchbound.domain.signature import Signature


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
class EntryProposed:
    """An entry as one officer wants it to stand: searchable by nobody until another approves it.

    Attributes:
        images: all images of the entry, those that were approved before included.
        papers: why the person may be listed; they name nobody who approved.
        signature: of the officer who proposes (`listing.proposal_statement`).
    """

    entry: WatchlistEntry
    images: tuple[EnrolledImage, ...]
    papers: EntryPapers
    signature: Signature

    def __post_init__(self) -> None:
        _require_images_of(self.entry, self.images)
        if self.papers.approved_by:
            msg = f"a proposal has not been approved by anybody, got {self.papers.approved_by}"
            raise InvalidValue(msg)


@dataclass(frozen=True, slots=True)
class EntryAdded:
    """An entry as it stands after it was approved: searchable from now on, by every worker that believes it.

    Attributes:
        images: all images of the entry, so that a compacted topic keeps the whole of it.
        papers: why the person may be listed, and on whose word.
        at: when it was approved.
        proposed, approved: the signatures of the two officers (see `listing`).
    """

    entry: WatchlistEntry
    images: tuple[EnrolledImage, ...]
    papers: EntryPapers
    at: datetime
    proposed: Signature
    approved: Signature

    def __post_init__(self) -> None:
        require_aware(self.at, "at")
        _require_images_of(self.entry, self.images)
        if not self.papers.approved_by:
            msg = f"the entry {self.entry.reference} names nobody who approved it"
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


def _require_images_of(entry: WatchlistEntry, images: tuple[EnrolledImage, ...]) -> None:
    if not images:
        msg = "an added entry must have at least one image"
        raise InvalidValue(msg)
    if any(image.entry != entry for image in images):
        msg = "all images of an added entry must be of that entry"
        raise InvalidValue(msg)
    if len({image.embedding.model_digest for image in images}) > 1:
        msg = "all images of an added entry must be embedded by one model; enrol them again with the present one"
        raise InvalidValue(msg)
