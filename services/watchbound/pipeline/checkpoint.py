"""Checkpoints: a signed statement of how long the audit log is and what its tree's hash is.

Written as a signed note of C2SP (https://c2sp.org/signed-note) with the body of a checkpoint
(https://c2sp.org/tlog-checkpoint), so that any tool for certificate-transparency logs reads it:

    watchbound.audit.v1/NAME
    42                                            how many events
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=  the root hash
    time 2026-11-23T09:00:00.000000+00:00         when it was signed (an extension line)
                                                  (an empty line)
    — watchbound.audit.v1/NAME SIGNATURE          4 bytes that name the key, then Ed25519 over all before the empty line

The key is given to verifiers in the same project's form, NAME+HASH+BASE64.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from watchbound.domain.errors import InvalidValue
from watchbound.domain.moment import require_aware
from watchbound.pipeline.merkle import HASH_BYTES
from watchbound.ports import Signer

_ORIGIN = "watchbound.audit.v1/"
_ED25519 = b"\x01"
_SIGNATURE_BYTES = 64
_PUBLIC_BYTES = 32
_HINT_BYTES = 4
_NOTE = re.compile(
    r"(?P<text>(?P<origin>[^\n +]+)\n(?P<size>0|[1-9][0-9]{0,18})\n(?P<root>[A-Za-z0-9+/=]+)\ntime (?P<at>\S+)\n)"
    r"\n— (?P<name>[^\n +]+) (?P<signature>[A-Za-z0-9+/=]+)\n"
)


def origin_of(log_id: str) -> str:
    """What a log is called in its checkpoints: it begins with the kind of statement that is signed."""
    return _ORIGIN + log_id


@dataclass(frozen=True, slots=True)
class LogKey:
    """The public key of a log: what a checkpoint is believed by.

    Attributes:
        name: the log's origin.
        public: 32 bytes, as RFC 8032 writes them.
    """

    name: str
    public: bytes

    def __post_init__(self) -> None:
        if len(self.public) != _PUBLIC_BYTES:
            msg = f"an Ed25519 public key has {_PUBLIC_BYTES} bytes, got {len(self.public)}"
            raise InvalidValue(msg)

    @property
    def hint(self) -> bytes:
        """The 4 bytes by which a signature names its key."""
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:_HINT_BYTES]

    def __str__(self) -> str:
        return f"{self.name}+{self.hint.hex()}+{base64.b64encode(_ED25519 + self.public).decode()}"

    @classmethod
    def parse(cls, text: str) -> LogKey:
        """The key again.

        Raises:
            InvalidValue: the text is no key of a log, or was altered.
        """
        name, _, rest = text.strip().partition("+")
        hint, _, encoded = rest.partition("+")
        data = _unbase64(encoded, "a log's key")
        if data[:1] != _ED25519:
            msg = f"expected a log's key NAME+HASH+BASE64 of an Ed25519 key, got {text!r}"
            raise InvalidValue(msg)
        key = cls(name, data[1:])
        if key.hint.hex() != hint:
            msg = f"expected the hash {key.hint.hex()} in the log's key, got {hint!r}; was it copied entire?"
            raise InvalidValue(msg)
        return key


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log as it stood.

    Attributes:
        origin: which log, see `origin_of`.
        size: how many events it had.
        root: the hash of the tree over them.
    """

    origin: str
    size: int
    root: bytes
    at: datetime

    def __post_init__(self) -> None:
        require_aware(self.at, "at")
        if self.size < 0 or len(self.root) != HASH_BYTES:
            msg = (
                f"a checkpoint has a size from zero and a root of {HASH_BYTES} bytes, got {self.size} and {self.root!r}"
            )
            raise InvalidValue(msg)

    def text(self) -> str:
        """What is signed."""
        at = self.at.astimezone(UTC).isoformat(timespec="microseconds")
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\ntime {at}\n"


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint with its signature, believed by nobody until it has been verified.

    Attributes:
        name: who says to have signed it; the log itself.
        hint: 4 bytes that say with which key.
        signature: 64 bytes.
    """

    checkpoint: Checkpoint
    name: str
    hint: bytes
    signature: bytes

    def note(self) -> str:
        """The whole as it is kept and sent."""
        signature = base64.b64encode(self.hint + self.signature).decode()
        return f"{self.checkpoint.text()}\n— {self.name} {signature}\n"


def sign(checkpoint: Checkpoint, signer: Signer, public_key: bytes) -> SignedCheckpoint:
    """Put the log's name to a checkpoint.

    Args:
        checkpoint: what to vouch for.
        signer: the log's key.
        public_key: 32 bytes, the other half of it.

    Raises:
        Unavailable: the token that holds the key does not answer.
    """
    signature = signer.sign(checkpoint.text().encode())
    hint = LogKey(checkpoint.origin, public_key).hint
    return SignedCheckpoint(checkpoint, checkpoint.origin, hint, signature.value)


def read_note(text: str) -> SignedCheckpoint:
    """A checkpoint from its note.

    Raises:
        InvalidValue: the text is no checkpoint, or not in the one form of it.
    """
    found = _NOTE.fullmatch(text)
    if found is None:
        msg = "expected a checkpoint: origin, size, root hash and time, an empty line and one signature"
        raise InvalidValue(msg)
    try:
        at = datetime.fromisoformat(found["at"])
    except ValueError as error:
        msg = f"expected the time of a checkpoint in ISO 8601, got {found['at']!r}"
        raise InvalidValue(msg) from error
    checkpoint = Checkpoint(found["origin"], int(found["size"]), _unbase64(found["root"], "a root hash"), at)
    data = _unbase64(found["signature"], "a signature")
    if checkpoint.text() != found["text"] or len(data) != _HINT_BYTES + _SIGNATURE_BYTES:
        msg = "expected a checkpoint in its one form, with an Ed25519 signature"
        raise InvalidValue(msg)
    return SignedCheckpoint(checkpoint, found["name"], data[:_HINT_BYTES], data[_HINT_BYTES:])


def _unbase64(text: str, what: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        msg = f"expected {what} in base64, got {text!r}"
        raise InvalidValue(msg) from error
