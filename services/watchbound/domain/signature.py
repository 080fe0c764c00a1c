"""Who signed what: a signature names the key that made it, and a key's holder has roles."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from watchbound.domain.errors import InvalidValue
from watchbound.domain.frame import require_name


class Role(Enum):
    """What the holder of a key may put their name to."""

    DRAFTER = "drafter"
    AUTHORISING_OFFICER = "authorising-officer"
    WATCHLIST_OFFICER = "watchlist-officer"
    REVIEWER = "reviewer"
    MODEL_KEEPER = "model-keeper"
    """Vouches for the models that are run, and for nothing that they are run on."""
    GUARDIAN = "guardian"
    """A service that may stop and delete, and nothing else: the false-alert budget, the retention clock."""


@dataclass(frozen=True, slots=True)
class Signature:
    """An Ed25519 signature (RFC 8032).

    Attributes:
        key_id: which key made it; a name of the trust list.
        value: 64 bytes.
    """

    key_id: str
    value: bytes

    def __post_init__(self) -> None:
        require_name(self.key_id, "a key id")
        if len(self.value) != 64:
            msg = f"an Ed25519 signature has 64 bytes, got {len(self.value)}"
            raise InvalidValue(msg)
