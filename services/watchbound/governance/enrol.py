"""Proposes people for an authorisation's watchlist. Nobody is searchable before another officer has approved them.

Templates are made here and wait on the proposals topic, which no worker follows. Enrolling the same source again is
always safe: what stands already is passed over, and what waits already is said once more.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
import simplejpeg

from watchbound.domain.authorisation import Authorisation
from watchbound.domain.entry_papers import EntryPapers
from watchbound.domain.errors import NotTrusted
from watchbound.domain.listing import proposal_statement, says_nothing_new
from watchbound.domain.picture import PictureName
from watchbound.domain.signature import Role
from watchbound.domain.terms import Terms
from watchbound.domain.watchlist import EnrolledImage, EntryProposed, WatchlistEntry
from watchbound.extraction.enrolment import FaceReader, FaceRefused
from watchbound.extraction.still import STILL_LIMITS
from watchbound.governance.enrolment_report import EnrolmentReport, ImageReport, Outcome
from watchbound.governance.roll import Roll
from watchbound.governance.submissions import Line, Submission
from watchbound.governance.watchlist_log import Pending, WatchlistLog
from watchbound.pipeline.audit import AuditTrail
from watchbound.pipeline.audit_acts import Act
from watchbound.pipeline.pictures import WatchlistPictures
from watchbound.pipeline.watchlist_roster import Roster
from watchbound.ports import Clock, Gallery, Image, Signer, TrustList

T = TypeVar("T")

DUPLICATE_SIMILARITY = 0.70
"""From here on two references are taken for one person until a person says otherwise (cosine)."""

_BATCH_ENTRIES = 16
_PICTURE_PIXELS = 480
_PICTURE_QUALITY = 90

ImageDone = Callable[[ImageReport], None]


@dataclass(slots=True)
class _Group:
    """The images handed in for one entry, with their places in the report."""

    entry: WatchlistEntry
    papers: EntryPapers
    submissions: list[tuple[int, Submission]] = field(default_factory=list)


class Enroller:
    """Reads images and proposes them, entry by entry.

    Args:
        gallery: where approved templates are kept.
        log: where proposals wait.
        clock: what expires is told by it.
        faces: images to templates.
        permission: returns the authorisation if people may be enrolled under it at this moment, else raises; it is
            asked again before every batch, so that a cancellation stops a long run.
        roster: who is listed now.
        pending: what waits for approval now.
        signer: the proposing officer's key.
        trust: says whose key that is, and whether they may propose.
        audit: told before anything is proposed.
        pictures: where the faces of accepted images rest, sealed, for reviewers to compare with.
        duplicate_at: cosine similarity from which an image is refused as another entry's.
    """

    def __init__(
        self,
        gallery: Gallery,
        log: WatchlistLog,
        clock: Clock,
        faces: FaceReader,
        permission: Callable[[str], Authorisation],
        roster: Roster,
        pending: Pending,
        signer: Signer,
        trust: TrustList,
        audit: AuditTrail,
        pictures: WatchlistPictures,
        duplicate_at: float = DUPLICATE_SIMILARITY,
    ) -> None:
        self._gallery = gallery
        self._log = log
        self._clock = clock
        self._faces = faces
        self._permission = permission
        self._roster = roster
        self._pending = pending
        self._signer = signer
        self._trust = trust
        self._audit = audit
        self._pictures = pictures
        self._duplicate_at = duplicate_at

    def enrol(self, authorisation_id: str, lines: Sequence[Line], on_image: ImageDone) -> EnrolmentReport:
        """Propose what can be proposed; one bad image never fails the rest.

        Args:
            authorisation_id: whose watchlist.
            lines: what was handed in.
            on_image: told of each image once it has been looked at.

        Raises:
            UnknownReference, NotAuthorised: nobody may be enrolled under the authorisation, or not by this officer.
            InvalidValue: the watchlist was begun with another model.
            Unavailable: a store does not answer; what was acknowledged stays, and the same call again does the rest.
        """
        self._permission(authorisation_id)
        self._gallery.create(authorisation_id, self._faces.model_digest, self._faces.dimension)
        roll = self._roll(authorisation_id)
        reports: dict[int, ImageReport] = {}
        for index, line in enumerate(lines):
            if isinstance(line, ImageReport):
                reports[index] = line
                on_image(line)
        for batch in _batches(_by_entry(lines), _BATCH_ENTRIES):
            permitted = self._permission(authorisation_id)
            self._propose_batch(batch, permitted, roll, reports, on_image)
        return EnrolmentReport(authorisation_id, tuple(reports[index] for index in sorted(reports)))

    def _roll(self, authorisation_id: str) -> Roll:
        """Everybody whom two officers listed, and everybody who waits; nobody else who may lie in the gallery."""
        now = self._clock.now()
        listed = {listing.entry.reference: listing for listing in self._roster.listings(authorisation_id, now)}
        stored = [
            image
            for image in self._gallery.images(authorisation_id)
            if image.entry.reference in listed and image.image_id in listed[image.entry.reference].image_ids
        ]
        waiting = [image for proposal in self._pending.of(authorisation_id) for image in proposal.images]
        return Roll([*stored, *waiting], self._faces.dimension)

    def _propose_batch(
        self,
        batch: Sequence[_Group],
        permitted: Authorisation,
        roll: Roll,
        reports: dict[int, ImageReport],
        on_image: ImageDone,
    ) -> None:
        proposals: list[EntryProposed] = []
        faces: dict[PictureName, Image] = {}
        for group in batch:
            wanted = False
            beyond = beyond_terms(permitted, group.entry, roll)
            for index, submission in group.submissions:
                refusal = None if beyond is None else _refused(submission, *beyond)
                reports[index] = refusal or self._look(submission, roll, faces)
                wanted |= reports[index].outcome.enrolled
                on_image(reports[index])
            if not wanted:
                continue
            # The latest word on category, response level and papers holds for the images enrolled earlier, too.
            entry = group.entry
            images = tuple(replace(image, entry=entry) for image in roll.of(entry.reference))
            roll.put(images)
            standing = self._roster.find(entry.authorisation_id, entry.reference)
            proposal = self._signed(entry, images, group.papers)
            if standing is None or not says_nothing_new(proposal, standing):
                proposals.append(proposal)
        for proposal in proposals:
            self._audit.record(
                proposal.papers.added_by,
                Act.WATCHLIST_PROPOSED,
                proposal.entry.authorisation_id,
                proposal.papers.lawful_holding,
                object=proposal.entry.reference,
                category=proposal.entry.category.value,
                images=str(len(proposal.images)),
                source=proposal.papers.source,
            )
        for name, picture in faces.items():
            self._pictures.keep(name, encode_face(picture))
        self._log.propose(proposals)

    def _signed(self, entry: WatchlistEntry, images: tuple[EnrolledImage, ...], papers: EntryPapers) -> EntryProposed:
        statement = proposal_statement(entry, [image.image_id for image in images], papers)
        signature = self._signer.sign(statement)
        holder = self._trust.verify(statement, signature, Role.WATCHLIST_OFFICER, papers.added_at)
        if holder != papers.added_by:
            msg = f"the papers of {entry.reference} name {papers.added_by}, but the key is that of {holder}"
            raise NotTrusted(msg)
        return EntryProposed(entry, images, papers, signature)

    def _look(self, submission: Submission, roll: Roll, faces: dict[PictureName, Image]) -> ImageReport:
        """Read one image and put it on the roll and its face among `faces`, or say why not."""
        path, entry = str(submission.path), submission.entry
        try:
            face = self._faces.read(_bytes_of(submission.path))
        except FaceRefused as refused:
            return ImageReport(
                path,
                entry.reference,
                Outcome(refused.reason.value),
                refused.detail,
                components=refused.components,
            )
        except OSError as error:
            detail = f"the file cannot be read: {error.strerror or error}"
            return ImageReport(path, entry.reference, Outcome.UNREADABLE, detail)
        if roll.holds(entry.reference, face.image_id):
            return ImageReport(
                path, entry.reference, Outcome.ALREADY_ENROLLED, quality=face.quality, components=face.components
            )
        nearest = roll.nearest_other(entry.reference, face.embedding)
        if nearest is not None and nearest[1] >= self._duplicate_at:
            other, similarity = nearest
            detail = (
                f"resembles {other} with a similarity of {similarity:.2f}, from {self._duplicate_at:.2f} on refused"
            )
            return ImageReport(
                path,
                entry.reference,
                Outcome.DUPLICATE_OF,
                detail,
                other,
                similarity,
                face.quality,
                face.components,
            )
        roll.put([EnrolledImage(entry, face.image_id, face.embedding)])
        faces[PictureName(entry.authorisation_id, entry.reference, face.image_id)] = face.picture
        return ImageReport(path, entry.reference, Outcome.ACCEPTED, quality=face.quality, components=face.components)


def beyond_terms(permitted: Terms, entry: WatchlistEntry, roll: Roll) -> tuple[Outcome, str] | None:
    """Why the terms allow no such entry beside those on the roll; None when they do."""
    if entry.category not in permitted.categories:
        allowed = ", ".join(sorted(category.value for category in permitted.categories))
        return Outcome.CATEGORY_NOT_PERMITTED, f"{entry.category.value} is none of {allowed}"
    if not roll.of(entry.reference) and roll.entries >= permitted.max_watchlist_size:
        return Outcome.LIST_FULL, f"the list has {roll.entries} entries of at most {permitted.max_watchlist_size}"
    return None


def _refused(submission: Submission, outcome: Outcome, detail: str) -> ImageReport:
    return ImageReport(str(submission.path), submission.entry.reference, outcome, detail)


def encode_face(picture: Image) -> bytes:
    """The picture as a JPEG whose longer side has at most `_PICTURE_PIXELS`."""
    scale = _PICTURE_PIXELS / max(picture.shape[:2])
    if scale < 1.0:
        picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    encoded: bytes = simplejpeg.encode_jpeg(np.ascontiguousarray(picture), _PICTURE_QUALITY, "BGR", "420")
    return encoded


def _by_entry(lines: Iterable[Line]) -> list[_Group]:
    groups: dict[str, _Group] = {}
    for index, line in enumerate(lines):
        if isinstance(line, Submission):
            group = groups.setdefault(line.entry.reference, _Group(line.entry, line.papers))
            group.submissions.append((index, line))
    return list(groups.values())


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def _bytes_of(path: Path) -> bytes:
    """The file, or as much of it as shows that it is too long: the decoder's first gate then refuses it.

    Raises:
        OSError: there is no such file, or it is none that ends.
    """
    if not path.is_file():
        raise FileNotFoundError(errno.ENOENT, "there is no such file")
    with path.open("rb") as file:
        return file.read(STILL_LIMITS.max_bytes + 1)
