"""An authorisation as it travels: its terms, and every act that was done to it, each signed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from watchbound.domain.act import NO_ACT, Act, ActKind, SignedAct
from watchbound.domain.terms import Terms


@dataclass(frozen=True, slots=True)
class WrittenAuthority:
    """What stands on the log. It proves nothing by itself: whoever reads it verifies it (`pipeline.verification`).

    Attributes:
        acts: from the draft on, in order, each naming the one before.
    """

    terms: Terms
    acts: tuple[SignedAct, ...]

    @property
    def id(self) -> str:
        """The authorisation's id."""
        return self.terms.id

    def next_act(self, kind: ActKind, at: datetime, reason: str, details: Mapping[str, str]) -> Act:
        """The act that would come next, to be signed."""
        return Act(
            seq=len(self.acts),
            kind=kind,
            at=at,
            reason=reason,
            details=tuple(sorted(details.items())),
            terms_digest=self.terms.digest(),
            previous=self.acts[-1].digest() if self.acts else NO_ACT,
        )

    def extended(self, signed: SignedAct) -> WrittenAuthority:
        """With one more act."""
        return WrittenAuthority(self.terms, (*self.acts, signed))

    def first(self, count: int) -> WrittenAuthority:
        """Only the beginning of the chain."""
        return WrittenAuthority(self.terms, self.acts[:count])

    def begins_with(self, other: WrittenAuthority) -> bool:
        """Whether `other` is this very authorisation at an earlier moment, or now."""
        return self.terms == other.terms and self.acts[: len(other.acts)] == other.acts

    def does(self, kind: ActKind) -> bool:
        """Whether such an act is part of it."""
        return any(signed.act.kind is kind for signed in self.acts)

    def unbroken(self) -> int:
        """How many acts, from the first on, are chained to each other and to these very terms."""
        previous, terms_digest = NO_ACT, self.terms.digest()
        for seq, signed in enumerate(self.acts):
            act = signed.act
            if (act.seq, act.previous, act.terms_digest) != (seq, previous, terms_digest):
                return seq
            previous = signed.digest()
        return len(self.acts)
