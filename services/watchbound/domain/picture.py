"""The name of a listed person's picture."""

from __future__ import annotations

from dataclasses import dataclass

from watchbound.domain.frame import require_name


@dataclass(frozen=True, slots=True, order=True)
class PictureName:
    """Which image of which entry.

    Attributes:
        image_id: sha256 of the image file, hexadecimal.
    """

    authorisation_id: str
    reference: str
    image_id: str

    def __post_init__(self) -> None:
        require_name(self.authorisation_id, "an authorisation id")
        require_name(self.reference, "an entry reference")
        require_name(self.image_id, "an image id")

    def __str__(self) -> str:
        return f"{self.authorisation_id}/{self.reference}/{self.image_id}"
