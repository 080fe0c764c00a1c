"""Every command and flag that a page or the README shows exists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from tools.contracts import DOCS, ROOT

from watchbound.cli import app

PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
COMMAND = re.compile(r"watchbound ([a-z][^\n`|#;&>)“”]*)")


def shown(text: str) -> Iterator[list[str]]:
    """The words of each command line in a page, continued lines joined."""
    joined = re.sub(r"\\\n\s*", " ", text)
    for code in re.findall(r"```(?:sh|bash)?\n(.*?)```|`([^`\n]+)`", joined, re.DOTALL):
        for found in COMMAND.finditer("".join(code)):
            words = re.sub(r"[…\[\]\"']", " ", found[1]).split()
            # `watchbound deletion receipt v1` is what a signature is about, not a command.
            if not re.fullmatch(r"v\d+", words[-1]):
                yield words


def unknown(words: list[str]) -> str | None:
    """What of a command line there is not, if anything."""
    command: Any = typer.main.get_command(app)
    while hasattr(command, "get_command") and words and not words[0].startswith("-"):
        name, *words = words
        known = command
        # `authorise draft|sign` names several at once.
        for choice in name.split("|"):
            found = known.get_command(None, choice)
            if found is None:
                return f"command {choice}"
            command = found
    flags = {flag for parameter in command.params for flag in (*parameter.opts, *parameter.secondary_opts)} | {"--help"}
    return next((word for word in words if word.startswith("--") and word.split("=")[0] not in flags), None)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_shows_no_command_and_no_flag_that_is_not_there(page: Path) -> None:
    wrong = {" ".join(words): missing for words in shown(page.read_text()) if (missing := unknown(words)) is not None}
    assert wrong == {}


def test_commands_are_found_in_pages_at_all() -> None:
    assert sum(len(list(shown(page.read_text()))) for page in PAGES) > 100


def test_what_is_not_there_is_noticed() -> None:
    assert unknown(["authorise", "allow"]) == "command allow"
    assert unknown(["authorise", "cancel", "op-1", "--quietly"]) == "--quietly"
    assert unknown(["authorise", "cancel", "op-1", "--reason", "over"]) is None
