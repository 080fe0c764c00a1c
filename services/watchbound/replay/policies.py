"""Named replay policies: what was mended, so which dead letters deserve another chance, and how many at most fail."""

from __future__ import annotations

from dataclasses import dataclass

from watchbound.domain.errors import ConfigurationError, PoisonReason
from watchbound.pipeline.poison_guard import PoisonPolicy

_R = PoisonReason
_CAREFUL = PoisonPolicy(consecutive=10, ratio=0.5, window=40)


@dataclass(frozen=True, slots=True)
class ReplayPolicy:
    """One reason to touch dead letters.

    Attributes:
        reasons: the reason codes that it selects.
        cap: how much of one source partition may still be poison before the rest of it is left alone.
    """

    name: str
    meaning: str
    reasons: frozenset[PoisonReason]
    cap: PoisonPolicy = _CAREFUL

    def selects(self, reason: str) -> bool:
        """Whether a letter with this reason code is meant."""
        return reason in {each.value for each in self.reasons}


POLICIES = {
    policy.name: policy
    for policy in (
        ReplayPolicy(
            "codec-mended",
            "a version was rolled out that reads what an older one could not",
            frozenset({_R.BAD_PROTOBUF, _R.BAD_VALUE, _R.WRONG_KEY, _R.EMPTY}),
        ),
        ReplayPolicy("keys-mended", "a key ring was put right", frozenset({_R.UNSEALABLE})),
        ReplayPolicy("trust-mended", "the trust list was put right", frozenset({_R.UNTRUSTED})),
        ReplayPolicy("clock-mended", "a clock was put right", frozenset({_R.FROM_THE_FUTURE})),
        ReplayPolicy(
            "limits-mended",
            "a limit on pictures or crops was changed",
            frozenset({_R.TOO_MANY_BYTES, _R.TOO_MANY_PIXELS, _R.TOO_FEW_PIXELS, _R.NOT_A_PICTURE, _R.UNDECODABLE}),
        ),
        ReplayPolicy("all", "whatever the reason", frozenset(PoisonReason)),
    )
}


def policy_named(name: str) -> ReplayPolicy:
    """The policy of this name.

    Raises:
        ConfigurationError: there is none.
    """
    if name not in POLICIES:
        msg = f"--policy: expected one of {', '.join(POLICIES)}, got {name!r}"
        raise ConfigurationError(msg)
    return POLICIES[name]
