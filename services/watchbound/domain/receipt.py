"""What was deleted, where, and how that was checked: the proof that is left when the data is gone."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from watchbound.domain.errors import InvalidValue
from watchbound.domain.frame import require_name
from watchbound.domain.moment import require_aware
from watchbound.domain.sealing import Purpose
from watchbound.domain.signature import Signature

PREAMBLE = b"watchbound deletion receipt v1\n"
"""Begins what is signed, so that a receipt's signature passes for no other statement's."""


@dataclass(frozen=True, slots=True)
class PlaceDeleted:
    """One place that held something of an authorisation.

    Attributes:
        place: its name, such as `gallery` or `key alerts`.
        unit: what is counted there, such as `templates`.
        before: how many there were.
        after: how many there are now; None when that could not be checked.
        checked: how it was checked, or why it could not be.
        waived: that the operator accepts by a setting that this place is not checked.
    """

    place: str
    unit: str
    before: int
    after: int | None
    checked: str
    waived: bool = False

    def __post_init__(self) -> None:
        if not (self.place and self.unit and self.checked):
            msg = "a place of a receipt says its name, what is counted there, and how it was checked or why not"
            raise InvalidValue(msg)
        if self.before < 0 or (self.after is not None and self.after < 0):
            msg = f"counts of {self.place} are not negative, got {self.before} before and {self.after} after"
            raise InvalidValue(msg)

    @property
    def clean(self) -> bool:
        """Whether nothing is left; where nobody looked, whether that was accepted."""
        return self.after == 0 if self.after is not None else self.waived


@dataclass(frozen=True, slots=True)
class DeletionReceipt:
    """One purge of one authorisation, whatever came of it: a receipt that is not clean says so.

    Attributes:
        at: when the last place was looked at.
        by: who asked for it: a person's account or a service's name.
        reason: why, in words.
        purposes: the kinds of data that were deleted.
        places: each place once, in the order in which they were emptied.
    """

    authorisation_id: str
    at: datetime
    by: str
    reason: str
    purposes: frozenset[Purpose]
    places: tuple[PlaceDeleted, ...]

    def __post_init__(self) -> None:
        require_name(self.authorisation_id, "an authorisation id")
        require_aware(self.at, "at")
        if not (self.by.strip() and self.reason.strip()):
            msg = "a receipt says who asked for the deletion and why"
            raise InvalidValue(msg)
        if not (self.purposes and self.places):
            msg = "a receipt names what was deleted and at least one place"
            raise InvalidValue(msg)
        if len({place.place for place in self.places}) != len(self.places):
            msg = f"a receipt names each place once, got {[place.place for place in self.places]}"
            raise InvalidValue(msg)

    @property
    def clean(self) -> bool:
        """Whether every place is."""
        return all(place.clean for place in self.places)

    @property
    def found(self) -> int:
        """How much there was before, over all places; 0 says that this purge found nothing left to do."""
        return sum(place.before for place in self.places)

    def statement(self) -> bytes:
        """What is signed: the preamble, then the receipt as JSON with sorted names, no blanks and UTF-8."""
        text = json.dumps(self.as_json(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return PREAMBLE + text.encode()

    def digest(self) -> str:
        """sha256 of the statement in hexadecimal: what the audit log and the authorisation's chain name it by."""
        return hashlib.sha256(self.statement()).hexdigest()

    def as_json(self) -> dict[str, Any]:
        """The receipt in JSON's types; `receipt_from_json` reads it."""
        return {
            "authorisation_id": self.authorisation_id,
            "at": self.at.astimezone(UTC).isoformat(),
            "by": self.by,
            "reason": self.reason,
            "purposes": sorted(purpose.value for purpose in self.purposes),
            "clean": self.clean,
            "places": [
                {
                    "place": place.place,
                    "unit": place.unit,
                    "before": place.before,
                    "after": place.after,
                    "checked": place.checked,
                    "waived": place.waived,
                    "clean": place.clean,
                }
                for place in self.places
            ],
        }


@dataclass(frozen=True, slots=True)
class SignedReceipt:
    """A receipt and who vouches for it."""

    receipt: DeletionReceipt
    signature: Signature

    def as_json(self) -> dict[str, Any]:
        """As it is written to a file."""
        return {
            "receipt": self.receipt.as_json(),
            "digest": self.receipt.digest(),
            "signature": {"key_id": self.signature.key_id, "value": self.signature.value.hex()},
        }


def receipt_from_json(value: Any) -> SignedReceipt:
    """A signed receipt as `SignedReceipt.as_json` gave it; whether the signature holds is for a trust list to say.

    Raises:
        InvalidValue: it is no receipt, or what it says of itself (`digest`, `clean`) does not follow from its content.
    """
    try:
        receipt = _receipt(value["receipt"])
        signature = Signature(value["signature"]["key_id"], bytes.fromhex(value["signature"]["value"]))
        written = SignedReceipt(receipt, signature)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        msg = f"expected a signed deletion receipt as `watchbound purge` writes it, got something else: {error!r}"
        raise InvalidValue(msg) from error
    if written.as_json() != value:
        msg = "the receipt contradicts itself: its digest or verdict does not follow from the rest, or it was edited"
        raise InvalidValue(msg)
    return written


def _receipt(value: Any) -> DeletionReceipt:
    return DeletionReceipt(
        authorisation_id=value["authorisation_id"],
        at=datetime.fromisoformat(value["at"]),
        by=value["by"],
        reason=value["reason"],
        purposes=frozenset(Purpose(name) for name in value["purposes"]),
        places=tuple(
            PlaceDeleted(
                place=place["place"],
                unit=place["unit"],
                before=place["before"],
                after=place["after"],
                checked=place["checked"],
                waived=place["waived"],
            )
            for place in value["places"]
        ),
    )
