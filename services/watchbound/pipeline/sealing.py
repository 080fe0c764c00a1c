"""What is sealed with which key, and what it is bound to: the one place that both ends of a topic agree in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from watchbound.domain.embedding import Embedding
from watchbound.domain.errors import InvalidValue, Poison, PoisonReason
from watchbound.domain.frame import Frame, SealedFrame
from watchbound.domain.match import Match
from watchbound.domain.sealing import Purpose
from watchbound.domain.watchlist import EnrolledImage, WatchlistEntry
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


def seal_template(ring: KeyRing, match: Match, template: NDArray[np.float32]) -> Match:
    """The match with the fused template of its probe, shape (d,), as it may leave its worker.

    Raises:
        KeyDestroyed: the authorisation has no key for alerts, or no longer.
    """
    plain = template.astype("<f4").tobytes()
    sealed = ring.seal(match.entry.authorisation_id, Purpose.ALERTS, plain, template_binding(match.id))
    return replace(match, template=sealed)


def open_template(ring: KeyRing, authorisation_id: str, match_id: str, sealed: bytes) -> NDArray[np.float32]:
    """The template of a match's probe, shape (d,).

    Raises:
        Poison: `unsealable`: altered, or sealed for another match, or no template at all.
        KeyDestroyed: the key is gone.
    """
    plain = ring.open(authorisation_id, Purpose.ALERTS, sealed, template_binding(match_id))
    if not plain or len(plain) % 4:
        raise Poison(PoisonReason.UNSEALABLE, f"expected whole float32 numbers, got {len(plain)} bytes")
    return np.frombuffer(plain, dtype="<f4").astype(np.float32)


def template_binding(match_id: str) -> str:
    """What a match's template is bound to: the match, and not to be taken for its crop."""
    return f"{match_id}/template"


def open_crop(ring: KeyRing, match: Match) -> bytes:
    """The JPEG behind a match: a view of biometrics, which the caller puts down in the audit log first.

    Raises:
        Poison: `unsealable`: altered, or sealed for another match.
        KeyDestroyed: the key is gone.
    """
    return ring.open(match.entry.authorisation_id, Purpose.ALERTS, match.crop, match.id)


def seal_enrolled(ring: KeyRing, image: EnrolledImage) -> bytes:
    """A listed person's template as it may rest: its vector (little-endian float32), bound to its image and model.

    Raises:
        KeyDestroyed: the authorisation has no key for its watchlist, or no longer.
    """
    vector = image.embedding.vector.astype("<f4").tobytes()
    bound_to = _template_name(image.entry, image.image_id, image.embedding.model_digest)
    return ring.seal(image.entry.authorisation_id, Purpose.WATCHLIST, vector, bound_to)


def open_enrolled(
    ring: KeyRing, entry: WatchlistEntry, image_id: str, model_digest: str, sealed: bytes
) -> EnrolledImage:
    """The image with its template.

    Raises:
        Poison: `unsealable`: altered, or another image's or model's.
        InvalidValue: what was sealed is no unit vector of float32.
        KeyDestroyed: the key is gone.
    """
    bound_to = _template_name(entry, image_id, model_digest)
    vector = ring.open(entry.authorisation_id, Purpose.WATCHLIST, sealed, bound_to)
    if len(vector) % 4:
        msg = f"a vector is a whole number of float32, got {len(vector)} bytes"
        raise InvalidValue(msg)
    template = np.frombuffer(vector, dtype="<f4").astype(np.float32)
    return EnrolledImage(entry, image_id, Embedding(template, model_digest))


def _template_name(entry: WatchlistEntry, image_id: str, model_digest: str) -> str:
    return f"{entry.reference}/{image_id}/{model_digest}"
