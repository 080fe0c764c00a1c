"""Labelled pictures to comparisons: some are enrolled as on a watchlist, all others are held against every entry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from watchbound.domain.errors import ConfigurationError
from watchbound.evaluation.labelled import LabelledPicture, PictureRole
from watchbound.extraction.enrolment import FaceReader, FaceRefused, SingleFace, describe
from watchbound.extraction.quality import ENROLMENT_GATE
from watchbound.extraction.still import STILL_LIMITS
from watchbound.statistics.identification import Floats, ScoreTable

PictureDone = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Failure:
    """A picture of which nothing could be made.

    Attributes:
        reason: closed code, as enrolment reports it.
        detail: measured against expected.
    """

    path: str
    person: str
    reason: str
    detail: str


@dataclass(frozen=True, slots=True, eq=False)
class Comparisons:
    """What labelled pictures gave.

    Attributes:
        people: names, by the indices of `table`.
        table: every probe held against every entry, by the best of an entry's references.
        failed_to_enrol: pictures that were tried as references and refused, by enrolment's own rules.
        without_entry: people of whom no picture could be enrolled.
        failed_to_acquire: pictures that even a passer-by's rules refuse; they are in no search.
        tried: how many pictures were tried as references.
        read: how many pictures there were.
    """

    people: tuple[str, ...]
    table: ScoreTable
    failed_to_enrol: tuple[Failure, ...]
    without_entry: tuple[str, ...]
    failed_to_acquire: tuple[Failure, ...]
    tried: int
    read: int


@dataclass(slots=True)
class _Person:
    """One person while their pictures are read."""

    references: list[SingleFace] = field(default_factory=list)
    probes: list[SingleFace] = field(default_factory=list)


class PictureComparer:
    """Reads pictures and compares them.

    Args:
        faces: reads one face of a picture, by the rules for passers-by.
        references: how many pictures of a person are enrolled, where the pictures' roles do not say.
    """

    def __init__(self, faces: FaceReader, references: int = 1) -> None:
        self._faces = faces
        self._wanted = references

    @property
    def model_digest(self) -> str:
        """sha256 of the embedder."""
        return self._faces.model_digest

    def compare(self, pictures: Sequence[LabelledPicture], done: PictureDone) -> Comparisons:
        """Every usable probe against every entry.

        A person's first usable pictures, in the order given, become their entry, as an officer would go on to the next
        picture where one is refused; all others are probes. Somebody with a single picture lengthens the list and
        never passes by.

        Raises:
            ConfigurationError: fewer than two people have an entry, or nobody who has one has a probe too.
        """
        people: dict[str, _Person] = {}
        refused: list[Failure] = []
        unseen: list[Failure] = []
        tried = 0
        for picture in pictures:
            person = people.setdefault(picture.person, _Person())
            as_reference = self._as_reference(picture, person)
            tried += as_reference
            face = read_one(self._faces, picture)
            if isinstance(face, Failure):
                (refused if as_reference else unseen).append(face)
            elif as_reference and (why := _not_enrolled(picture, face)) is not None:
                refused.append(why)
                if picture.role is None:
                    person.probes.append(face)
            else:
                (person.references if as_reference else person.probes).append(face)
            done()
        names = tuple(people)
        return Comparisons(
            people=names,
            table=_table([people[name] for name in names]),
            failed_to_enrol=tuple(refused),
            without_entry=tuple(name for name in names if not people[name].references),
            failed_to_acquire=tuple(unseen),
            tried=tried,
            read=len(pictures),
        )

    def _as_reference(self, picture: LabelledPicture, person: _Person) -> bool:
        if picture.role is not None:
            return picture.role is PictureRole.REFERENCE
        return len(person.references) < self._wanted


def read_one(faces: FaceReader, picture: LabelledPicture) -> SingleFace | Failure:
    """The only face of a picture, or why there is none to be had."""
    try:
        with picture.path.open("rb") as file:
            # One more than is allowed, so that an oversized file is refused and never read whole.
            return faces.read(file.read(STILL_LIMITS.max_bytes + 1))
    except OSError as error:
        return Failure(str(picture.path), picture.person, "unreadable", str(error))
    except FaceRefused as refusal:
        return Failure(str(picture.path), picture.person, refusal.reason.value, refusal.detail)


def _not_enrolled(picture: LabelledPicture, face: SingleFace) -> Failure | None:
    fault = ENROLMENT_GATE.fault(face.quality)
    if fault is None:
        return None
    return Failure(str(picture.path), picture.person, fault.value, describe(fault, face.quality, ENROLMENT_GATE))


def _table(people: Sequence[_Person]) -> ScoreTable:
    listed = [index for index, person in enumerate(people) if person.references]
    probes = [(index, face) for index, person in enumerate(people) for face in person.probes]
    if len(listed) < 2 or not {index for index, _ in probes} & set(listed):
        msg = (
            f"expected at least two people who can be enrolled, and another picture of at least one of them, got "
            f"{len(listed)} people with an entry and {len(probes)} other usable pictures"
        )
        raise ConfigurationError(msg)
    seen = _vectors([face for _, face in probes])
    scores = np.stack([(seen @ _vectors(people[index].references).T).max(axis=1) for index in listed], axis=1)
    return ScoreTable(
        np.clip(scores, -1.0, 1.0), np.array([index for index, _ in probes]), np.array(listed), len(people)
    )


def _vectors(faces: Sequence[SingleFace]) -> Floats:
    return np.stack([face.embedding.vector for face in faces]).astype(np.float64)
