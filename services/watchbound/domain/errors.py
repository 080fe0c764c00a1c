"""Every error that Watchbound raises on purpose.

WatchboundError
├── Poison                 a record or an image that can never be handled; dead-letter or report it and go on
├── InvalidValue           a domain value whose invariant does not hold (also a ValueError)
├── ConfigurationError     a setting, file or flag that a person must mend
│   └── ModelPackError     a model pack that may not be used as it is
├── NotAuthorised          the act has no authority now
│   └── NotTrusted         a signature, or the key behind it, is not to be believed
│       └── KeyRevoked     the signature holds, but its key has been revoked
├── UnknownReference       a name (authorisation, entry, alert) that nothing answers to
│   └── KeyDestroyed       a data key that was destroyed, or never made: what it sealed is gone for good
├── Tampered               the audit log contradicts what was signed for; people must look before anything goes on
└── Unavailable            a service that we depend on does not answer; hold and try again
    └── AccessRefused      it answers, and refuses us; what is held goes on once a person has mended it

A message says what was expected, what came, and what to do about it.
"""

from __future__ import annotations

from enum import Enum


class WatchboundError(Exception):
    """Root of the tree."""


class PoisonReason(Enum):
    """Why bytes can never be handled: a closed list, since each value is a metric label."""

    BAD_PROTOBUF = "bad_protobuf"
    BAD_VALUE = "bad_value"
    EMPTY = "empty"
    TOO_MANY_BYTES = "too_many_bytes"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_FEW_PIXELS = "too_few_pixels"
    TOO_MANY_SCANS = "too_many_scans"
    NOT_A_PICTURE = "not_a_picture"
    UNDECODABLE = "undecodable"
    FROM_THE_FUTURE = "from_the_future"
    WRONG_KEY = "wrong_key"
    UNSEALABLE = "unsealable"
    UNTRUSTED = "untrusted"


class Poison(WatchboundError):
    """Bytes that no retry can make valid; `detail` is for people and holds no pixels."""

    def __init__(self, reason: PoisonReason, detail: str) -> None:
        super().__init__(f"{reason.value}: {detail}")
        self.reason = reason
        self.detail = detail


class InvalidValue(WatchboundError, ValueError):
    """A value outside its domain."""


class ConfigurationError(WatchboundError):
    """Something that a person configured and must mend."""


class ModelPackError(ConfigurationError):
    """A model pack is missing, altered, unlicensed or of a form that is refused."""


class NotAuthorised(WatchboundError):
    """No authorisation permits this act now."""


class NotTrusted(NotAuthorised):
    """A signature does not hold, or its key is unknown, out of its time, revoked, or without the role."""


class KeyRevoked(NotTrusted):
    """A signature of a key that was trusted once: it permits nothing any more, yet what it stopped stays stopped."""


class UnknownReference(WatchboundError):
    """Nothing is known under this name."""


class KeyDestroyed(UnknownReference):
    """No such data key exists: what was sealed with it can never be read again."""


class Tampered(WatchboundError):
    """The audit log is not as it was when it was signed for; no retry mends that."""


class Unavailable(WatchboundError):
    """A dependency does not answer; the work must be held, never skipped."""


class AccessRefused(Unavailable):
    """A dependency does not believe who we are, or does not let us do this."""
