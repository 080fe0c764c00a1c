"""What became of each image of an enrolment, and what to do about those that were refused."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import Enum
from typing import Any

from watchbound.domain.face import FaceQuality
from watchbound.extraction.components import Rating


class Outcome(Enum):
    """What became of one image."""

    ACCEPTED = "accepted"
    ALREADY_ENROLLED = "already_enrolled"
    NO_FACE = "no_face"
    SEVERAL_FACES = "several_faces"
    NO_TEMPLATE = "no_template"
    TOO_SMALL = "too_small"
    BLURRED = "blurred"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    FLAT = "flat"
    TURNED_AWAY = "turned_away"
    DUPLICATE_OF = "duplicate_of"
    UNREADABLE = "unreadable"
    BAD_ROW = "bad_row"
    CATEGORY_NOT_PERMITTED = "category_not_permitted"
    LIST_FULL = "list_full"

    @property
    def enrolled(self) -> bool:
        """Whether the image is on the list."""
        return self in (Outcome.ACCEPTED, Outcome.ALREADY_ENROLLED)


REMEDIES: dict[Outcome, str] = {
    Outcome.ACCEPTED: "",
    Outcome.ALREADY_ENROLLED: "",
    Outcome.NO_FACE: "choose a picture that shows the whole face from the front, unobstructed",
    Outcome.SEVERAL_FACES: "crop the picture to the one person who is meant",
    Outcome.NO_TEMPLATE: "choose another picture; where every one is refused so, the model pack is at fault: "
    "`watchbound models verify`",
    Outcome.TOO_SMALL: "use the original at its full resolution, or a closer picture; enlarging this one adds nothing",
    Outcome.BLURRED: "choose a picture in focus and without motion; sharpening this one adds nothing",
    Outcome.TOO_DARK: "choose a picture with light on the face",
    Outcome.TOO_BRIGHT: "choose a picture that is not overexposed",
    Outcome.FLAT: "choose a picture without haze, glare or a veil over the face",
    Outcome.TURNED_AWAY: "choose a picture that faces the camera",
    Outcome.DUPLICATE_OF: "find out whether both references are one person: then enrol the image under the other one; "
    "if they are two people who look alike, say so with a higher --duplicate-at",
    Outcome.UNREADABLE: "open the file, save it again as JPEG, PNG or WebP of ordinary size, and check the transfer",
    Outcome.BAD_ROW: "mend the row, or the name of the file or folder, as the detail says",
    Outcome.CATEGORY_NOT_PERMITTED: "the terms permit other categories only; another list needs its own authorisation",
    Outcome.LIST_FULL: "the terms permit no more entries; remove some who need not be on the list",
}


@dataclass(frozen=True, slots=True)
class ImageReport:
    """One line of the report.

    Attributes:
        path: as it was given.
        reference: the entry that it was meant for; what stood there when it is no valid reference.
        detail: what was measured against what is asked for; empty when accepted.
        components: of the picture's quality, by the names of ISO/IEC 29794-5; those that are weak advise, and only
            the outcome decides.
        duplicate_of: the other entry that it resembles, with `similarity` (cosine) to it.
    """

    path: str
    reference: str
    outcome: Outcome
    detail: str = ""
    duplicate_of: str | None = None
    similarity: float | None = None
    quality: FaceQuality | None = None
    components: tuple[Rating, ...] = ()

    @property
    def weak(self) -> tuple[Rating, ...]:
        """The components for which a better picture would be worth looking for."""
        return tuple(rating for rating in self.components if rating.weak)

    def as_json(self) -> dict[str, Any]:
        """For machines; `quality` holds measurements, never a template."""
        line: dict[str, Any] = {
            "path": self.path,
            "reference": self.reference,
            "outcome": self.outcome.value,
            "detail": self.detail,
            "remedy": REMEDIES[self.outcome],
        }
        if self.duplicate_of is not None and self.similarity is not None:
            line |= {"duplicate_of": self.duplicate_of, "similarity": round(self.similarity, 3)}
        if self.quality is not None:
            names = ("eye_distance", "sharpness", "brightness", "contrast", "yaw", "roll", "detector_score")
            line["quality"] = {name: round(getattr(self.quality, name), 3) for name in names}
        if self.components:
            line["components"] = {rating.component.value: rating.value for rating in self.components}
            line["weak"] = [
                {"component": rating.component.value, "value": rating.value, "remedy": rating.remedy}
                for rating in self.weak
            ]
        return line


@dataclass(frozen=True, slots=True)
class EnrolmentReport:
    """Every image that was handed in, in its order."""

    authorisation_id: str
    images: tuple[ImageReport, ...]

    @property
    def complete(self) -> bool:
        """Whether every image is on the list now."""
        return all(image.outcome.enrolled for image in self.images)

    def counts(self) -> dict[str, int]:
        """Images by outcome, the most frequent first."""
        return dict(Counter(image.outcome.value for image in self.images).most_common())

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "authorisation": self.authorisation_id,
            "counts": self.counts(),
            "entries": len({image.reference for image in self.images if image.outcome.enrolled}),
            "images": [image.as_json() for image in self.images],
        }
