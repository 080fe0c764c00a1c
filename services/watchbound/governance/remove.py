"""Takes people off a watchlist. Needs no live authorisation and one person: keeping less is always allowed.

The removal is told first and written to the gallery second. Nobody matches from the first write on, even if the second
never happens; removing again, or approving the reference anew, clears what was left.
"""

from __future__ import annotations

from watchbound.domain.errors import InvalidValue, UnknownReference
from watchbound.domain.watchlist import EntryRemoved
from watchbound.governance.watchlist_log import WatchlistLog
from watchbound.pipeline.audit import AuditTrail
from watchbound.pipeline.audit_acts import Act
from watchbound.pipeline.pictures import WatchlistPictures
from watchbound.ports import Clock, Gallery


class Remover:
    """Takes entries off a watchlist.

    Args:
        gallery: where templates are kept.
        log: where the removal is told.
        clock: stamps it.
        pictures: where the faces of its images rest.
        audit: told once the entry can match no more: stopping waits for nothing.
    """

    def __init__(
        self, gallery: Gallery, log: WatchlistLog, clock: Clock, pictures: WatchlistPictures, audit: AuditTrail
    ) -> None:
        self._gallery = gallery
        self._pictures = pictures
        self._log = log
        self._clock = clock
        self._audit = audit

    def remove(self, authorisation_id: str, reference: str, by: str, reason: str) -> int:
        """Stop an entry from matching, then delete its images; returns how many there were.

        The removal is published even where the gallery knows nothing, since it costs nothing and may be what ends
        the matching of an entry that was lost from the gallery. What waits under the reference goes, too.

        Raises:
            InvalidValue: nobody or no reason is named.
            UnknownReference: the gallery knew no such entry.
            Unavailable: a store does not answer; call again.
        """
        if not by.strip() or not reason.strip():
            msg = "a removal names who removes (--by) and why (--reason)"
            raise InvalidValue(msg)
        self._log.publish([EntryRemoved(authorisation_id, reference, self._clock.now())])
        self._log.withdraw(authorisation_id, [reference])
        self._audit.record(by, Act.WATCHLIST_REMOVED, authorisation_id, reason, object=reference)
        self._pictures.remove(authorisation_id, reference)
        images = self._gallery.remove(authorisation_id, reference)
        if images == 0:
            msg = (
                f"nothing is enrolled under {reference} in {authorisation_id}; should a worker know such an entry, "
                "it no longer matches it; `watchbound watchlist list` shows what is enrolled"
            )
            raise UnknownReference(msg)
        return images
