"""Opens what is sealed for a person to look at, and says first who looks, and why: no audit, no view."""

from __future__ import annotations

from watchbound.domain.errors import InvalidValue
from watchbound.domain.match import Match
from watchbound.domain.picture import PictureName
from watchbound.pipeline.audit import AuditTrail
from watchbound.pipeline.audit_acts import Act
from watchbound.pipeline.pictures import WatchlistPictures
from watchbound.pipeline.sealing import open_crop
from watchbound.ports import KeyRing


class CropViews:
    """Shows the crops behind matches.

    Args:
        ring: opens them.
        audit: told of each view before it happens.
    """

    def __init__(self, ring: KeyRing, audit: AuditTrail) -> None:
        self._ring = ring
        self._audit = audit

    def show(self, match: Match, actor: str, reason: str) -> bytes:
        """The crop, a JPEG.

        Args:
            match: whose.
            actor: the account of the person who looks.
            reason: why.

        Raises:
            InvalidValue: nobody or no reason is named.
            Poison: `unsealable`: it was altered.
            KeyDestroyed: its key is gone.
            Unavailable: the view could not be put down, or the key ring does not answer.
        """
        _require_stated(actor, reason)
        entry = match.entry
        self._audit.record(actor, Act.CROP_VIEWED, entry.authorisation_id, reason, match.id, entry=entry.reference)
        return open_crop(self._ring, match)


class PictureViews:
    """Shows pictures of listed people.

    Args:
        pictures: where they rest.
        audit: told of each view before it happens.
    """

    def __init__(self, pictures: WatchlistPictures, audit: AuditTrail) -> None:
        self._pictures = pictures
        self._audit = audit

    def show(self, name: PictureName, actor: str, reason: str) -> bytes:
        """The picture, a JPEG.

        Raises:
            InvalidValue: nobody or no reason is named.
            UnknownReference: there is no such picture, or its key is gone.
            Poison: `unsealable`: it was altered.
            Unavailable: the view could not be put down, or a store does not answer.
        """
        _require_stated(actor, reason)
        self._audit.record(
            actor, Act.PICTURE_VIEWED, name.authorisation_id, reason, name.reference, image=name.image_id
        )
        return self._pictures.show(name)


def _require_stated(actor: str, reason: str) -> None:
    if not actor.strip() or not reason.strip():
        msg = "a view of biometrics names who looks and why"
        raise InvalidValue(msg)
