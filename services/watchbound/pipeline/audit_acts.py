"""Every act that is recorded: a closed list, so that an auditor knows what to look for and a search misses nothing."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from watchbound.domain.act import ActKind


class Act(StrEnum):
    """What was done, `noun.participle`."""

    AUTHORISATION_DRAFTED = "authorisation.drafted"
    AUTHORISATION_SIGNED = "authorisation.signed"
    AUTHORISATION_ACTIVATED = "authorisation.activated"
    AUTHORISATION_PAUSED = "authorisation.paused"
    AUTHORISATION_RESUMED = "authorisation.resumed"
    AUTHORISATION_CANCELLED = "authorisation.cancelled"
    AUTHORISATION_ENDED = "authorisation.ended"
    AUTHORISATION_PURGED = "authorisation.purged"
    THRESHOLD_CHANGED = "threshold.changed"

    WATCHLIST_PROPOSED = "watchlist.proposed"
    WATCHLIST_APPROVED = "watchlist.approved"
    WATCHLIST_REJECTED = "watchlist.rejected"
    WATCHLIST_REMOVED = "watchlist.removed"
    WATCHLIST_REVIEWED = "watchlist.reviewed"
    WATCHLIST_READ = "watchlist.read"

    ALERT_RAISED = "alert.raised"
    ALERT_DECIDED = "alert.decided"
    CROP_VIEWED = "crop.viewed"
    PICTURE_VIEWED = "picture.viewed"
    """Somebody was shown a face: an alert's, or one of a watchlist."""

    SITE_STARTED = "site.started"
    SITE_STOPPED = "site.stopped"
    WORKER_STARTED = "worker.started"
    WORKER_STOPPED = "worker.stopped"
    MATCHING_SEARCHED = "matching.searched"
    """How often a worker compared faces with a watchlist in a span of time, with which models and threshold."""
    ALERTING_STARTED = "alerting.started"
    ALERTING_STOPPED = "alerting.stopped"

    DEAD_LETTER_RETRY_BEGUN = "dead-letter.retry-begun"
    DEAD_LETTER_RETRIED = "dead-letter.retried"
    DEAD_LETTER_DROPPED = "dead-letter.dropped"
    """A person gave a record that could not be handled another chance, or decided that it gets none."""

    PURGE_BEGUN = "purge.begun"
    PURGE_FINISHED = "purge.finished"
    PURGE_INCOMPLETE = "purge.incomplete"
    KEY_ROTATED = "key.rotated"
    RECORD_EXPORTED = "record.exported"
    AUDIT_READ = "audit.read"
    """Somebody read, searched or exported from the audit log."""


ACT_OF: Mapping[ActKind, Act] = {
    ActKind.DRAFT: Act.AUTHORISATION_DRAFTED,
    ActKind.SIGN: Act.AUTHORISATION_SIGNED,
    ActKind.ACTIVATE: Act.AUTHORISATION_ACTIVATED,
    ActKind.PAUSE: Act.AUTHORISATION_PAUSED,
    ActKind.RESUME: Act.AUTHORISATION_RESUMED,
    ActKind.CANCEL: Act.AUTHORISATION_CANCELLED,
    ActKind.SET_THRESHOLD: Act.THRESHOLD_CHANGED,
    ActKind.END: Act.AUTHORISATION_ENDED,
    ActKind.PURGE: Act.AUTHORISATION_PURGED,
}
"""How what is done to an authorisation is recorded."""
