"""What an officer looks at before a deployment begins, and how it is remembered that they did.

A review counts for the very list that was shown: it names the list by its digest, so that an activation can be refused
when an entry, an image or a paper has changed since. It is remembered in the audit log, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from watchbound.domain.activation import REVIEW_LASTS, Activation, PreDeploymentItem
from watchbound.domain.audit import AuditEvent
from watchbound.domain.canonical import canonical
from watchbound.domain.errors import NotAuthorised
from watchbound.domain.listing import Listing, list_digest
from watchbound.domain.signature import Role
from watchbound.domain.watchlist import EnrolledImage
from watchbound.pipeline.audit import AuditTrail
from watchbound.pipeline.audit_acts import Act
from watchbound.pipeline.watchlist_roster import Roster
from watchbound.ports import Clock, Signer, TrustList

_ROWS_AT_ONCE = 1024


@dataclass(frozen=True, slots=True)
class Likeness:
    """Two entries of one list that resemble each other, best image against best image.

    Attributes:
        similarity: cosine, measured on the stored templates.
        duplicate: whether it reaches the bound from which two references are taken for one person.
    """

    one: str
    other: str
    similarity: float
    duplicate: bool


def likenesses(images: Sequence[EnrolledImage], lookalike_from: float, duplicate_from: float) -> tuple[Likeness, ...]:
    """Every pair of entries that reaches either bound, whichever is lower, the most alike first.

    Args:
        images: all that is stored of one list, by one model.
        lookalike_from: from here on one entry would raise the other's alert: the authorised threshold.
        duplicate_from: from here on two references are taken for one person.
    """
    if not images:
        return ()
    shown_from = min(lookalike_from, duplicate_from)
    vectors = np.stack([image.embedding.vector for image in images])
    references = [image.entry.reference for image in images]
    best: dict[tuple[str, str], float] = {}
    for start in range(0, len(images), _ROWS_AT_ONCE):
        scores = vectors[start : start + _ROWS_AT_ONCE] @ vectors.T
        for row, column in np.argwhere(scores >= shown_from).tolist():
            one, other = references[start + row], references[column]
            if one < other:
                best[one, other] = max(float(scores[row, column]), best.get((one, other), -1.0))
    pairs = [Likeness(one, other, min(found, 1.0), found >= duplicate_from) for (one, other), found in best.items()]
    return tuple(sorted(pairs, key=lambda pair: (-pair.similarity, pair.one, pair.other)))


@dataclass(frozen=True, slots=True)
class WatchlistReview:
    """That somebody looked at a whole list.

    Attributes:
        size: how many entries it held.
        digest: which list it was (`domain.listing.list_digest`).
    """

    authorisation_id: str
    reviewed_by: str
    reviewed_at: datetime
    size: int
    digest: str

    def activation(self, items: frozenset[PreDeploymentItem]) -> Activation:
        """What an officer vouches for who begins a deployment on this review.

        Args:
            items: what has been checked off.
        """
        return Activation(self.reviewed_by, self.reviewed_at, self.size, items, self.digest)

    def require_good(self, roster: Roster, now: datetime) -> None:
        """Refuse to begin on a review that is too old, or of another list than the present one.

        Raises:
            NotAuthorised: with what to do about it.
        """
        again = "; review it again: `watchbound watchlist review`"
        if not timedelta(0) <= now - self.reviewed_at <= REVIEW_LASTS:
            msg = (
                f"the watchlist of {self.authorisation_id} was reviewed at {self.reviewed_at.isoformat()}, and a "
                f"review lasts {REVIEW_LASTS.total_seconds() / 3600:.0f} hours{again}"
            )
            raise NotAuthorised(msg)
        if roster.digest(self.authorisation_id, now) != self.digest:
            msg = f"the watchlist of {self.authorisation_id} has changed since {self.reviewed_by} reviewed it{again}"
            raise NotAuthorised(msg)


class Reviewer:
    """Records reviews.

    Args:
        trust: who may review.
        roster: who is listed.
        clock: the trusted clock.
        audit: where a review is remembered.
    """

    def __init__(self, trust: TrustList, roster: Roster, clock: Clock, audit: AuditTrail) -> None:
        self._trust = trust
        self._roster = roster
        self._clock = clock
        self._audit = audit

    def record(self, authorisation_id: str, shown: Iterable[Listing], signer: Signer) -> WatchlistReview:
        """Remember that the holder of a key has looked at these entries, which must still be the whole list.

        Raises:
            NotTrusted: the key is no watchlist officer's.
            NotAuthorised: the list has changed while it was looked at.
            Unavailable: the audit log cannot be written.
        """
        entries = tuple(shown)
        now, digest = self._clock.now(), list_digest(entries)
        statement = canonical("watchlist review", {"authorisation": authorisation_id, "list": digest})
        holder = self._trust.verify(statement, signer.sign(statement), Role.WATCHLIST_OFFICER, now)
        review = WatchlistReview(authorisation_id, holder, now, len(entries), digest)
        review.require_good(self._roster, now)
        reason = f"review of {review.size} entries before a deployment"
        self._audit.record(
            holder, Act.WATCHLIST_REVIEWED, authorisation_id, reason, digest=digest, size=str(review.size)
        )
        return review


def last_review(events: Iterable[AuditEvent], authorisation_id: str) -> WatchlistReview | None:
    """The latest review of a list that the audit log remembers."""
    return max(_reviews(events, authorisation_id), key=lambda review: review.reviewed_at, default=None)


def _reviews(events: Iterable[AuditEvent], authorisation_id: str) -> Iterator[WatchlistReview]:
    for event in events:
        if event.act == Act.WATCHLIST_REVIEWED and event.authorisation_id == authorisation_id:
            facts = dict(event.facts)
            yield WatchlistReview(authorisation_id, event.actor, event.at, int(facts["size"]), facts["digest"])
