"""Where receipts are kept, and what a purge must remember to go on after it was killed: files in one folder.

A folder for each authorisation holds `fingerprints`, the `journal` of an unfinished purge, and the receipts. None of
it is biometric.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from watchbound.domain.errors import InvalidValue, Unavailable
from watchbound.domain.fingerprint import Fingerprints
from watchbound.domain.frame import require_name
from watchbound.domain.receipt import SignedReceipt, receipt_from_json
from watchbound.domain.sealing import Purpose


@dataclass(frozen=True, slots=True)
class Journal:
    """A purge that has begun.

    Attributes:
        before: how much was found in each place before anything was erased.
    """

    purposes: frozenset[Purpose]
    before: Mapping[str, int]


class ReceiptShelf:
    """The folder. Every write is complete on the disk before the method returns, or has not happened.

    Raises:
        Unavailable: from every method, when the folder cannot be read or written.
    """

    def __init__(self, root: Path) -> None:
        self._root = root.expanduser()

    def fingerprints(self, authorisation_id: str) -> Fingerprints:
        """Those remembered so far."""
        data = self._read(self._folder(authorisation_id) / "fingerprints")
        return Fingerprints.none() if data is None else Fingerprints.from_bytes(data)

    def remember(self, authorisation_id: str, fingerprints: Fingerprints) -> None:
        """Add to those remembered."""
        known = self.fingerprints(authorisation_id) | fingerprints
        self._write(self._folder(authorisation_id) / "fingerprints", known.to_bytes())

    def journal(self, authorisation_id: str) -> Journal | None:
        """The purge that has begun and is not finished.

        Raises:
            Unavailable: it is damaged.
        """
        path = self._folder(authorisation_id) / "journal"
        data = self._read(path)
        if data is None:
            return None
        try:
            value = json.loads(data)
            return Journal(frozenset(Purpose(name) for name in value["purposes"]), dict(value["before"]))
        except (ValueError, KeyError, TypeError) as error:
            msg = f"{path} is damaged ({error!r}); move it away, and the next receipt counts from what is there now"
            raise Unavailable(msg) from error

    def begin(self, authorisation_id: str, journal: Journal) -> None:
        """Note what was found, before anything is erased."""
        value = {"purposes": sorted(one.value for one in journal.purposes), "before": dict(journal.before)}
        self._write(self._folder(authorisation_id) / "journal", json.dumps(value, indent=2).encode())

    def put(self, signed: SignedReceipt) -> Path:
        """Keep a receipt; once it is clean, the purge is finished."""
        receipt = signed.receipt
        path = self._folder(receipt.authorisation_id) / f"{receipt.at:%Y%m%dT%H%M%S%fZ}-{receipt.digest()[:12]}.json"
        self._write(path, json.dumps(signed.as_json(), ensure_ascii=False, indent=2).encode())
        if receipt.clean:
            try:
                path.with_name("journal").unlink(missing_ok=True)
            except OSError as error:
                raise _trouble(path.with_name("journal"), error) from error
        return path

    def receipts(self, authorisation_id: str) -> list[SignedReceipt]:
        """All of an authorisation, oldest first; whether their signatures hold is for a trust list to say.

        Raises:
            Unavailable: one is damaged.
        """
        found = []
        for path in sorted(self._folder(authorisation_id).glob("*.json")):
            try:
                found.append(receipt_from_json(json.loads(self._read(path) or b"")))
            except (InvalidValue, ValueError) as error:
                msg = f"{path} is no receipt any more ({error}); move it away"
                raise Unavailable(msg) from error
        return found

    def _folder(self, authorisation_id: str) -> Path:
        require_name(authorisation_id, "an authorisation id")
        return self._root / authorisation_id

    def _read(self, path: Path) -> bytes | None:
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _trouble(path, error) from error

    def _write(self, path: Path, data: bytes) -> None:
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with fresh.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path)
            folder = os.open(path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise _trouble(path, error) from error


def _trouble(path: Path, error: OSError) -> Unavailable:
    return Unavailable(f"{path} cannot be used: {error.strerror}; WATCHBOUND_PURGE_RECEIPTS names the folder")
