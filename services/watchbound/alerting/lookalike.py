"""Whether a match shows somebody who was judged to be a lookalike of its entry: that pairing alone stays quiet.

A match is suppressed when its probe is at least `similarity` like the lookalike *and* by `margin` more like the
lookalike than like the entry (the match's own score). Both are needed: the real person resembles the lookalike too, yet
resembles their own pictures more. Everything that cannot be compared alerts: no template, another model's, or a
destroyed key.

The defaults come from the synthetic people that resemble one another most (P002, P004, P006, P010 with SFace, probes
fused of two shots or more): 0.70 and 0.10 suppressed 81 to 100 % of what the lookalike would have raised, and none of
some 11,000 comparisons with the real person. Another embedder needs other numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

from watchbound.alerting.window import AlertWindow, Lookalike
from watchbound.domain.embedding import Embedding
from watchbound.domain.errors import InvalidValue, KeyDestroyed, Poison
from watchbound.domain.match import Match
from watchbound.pipeline.sealing import open_template
from watchbound.ports import KeyRing


@dataclass(frozen=True, slots=True)
class Resemblance:
    """When two sightings are taken to be of one lookalike, in cosine similarity.

    Attributes:
        similarity: the least between the two probes.
        margin: how much more the probe must resemble the lookalike than the entry.
    """

    similarity: float = 0.70
    margin: float = 0.10


class LookalikeCheck:
    """Opens what is sealed, compares, and forgets.

    Args:
        ring: opens the templates.
        resemblance: the rule.
    """

    def __init__(self, ring: KeyRing, resemblance: Resemblance) -> None:
        self._ring = ring
        self._resemblance = resemblance

    def shows_lookalike(self, window: AlertWindow | None, match: Match) -> bool:
        """Whether the match shows one of the entry's known lookalikes.

        Raises:
            Unavailable: the key ring does not answer; the match must be held.
        """
        if window is None or not window.lookalikes or not match.template:
            return False
        probe = self._open(match.entry.authorisation_id, match.id, match.template, match.model_digest)
        return probe is not None and any(self._is(known, probe, match) for known in window.lookalikes)

    def _is(self, known: Lookalike, probe: Embedding, match: Match) -> bool:
        if known.model_digest != probe.model_digest:
            return False
        theirs = self._open(match.entry.authorisation_id, known.match_id, known.template, known.model_digest)
        if theirs is None or theirs.vector.shape != probe.vector.shape:
            return False
        similarity = probe.similarity(theirs)
        rule = self._resemblance
        return similarity >= rule.similarity and similarity >= match.score + rule.margin

    def _open(self, authorisation_id: str, match_id: str, sealed: bytes, model_digest: str) -> Embedding | None:
        """The template; None where there is none to be had, so that the match alerts."""
        try:
            return Embedding(open_template(self._ring, authorisation_id, match_id, sealed), model_digest)
        except (KeyDestroyed, Poison, InvalidValue):
            return None
