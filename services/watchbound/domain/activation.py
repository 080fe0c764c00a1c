"""What must be so before a deployment begins, and how an activation says that it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from watchbound.domain.errors import InvalidValue
from watchbound.domain.moment import from_micros, require_aware, to_micros

REVIEW_LASTS = timedelta(hours=24)
"""A watchlist is reviewed before each deployment; a review older than this is none."""

_DIGEST = "watchlist_digest"
_NAMES = {"items", "reviewed_at_us", "reviewed_by", "watchlist_size", _DIGEST}


class PreDeploymentItem(Enum):
    """What is checked off before a deployment: a closed list, all of it needed."""

    DPIA_IN_FORCE = "dpia-in-force"
    POLICY_DOCUMENT_IN_FORCE = "policy-document-in-force"
    SIGNAGE_PLACED = "signage-placed"
    BRIEFING_GIVEN = "briefing-given"
    EQUALITY_MONITORING_ARRANGED = "equality-monitoring-arranged"


@dataclass(frozen=True, slots=True)
class Activation:
    """What an `ACTIVATE` vouches for.

    Attributes:
        reviewed_by: who reviewed the watchlist.
        reviewed_at: when.
        watchlist_size: how many entries it then held.
        items: what has been checked off.
        watchlist_digest: which list it was (`domain.listing.list_digest`), so that the officer's signature covers every
            entry, image and paper of it; "" in an activation from before it was signed, which permits nothing.
    """

    reviewed_by: str
    reviewed_at: datetime
    watchlist_size: int
    items: frozenset[PreDeploymentItem]
    watchlist_digest: str

    def __post_init__(self) -> None:
        require_aware(self.reviewed_at, "the time of a watchlist review")
        if not self.reviewed_by.strip():
            msg = "an activation says who reviewed the watchlist"
            raise InvalidValue(msg)
        if self.watchlist_size < 0:
            msg = f"a watchlist holds no less than nobody, got {self.watchlist_size}"
            raise InvalidValue(msg)
        if self.watchlist_digest and not re.fullmatch("[0-9a-f]{64}", self.watchlist_digest):
            msg = f"a watchlist's digest is 64 hexadecimal figures, got {self.watchlist_digest[:80]!r}"
            raise InvalidValue(msg)

    def details(self) -> dict[str, str]:
        """As an act carries it."""
        named = {_DIGEST: self.watchlist_digest} if self.watchlist_digest else {}
        return {
            **named,
            "items": ",".join(sorted(item.value for item in self.items)),
            "reviewed_at_us": str(to_micros(self.reviewed_at)),
            "reviewed_by": self.reviewed_by,
            "watchlist_size": str(self.watchlist_size),
        }

    @classmethod
    def of(cls, details: Mapping[str, str]) -> Activation:
        """The inverse of `details`.

        Raises:
            InvalidValue: something is missing, unknown or not well-formed.
        """
        if set(details) | {_DIGEST} != _NAMES:
            msg = f"an activation states {', '.join(sorted(_NAMES))}, got {', '.join(sorted(details)) or 'nothing'}"
            raise InvalidValue(msg)
        try:
            items = frozenset(PreDeploymentItem(item) for item in details["items"].split(",") if item)
            size, reviewed_at_us = int(details["watchlist_size"]), int(details["reviewed_at_us"])
        except ValueError as error:
            msg = f"an activation's details are not well-formed: {error}"
            raise InvalidValue(msg) from error
        return cls(details["reviewed_by"], from_micros(reviewed_at_us), size, items, details.get(_DIGEST, ""))

    def missing(self) -> tuple[PreDeploymentItem, ...]:
        """What has not been checked off."""
        return tuple(item for item in PreDeploymentItem if item not in self.items)
