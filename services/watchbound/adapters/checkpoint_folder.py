"""Checkpoints as files, in a folder that the audit log's machine does not control: a mount of another one."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from watchbound.domain.errors import ConfigurationError, InvalidValue, Tampered, Unavailable
from watchbound.pipeline.audit_verify import CheckpointFinding, Evidence
from watchbound.pipeline.checkpoint import SignedCheckpoint, read_note

_SUFFIX = ".checkpoint"
_SIZE_DIGITS = 19


class CheckpointFolder:
    """A `CheckpointPlace`: one file for each size, named by it. A file is never written twice."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.expanduser()

    def latest(self) -> SignedCheckpoint | None:
        """See `CheckpointPlace.latest`."""
        try:
            names = sorted(path.name for path in self._folder.glob(f"*{_SUFFIX}"))
            return read_note((self._folder / names[-1]).read_text(encoding="utf-8")) if names else None
        except (OSError, UnicodeDecodeError) as error:
            raise self._away(error) from error
        except InvalidValue as error:
            msg = f"the last checkpoint in {self._folder} was altered ({error}); run audit verify"
            raise Tampered(msg) from error

    def put(self, signed: SignedCheckpoint) -> None:
        """See `CheckpointPlace.put`."""
        name = f"{signed.checkpoint.size:0{_SIZE_DIGITS}}{_SUFFIX}"
        fresh = self._folder / f".{secrets.token_hex(8)}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with fresh.open("x", encoding="utf-8") as file:
                file.write(signed.note())
                file.flush()
                os.fsync(file.fileno())
            try:
                # Unlike a rename, a link never takes the place of what stands there.
                os.link(fresh, self._folder / name)
            except FileExistsError:
                self._require_same(self._folder / name, signed)
            finally:
                fresh.unlink()
        except OSError as error:
            raise self._away(error) from error

    def _require_same(self, path: Path, signed: SignedCheckpoint) -> None:
        try:
            known = read_note(path.read_text(encoding="utf-8")).checkpoint
        except (InvalidValue, UnicodeDecodeError) as error:
            msg = f"the checkpoint {path} was altered ({error}); run audit verify"
            raise Tampered(msg) from error
        if (known.origin, known.root) != (signed.checkpoint.origin, signed.checkpoint.root):
            msg = f"{path} vouches for another history of the same {known.size} events; run audit verify"
            raise Tampered(msg)

    def _away(self, error: Exception) -> Unavailable:
        msg = f"WATCHBOUND_AUDIT_CHECKPOINTS: the folder {self._folder} cannot be used ({error})"
        return Unavailable(msg)


def read_checkpoints(path: Path) -> list[Evidence | CheckpointFinding]:
    """The checkpoints of a file or a folder; one that cannot be read is a finding.

    Raises:
        ConfigurationError: there is no such file or folder.
    """
    place = path.expanduser()
    if not place.exists():
        msg = f"expected a checkpoint, or a folder with some, at {path}: there is nothing"
        raise ConfigurationError(msg)
    files = sorted(place.glob(f"*{_SUFFIX}")) if place.is_dir() else [place]
    return [_evidence(file) for file in files]


def _evidence(file: Path) -> Evidence | CheckpointFinding:
    try:
        return Evidence(str(file), read_note(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, InvalidValue) as error:
        return CheckpointFinding(str(file), 0, f"it cannot be read: {error}")
