"""The trust list: a JSON file of public keys that only operators can write and every service reads for itself."""

from __future__ import annotations

import base64
import binascii
import os
import stat
import tempfile
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from watchbound.adapters.logs import get_logger
from watchbound.adapters.signing import key_id_of, signature_holds
from watchbound.domain.errors import ConfigurationError, KeyRevoked, NotTrusted
from watchbound.domain.signature import Role, Signature

log = get_logger(__name__)

_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH
_PUBLIC_KEY_BYTES = 32

_Stamp = tuple[int, int, int, int]


def public_key_from(text: str) -> bytes:
    """The 32 bytes of a public key written in base64.

    Raises:
        ValueError: it is none.
    """
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        msg = f"expected a public key in base64, got {text[:60]!r}"
        raise ValueError(msg) from error
    if len(key) != _PUBLIC_KEY_BYTES:
        msg = f"expected a public key of {_PUBLIC_KEY_BYTES} bytes in base64, got {len(key)} bytes"
        raise ValueError(msg)
    return key


def _is_public_key(text: str) -> str:
    public_key_from(text)
    return text


class TrustedKey(BaseModel):
    """One key, and what its holder may put their name to while it is valid.

    Attributes:
        id: the key's name (see `key_id_of`).
        holder: the account of the person or service behind it.
        public_key: 32 bytes in base64.
        valid_until: that moment no longer belongs to its validity.
        revoked_at: from when on it is not believed any more, whenever it signed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    holder: str = Field(min_length=1, pattern=r"\S")
    roles: frozenset[Role] = Field(min_length=1)
    public_key: Annotated[str, AfterValidator(_is_public_key)]
    valid_from: AwareDatetime
    valid_until: AwareDatetime
    revoked_at: AwareDatetime | None = None
    revoked_because: str | None = None

    @model_validator(mode="after")
    def _consistent(self) -> TrustedKey:
        named = key_id_of(public_key_from(self.public_key))
        if self.id != named:
            msg = f"the key calls itself {self.id}, but its public key is that of {named}"
            raise ValueError(msg)
        if self.valid_until <= self.valid_from:
            msg = f"key {self.id} must end after it begins"
            raise ValueError(msg)
        return self

    def refuse_unless(self, role: Role, at: datetime) -> None:
        """Raise where the key cannot vouch in this role for something said at `at`.

        Raises:
            KeyRevoked: it could, but was revoked.
            NotTrusted: it never could.
        """
        if role not in self.roles:
            held = ", ".join(sorted(one.value for one in self.roles))
            msg = f"key {self.id} of {self.holder} may act as {held}, not as {role.value}"
            raise NotTrusted(msg)
        if not self.valid_from <= at < self.valid_until:
            msg = (
                f"key {self.id} of {self.holder} is valid from {self.valid_from.isoformat()} to "
                f"{self.valid_until.isoformat()}, not at {at.isoformat()}"
            )
            raise NotTrusted(msg)
        if self.revoked_at is not None:
            msg = f"key {self.id} of {self.holder} was revoked at {self.revoked_at.isoformat()}"
            raise KeyRevoked(msg)


class TrustDocument(BaseModel):
    """The whole list, as the file holds it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    keys: tuple[TrustedKey, ...] = ()

    @model_validator(mode="after")
    def _named_once(self) -> TrustDocument:
        ids = [key.id for key in self.keys]
        twice = sorted({key_id for key_id in ids if ids.count(key_id) > 1})
        if twice:
            msg = f"each key stands in the list once, got {', '.join(twice)} several times"
            raise ValueError(msg)
        return self

    def by_id(self) -> Mapping[str, TrustedKey]:
        """The keys by their names."""
        return {key.id: key for key in self.keys}


def read_trust_list(path: Path) -> TrustDocument:
    """Read and check a list.

    Raises:
        ConfigurationError: there is none, others may write it, or it is not well-formed.
    """
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            text = file.read()
    except OSError as error:
        msg = (
            f"expected a trust list at {path}: {error.strerror}; WATCHBOUND_TRUST_LIST or --list says where it is, "
            "and `watchbound keys trust` makes one"
        )
        raise ConfigurationError(msg) from error
    if mode & _WRITABLE_BY_OTHERS:
        msg = f"expected a trust list that only its owner can write, got mode {mode:04o}; run: chmod go-w {path}"
        raise ConfigurationError(msg)
    try:
        return TrustDocument.model_validate_json(text)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in problem['loc']) or 'the file'}: {problem['msg']}"
            for problem in error.errors()
        )
        msg = f"trust list {path}: {problems}"
        raise ConfigurationError(msg) from error


def change_trust_list(path: Path, change: Callable[[TrustDocument], TrustDocument]) -> TrustDocument:
    """Replace a list as a whole, so that no reader ever sees half of it; begins an empty one where there is none.

    Raises:
        ConfigurationError: the present list cannot be read, or the new one not be written.
    """
    changed = change(read_trust_list(path) if path.exists() else TrustDocument())
    try:
        with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}-", delete=False) as file:
            file.write(changed.model_dump_json(indent=2, exclude_none=True) + "\n")
        fresh = Path(file.name)
        fresh.chmod(0o644)
        fresh.replace(path)
    except OSError as error:
        msg = f"the trust list {path} cannot be written: {error.strerror}"
        raise ConfigurationError(msg) from error
    return changed


class FileTrustList:
    """A `TrustList` that reads its file again whenever it has changed, so that a revocation acts while services run.

    A file that cannot be read any more, or is not well-formed, trusts nobody until it is mended. Safe to share
    between threads.

    Raises:
        ConfigurationError: at the start there is no list that can be used.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.expanduser()
        self._lock = threading.Lock()
        self._version = 0
        self._stamp = self._look()
        self._keys = read_trust_list(self._path).by_id()

    def holder(self, key_id: str) -> str:
        """See `TrustList.holder`."""
        return self._key(key_id).holder

    def valid_until(self, key_id: str) -> datetime:
        """See `TrustList.valid_until`."""
        return self._key(key_id).valid_until

    def verify(self, message: bytes, signature: Signature, role: Role, at: datetime) -> str:
        """See `TrustList.verify`."""
        key = self._key(signature.key_id)
        if not signature_holds(public_key_from(key.public_key), message, signature.value):
            msg = f"the signature of key {key.id} ({key.holder}) does not hold: what was signed has been altered"
            raise NotTrusted(msg)
        key.refuse_unless(role, at)
        return key.holder

    def version(self) -> int:
        """See `TrustList.version`."""
        with self._lock:
            self._refresh()
            return self._version

    def _key(self, key_id: str) -> TrustedKey:
        with self._lock:
            self._refresh()
            key = self._keys.get(key_id)
        if key is None:
            msg = f"the trust list {self._path} knows no key {key_id}; `watchbound keys list` shows those it knows"
            raise NotTrusted(msg)
        return key

    def _refresh(self) -> None:
        """Read the file if it is another than before; one that cannot be read leaves nobody trusted."""
        # Looked at before it is read: a change in between makes the next look differ, never the last one be missed.
        stamp = self._look()
        if stamp == self._stamp:
            return
        self._stamp = stamp
        self._version += 1
        try:
            self._keys = read_trust_list(self._path).by_id()
        except ConfigurationError as error:
            self._keys = {}
            log.error("nobody is trusted", reason=str(error))
        else:
            log.info("the trust list has changed", keys=len(self._keys))

    def _look(self) -> _Stamp | None:
        """What tells one state of the file from another; None when there is no file."""
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino
