"""From the candidates of a track to what may be said of it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from watchbound.domain.candidate import Candidate
from watchbound.extraction.shots import Standing


@dataclass(frozen=True, slots=True)
class DecisionPolicy:
    """How much evidence a match needs; all in cosine similarity above or below the authorised threshold.

    Attributes:
        strong: a single shot suffices from this margin on; below it, two shots must agree.
        far_below: a single shot this far below is of somebody who is clearly not listed.
        clearly_below: the same for several shots, fused.
    """

    strong: float = 0.08
    far_below: float = 0.20
    clearly_below: float = 0.15


@dataclass(frozen=True, slots=True)
class Finding:
    """What the evidence says; `candidate` is there when and only when it is a match."""

    standing: Standing
    candidate: Candidate | None = None


def decide(candidates: Sequence[Candidate], shots: int, threshold: float, policy: DecisionPolicy) -> Finding:
    """Judge a track's fused template by its candidates (best first) and the number of shots behind it."""
    best = candidates[0] if candidates else None
    if best is not None and best.score >= threshold:
        if shots >= 2 or best.score >= threshold + policy.strong:
            return Finding(Standing.MATCHED, best)
        return Finding(Standing.UNDECIDED)
    margin = policy.clearly_below if shots >= 2 else policy.far_below
    if best is None or best.score < threshold - margin:
        return Finding(Standing.CLEARLY_NOT_LISTED)
    return Finding(Standing.UNDECIDED)
