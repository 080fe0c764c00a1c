"""What a published record says beside what was counted: stated by whoever makes it, under their name."""

from __future__ import annotations

from dataclasses import dataclass

from watchbound.domain.errors import InvalidValue


@dataclass(frozen=True, slots=True)
class Stated:
    """Fields that the field publishes and that no part of this system can know. None of them is ever guessed.

    Attributes:
        by: who states it; the audit log holds the digest of every record that is handed out.
        borough: or district; empty where nobody stated it.
        arrests: None where nobody stated it.
        notes: such as "true alert unconfirmed", in the words of who states them.

    Raises:
        InvalidValue: fewer than no arrests.
    """

    by: str
    borough: str = ""
    arrests: int | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.arrests is not None and self.arrests < 0:
            msg = f"expected a number of arrests of 0 or more, got {self.arrests}"
            raise InvalidValue(msg)
