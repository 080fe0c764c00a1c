"""What people and guardians do to an authorisation, each act signed and chained to the one before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from watchbound.domain.canonical import canonical, digest_of
from watchbound.domain.errors import InvalidValue
from watchbound.domain.moment import require_aware, to_micros
from watchbound.domain.signature import Role, Signature

NO_ACT = bytes(32)
"""What the first act names as its predecessor."""


class ActKind(Enum):
    """What can be done to an authorisation: a closed list."""

    DRAFT = "draft"
    SIGN = "sign"
    ACTIVATE = "activate"
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    SET_THRESHOLD = "set-threshold"
    END = "end"
    PURGE = "purge"

    @property
    def stops(self) -> bool:
        """Whether it only ever takes permission away: such an act waits for nothing and outlives its key."""
        return self in (ActKind.PAUSE, ActKind.CANCEL, ActKind.END, ActKind.PURGE)


def roles_for(kind: ActKind, *, urgent: bool) -> tuple[Role, ...]:
    """Who may do it: a signature in any of these roles counts.

    Args:
        kind: the act.
        urgent: whether the terms allow a beginning before the officer's signature; a drafter may then activate.
    """
    if kind is ActKind.ACTIVATE and urgent:
        return (Role.AUTHORISING_OFFICER, Role.DRAFTER)
    return _ROLES[kind]


_ROLES: Mapping[ActKind, tuple[Role, ...]] = {
    ActKind.DRAFT: (Role.DRAFTER,),
    ActKind.SIGN: (Role.AUTHORISING_OFFICER,),
    ActKind.ACTIVATE: (Role.AUTHORISING_OFFICER,),
    ActKind.PAUSE: (Role.AUTHORISING_OFFICER, Role.REVIEWER, Role.GUARDIAN),
    ActKind.RESUME: (Role.AUTHORISING_OFFICER,),
    ActKind.CANCEL: (Role.AUTHORISING_OFFICER, Role.DRAFTER),
    ActKind.SET_THRESHOLD: (Role.AUTHORISING_OFFICER,),
    ActKind.END: (Role.AUTHORISING_OFFICER, Role.GUARDIAN),
    ActKind.PURGE: (Role.AUTHORISING_OFFICER, Role.GUARDIAN),
}


@dataclass(frozen=True, slots=True)
class Act:
    """One act, as it is signed.

    Attributes:
        seq: its place in the chain, from 0.
        reason: why, in words.
        details: what else belongs to it, such as a threshold; names and values in words, ordered by name.
        terms_digest: sha256 of the terms that it is about.
        previous: digest of the signed act before it, `NO_ACT` for the first: nothing can be left out in between.
    """

    seq: int
    kind: ActKind
    at: datetime
    reason: str
    details: tuple[tuple[str, str], ...]
    terms_digest: bytes
    previous: bytes

    def __post_init__(self) -> None:
        require_aware(self.at, "an act's time")
        if self.seq < 0:
            msg = f"acts are counted from 0, got {self.seq}"
            raise InvalidValue(msg)
        if list(self.details) != sorted(dict(self.details).items()):
            msg = f"an act's details are ordered by name and named once, got {[name for name, _ in self.details]}"
            raise InvalidValue(msg)

    def message(self) -> bytes:
        """What is signed."""
        return canonical(
            "act",
            {
                "seq": self.seq,
                "kind": self.kind.value,
                "at_us": to_micros(self.at),
                "reason": self.reason,
                "details": [[name, value] for name, value in self.details],
                "terms": self.terms_digest.hex(),
                "previous": self.previous.hex(),
            },
        )


@dataclass(frozen=True, slots=True)
class SignedAct:
    """An act with its signature, which names the key that made it."""

    act: Act
    signature: Signature

    def digest(self) -> bytes:
        """sha256 of the act with key and signature: what the next act names as its predecessor."""
        message = self.act.message()
        return digest_of(
            canonical(
                "signed act",
                {"act": message.hex(), "key": self.signature.key_id, "signature": self.signature.value.hex()},
            )
        )
