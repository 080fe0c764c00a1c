"""The `watchbound` command. One file per group of commands; this one joins them.

Exit codes: 0 done; 1 refused or failed, the message says why; 2 wrong usage or configuration; 3 a service that we
depend on does not answer, or refuses us; 130 interrupted.
"""

from __future__ import annotations

import sys

import typer

from watchbound.cli.lazy import LazyGroup
from watchbound.domain.errors import ConfigurationError, Unavailable, WatchboundError

app = typer.Typer(
    name="watchbound",
    help="A streaming face-matching cluster that can match only what it has been authorised to match.",
    cls=LazyGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def watchbound() -> None:
    """A streaming face-matching cluster that can match only what it has been authorised to match."""


def main() -> None:
    """Run the command line; errors that a person can mend are one line, not a trace."""
    try:
        app()
    except WatchboundError as error:
        print(f"watchbound: {error}", file=sys.stderr)
        code = 2 if isinstance(error, ConfigurationError) else 3 if isinstance(error, Unavailable) else 1
        sys.exit(code)
    except KeyboardInterrupt:
        print("watchbound: interrupted", file=sys.stderr)
        sys.exit(130)
