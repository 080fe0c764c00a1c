"""What is sealed with which key, and what it is bound to: the one place that both ends of a topic agree in."""

from __future__ import annotations

from dataclasses import replace

from watchbound.domain.frame import Frame, SealedFrame
from watchbound.domain.match import Match
from watchbound.domain.sealing import Purpose
from watchbound.ports import KeyRing


def seal_frame(ring: KeyRing, frame: Frame) -> SealedFrame:
    """The frame as it may leave its camera.

    Raises:
        KeyDestroyed: the authorisation has no key for frames, or no longer.
        Unavailable: the key ring does not answer (so for every function here).
    """
    sealed = ring.seal(frame.authorisation_id, Purpose.FRAMES, frame.jpeg, frame.id)
    return SealedFrame(frame.camera_id, frame.sequence, frame.captured_at, frame.authorisation_id, sealed)


def open_frame(ring: KeyRing, frame: SealedFrame) -> bytes:
    """The JPEG.

    Raises:
        Poison: `unsealable`: altered, or sealed for another frame.
        KeyDestroyed: the key is gone.
    """
    return ring.open(frame.authorisation_id, Purpose.FRAMES, frame.sealed, frame.id)


def seal_crop(ring: KeyRing, match: Match, jpeg: bytes) -> Match:
    """The match with its crop, as it may leave its worker.

    Raises:
        KeyDestroyed: the authorisation has no key for alerts, or no longer.
    """
    return replace(match, crop=ring.seal(match.entry.authorisation_id, Purpose.ALERTS, jpeg, match.id))


def open_crop(ring: KeyRing, match: Match) -> bytes:
    """The JPEG behind a match: a view of biometrics, which the caller puts down in the audit log first.

    Raises:
        Poison: `unsealable`: altered, or sealed for another match.
        KeyDestroyed: the key is gone.
    """
    return ring.open(match.entry.authorisation_id, Purpose.ALERTS, match.crop, match.id)
