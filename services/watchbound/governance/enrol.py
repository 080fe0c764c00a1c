"""Puts people on an authorisation's watchlist, and takes them off.

The order of the two writes decides what a crash in between leaves behind:

- **Adding** writes the gallery, then tells the workers. What was written but not told begins to match all the same as
  soon as the gallery shows it; enrolling the same source again tells it once more, since every entry that a run touches
  is published as it then stands, whether or not it was new.
- **Removing** tells the workers, then writes the gallery. Nobody matches from the first write on, even if the second
  never happens; removing again, or enrolling under the same reference, clears what was left.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TypeVar

from watchbound.domain.authorisation import Authorisation
from watchbound.domain.errors import UnknownReference
from watchbound.domain.match import subject_key
from watchbound.domain.watchlist import EnrolledImage, EntryAdded, EntryRemoved, WatchlistChange, WatchlistEntry
from watchbound.extraction.enrolment import FaceReader, FaceRefused
from watchbound.extraction.still import STILL_LIMITS
from watchbound.governance.enrolment_report import EnrolmentReport, ImageReport, Outcome
from watchbound.governance.roll import Roll
from watchbound.governance.submissions import Line, Submission
from watchbound.pipeline.topics import WATCHLIST_CHANGES
from watchbound.ports import Clock, Codec, Gallery, RecordProducer

T = TypeVar("T")

DUPLICATE_SIMILARITY = 0.70
"""From here on two references are taken for one person until a person says otherwise (cosine)."""

_BATCH_ENTRIES = 16
_ACKNOWLEDGED_WITHIN_S = 10.0

ImageDone = Callable[[ImageReport], None]


class WatchlistLog:
    """Publishes changes and waits until the broker holds them."""

    def __init__(self, producer: RecordProducer, codec: Codec[WatchlistChange]) -> None:
        self._producer = producer
        self._codec = codec

    def publish(self, changes: Sequence[WatchlistChange]) -> None:
        """Append all, then wait for all.

        Raises:
            Unavailable: the broker has not acknowledged them.
        """
        deliveries = []
        for change in changes:
            changed = change.entry if isinstance(change, EntryAdded) else change
            key = subject_key(changed.authorisation_id, changed.reference)
            deliveries.append(self._producer.send(WATCHLIST_CHANGES.name, key, self._codec.encode(change)))
        for delivery in deliveries:
            delivery.wait(_ACKNOWLEDGED_WITHIN_S)


@dataclass(slots=True)
class _Group:
    """The images handed in for one entry, with their places in the report."""

    entry: WatchlistEntry
    submissions: list[tuple[int, Submission]] = field(default_factory=list)


class Enroller:
    """Enrols images, entry by entry.

    Args:
        gallery: where templates are kept.
        log: where changes are told.
        clock: stamps changes.
        faces: images to templates.
        permission: returns the authorisation if people may be enrolled under it at this moment, else raises; it is
            asked again before every batch, so that a cancellation stops a long run.
        was_removed: whether the log says that an entry was removed and not added since.
        duplicate_at: cosine similarity from which an image is refused as another entry's.
    """

    def __init__(
        self,
        gallery: Gallery,
        log: WatchlistLog,
        clock: Clock,
        faces: FaceReader,
        permission: Callable[[str], Authorisation],
        was_removed: Callable[[str, str], bool],
        duplicate_at: float = DUPLICATE_SIMILARITY,
    ) -> None:
        self._gallery = gallery
        self._log = log
        self._clock = clock
        self._faces = faces
        self._permission = permission
        self._was_removed = was_removed
        self._duplicate_at = duplicate_at

    def enrol(self, authorisation_id: str, lines: Sequence[Line], on_image: ImageDone) -> EnrolmentReport:
        """Enrol what can be enrolled; one bad image never fails the rest.

        Args:
            authorisation_id: whose watchlist.
            lines: what was handed in.
            on_image: told of each image once it has been looked at.

        Raises:
            UnknownReference, NotAuthorised: nobody may be enrolled under the authorisation.
            InvalidValue: the watchlist was begun with another model.
            Unavailable: a store does not answer; what was acknowledged stays, and the same call again does the rest.
        """
        self._permission(authorisation_id)
        self._gallery.create(authorisation_id, self._faces.model_digest, self._faces.dimension)
        roll = Roll(self._gallery.images(authorisation_id), self._faces.dimension)
        reports: dict[int, ImageReport] = {}
        for index, line in enumerate(lines):
            if isinstance(line, ImageReport):
                reports[index] = line
                on_image(line)
        for batch in _batches(_by_entry(lines), _BATCH_ENTRIES):
            self._permission(authorisation_id)
            self._enrol_batch(batch, roll, reports, on_image)
        return EnrolmentReport(authorisation_id, tuple(reports[index] for index in sorted(reports)))

    def _enrol_batch(
        self, batch: Sequence[_Group], roll: Roll, reports: dict[int, ImageReport], on_image: ImageDone
    ) -> None:
        stored: list[EnrolledImage] = []
        changes: list[WatchlistChange] = []
        for group in batch:
            entry = group.entry
            if self._was_removed(entry.authorisation_id, entry.reference):
                self._gallery.remove(entry.authorisation_id, entry.reference)
                roll.drop(entry.reference)
            before = roll.of(entry.reference)
            touched = False
            for index, submission in group.submissions:
                reports[index] = self._look(submission, roll)
                touched |= reports[index].outcome.enrolled
                on_image(reports[index])
            if touched:
                # The latest word on category and response level holds for the images enrolled earlier, too.
                images = tuple(replace(image, entry=entry) for image in roll.of(entry.reference))
                stored += [image for image in images if image not in before]
                roll.put(images)
                changes.append(EntryAdded(entry, images, self._clock.now()))
        if stored:
            self._gallery.add(stored)
        self._log.publish(changes)

    def _look(self, submission: Submission, roll: Roll) -> ImageReport:
        """Read one image and put it on the roll, or say why not."""
        path, entry = str(submission.path), submission.entry
        try:
            face = self._faces.read(_bytes_of(submission.path))
        except FaceRefused as refused:
            return ImageReport(path, entry.reference, Outcome(refused.reason.value), refused.detail)
        except OSError as error:
            detail = f"the file cannot be read: {error.strerror or error}"
            return ImageReport(path, entry.reference, Outcome.UNREADABLE, detail)
        if roll.holds(entry.reference, face.image_id):
            return ImageReport(path, entry.reference, Outcome.ALREADY_ENROLLED, quality=face.quality)
        nearest = roll.nearest_other(entry.reference, face.embedding)
        if nearest is not None and nearest[1] >= self._duplicate_at:
            other, similarity = nearest
            detail = (
                f"resembles {other} with a similarity of {similarity:.2f}, from {self._duplicate_at:.2f} on refused"
            )
            return ImageReport(
                path, entry.reference, Outcome.DUPLICATE_OF, detail, other, similarity, quality=face.quality
            )
        roll.put([EnrolledImage(entry, face.image_id, face.embedding)])
        return ImageReport(path, entry.reference, Outcome.ACCEPTED, quality=face.quality)


class Remover:
    """Takes entries off a watchlist. Needs no live authorisation: keeping less is always allowed."""

    def __init__(self, gallery: Gallery, log: WatchlistLog, clock: Clock) -> None:
        self._gallery = gallery
        self._log = log
        self._clock = clock

    def remove(self, authorisation_id: str, reference: str) -> int:
        """Stop an entry from matching, then delete its images; returns how many there were.

        The removal is published even where the gallery knows nothing, since it costs nothing and may be what ends
        the matching of an entry that was lost from the gallery.

        Raises:
            UnknownReference: the gallery knew no such entry.
            Unavailable: a store does not answer; call again.
        """
        self._log.publish([EntryRemoved(authorisation_id, reference, self._clock.now())])
        images = self._gallery.remove(authorisation_id, reference)
        if images == 0:
            msg = (
                f"nothing is enrolled under {reference} in {authorisation_id}; should a worker know such an entry, "
                "it no longer matches it; `watchbound watchlist list` shows what is enrolled"
            )
            raise UnknownReference(msg)
        return images


def _by_entry(lines: Iterable[Line]) -> list[_Group]:
    groups: dict[str, _Group] = {}
    for index, line in enumerate(lines):
        if isinstance(line, Submission):
            group = groups.setdefault(line.entry.reference, _Group(line.entry))
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
