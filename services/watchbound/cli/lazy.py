"""Sub-commands that are imported when they are called, so that `watchbound decide` does not wait for Ray."""

from __future__ import annotations

from importlib import import_module
from typing import Any, ClassVar, cast

import typer
from typer.core import TyperCommand, TyperGroup

_VERBATIM = "\b"


class LazyGroup(TyperGroup):
    """A group whose commands live in modules of this package.

    Attributes:
        places: by command name, the module and the name in it of a `typer.Typer`, or of a function.
    """

    places: ClassVar[dict[str, tuple[str, str]]] = {
        "demo": ("demo", "demo"),
        "keys": ("keys", "app"),
        "authorise": ("authorise", "app"),
        "watchlist": ("watchlist", "app"),
        "camera": ("camera", "app"),
        "match": ("match", "app"),
        "alerting": ("alerting", "app"),
        "alerts": ("alerts", "app"),
        "decide": ("decide", "decide"),
        "notice": ("notice", "notice"),
        "purge": ("purge", "purge"),
        "governance": ("governance", "app"),
        "record": ("record", "record"),
        "models": ("models", "app"),
        "audit": ("audit", "app"),
        "topics": ("topics", "app"),
        "replay": ("replay", "app"),
        "ring": ("key_ring", "app"),
        "calibrate": ("calibrate", "calibrate"),
        "evaluate": ("evaluate", "evaluate"),
        "robustness": ("robustness", "robustness"),
        "synthetic": ("synthetic", "app"),
        "prove": ("prove", "app"),
    }

    def list_commands(self, ctx: Any) -> list[str]:
        """In the order in which a newcomer meets them."""
        return list(self.places)

    def get_command(self, ctx: Any, cmd_name: str) -> TyperCommand | TyperGroup | None:
        """Import the command."""
        if cmd_name not in self.places:
            return None
        module, attribute = self.places[cmd_name]
        found = getattr(import_module(f"watchbound.cli.{module}"), attribute)
        if not isinstance(found, typer.Typer):
            alone = typer.Typer(add_completion=False, rich_markup_mode=None)
            alone.command()(found)
            found = alone
        command: Any = typer.main.get_command(found)
        command.name = cmd_name
        _keep_examples(command)
        return cast(TyperCommand | TyperGroup, command)


def _keep_examples(command: Any) -> None:
    """Mark the examples of a command, and of those below it, as lines that help must not wrap together."""
    if command.help:
        command.help = command.help.replace("Examples:\n", f"{_VERBATIM}\nExamples:\n")
    for below in getattr(command, "commands", {}).values():
        _keep_examples(below)
