"""What is fuzzed: each place where bytes or text of others come in, with the errors that it may answer with."""

from __future__ import annotations

import contextlib
import io
import shlex
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tools.contracts import CONTRACTS

from watchbound.adapters.trust_list import read_trust_list
from watchbound.camera.site import load_site
from watchbound.cli import app
from watchbound.domain.errors import ConfigurationError, InvalidValue, Poison, WatchboundError
from watchbound.domain.watchlist import Category, ResponseLevel
from watchbound.extraction.decode import PictureLimits, decode_jpeg
from watchbound.extraction.pack_manifest import read_manifest
from watchbound.extraction.still import read_still
from watchbound.governance.stated_papers import read_paper_defaults
from watchbound.governance.submissions import Defaults, read_submissions
from watchbound.settings import CameraSettings, load

LIVE = PictureLimits(max_bytes=2_000_000, max_pixels=3840 * 2160)
STILL = PictureLimits(max_bytes=2_000_000, max_pixels=4_000_000)
"""Smaller than an officer may hand in, so that a run looks at many."""

_DEFAULTS = Defaults("op-1", Category.MISSING, ResponseLevel.AMBER, {}, "officer", datetime(2026, 11, 1, tzinfo=UTC))
_WRITING = ("--out", "--apply", "-o")
_HARMLESS = (
    "topics acls",
    "keys list",
    "models list",
    "audit verify",
    "authorise draft --template",
)
"""Commands that reach no service. Whatever flags follow, they write nothing that they were not told to."""


@dataclass(frozen=True, slots=True)
class Target:
    """One way in.

    Attributes:
        enter: hands the input over; the errors below are answers, anything else is a crash.
        answers: errors that may come of any input.
    """

    enter: Callable[[bytes], object]
    answers: tuple[type[BaseException], ...]

    def check(self, data: bytes) -> bool:
        """Whether the input was taken; a crash comes out as the exception that it is."""
        try:
            self.enter(data)
        except self.answers:
            return False
        return True


def _in_a_file(name: str, read: Callable[[Path], object]) -> Callable[[bytes], object]:
    folder = Path(tempfile.mkdtemp(prefix="wb-fuzz-"))

    def enter(data: bytes) -> object:
        (folder / name).write_bytes(data)
        return read(folder / name)

    return enter


def _command(data: bytes) -> None:
    """The first byte chooses the command, the rest are its arguments."""
    command = _HARMLESS[data[0] % len(_HARMLESS)] if data else ""
    text = data[1:].decode(errors="replace").replace("\0", "")
    try:
        arguments = shlex.split(text)
    except ValueError:
        arguments = text.split()
    kept = [word for word in arguments if not word.startswith(_WRITING)]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            app([*command.split(), *kept])
        except SystemExit as ended:
            if ended.code:
                raise


def _codec(topic: str) -> Target:
    contract = next(contract for contract in CONTRACTS if contract.topic.name == topic)

    def enter(data: bytes) -> None:
        value = contract.codec.decode(data)
        # What was taken can be said again: a value that exists is in order.
        contract.codec.encode(value)

    return Target(enter, (Poison,))


TARGETS: dict[str, Target] = {
    "frame": Target(lambda data: decode_jpeg(data, LIVE), (Poison,)),
    "still": Target(lambda data: read_still(data, STILL), (Poison,)),
    **{contract.topic.name: _codec(contract.topic.name) for contract in CONTRACTS},
    "manifest": Target(_in_a_file("manifest.yaml", lambda path: read_manifest(path.parent)), (ConfigurationError,)),
    "site": Target(_in_a_file("site.yaml", lambda path: load_site(path, load(CameraSettings))), (ConfigurationError,)),
    "watchlist": Target(
        _in_a_file("list.csv", lambda path: read_submissions(path, _DEFAULTS)), (ConfigurationError, InvalidValue)
    ),
    "papers": Target(_in_a_file("papers.yaml", read_paper_defaults), (ConfigurationError,)),
    "trust": Target(_in_a_file("trust.json", read_trust_list), (ConfigurationError,)),
    "command": Target(_command, (WatchboundError, SystemExit)),
}
