"""YAML as people write it. What only machines would write, to exhaust whoever reads it, is refused."""

from __future__ import annotations

from typing import Any

import yaml

MOST_CHARACTERS = 1_000_000


class _NoAliases:
    """A few lines of aliases of aliases stand for more text than any memory holds, once somebody quotes them."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):  # type: ignore[attr-defined]
            alias = self.peek_event()  # type: ignore[attr-defined]
            msg = f"expected every value in its place, got the alias *{alias.anchor}"
            raise yaml.composer.ComposerError(None, None, msg, alias.start_mark)
        return super().compose_node(parent, index)  # type: ignore[misc]


class _TypedLoader(_NoAliases, yaml.SafeLoader):
    """Numbers, dates and so on as YAML 1.1 has them."""


class _TextLoader(_NoAliases, yaml.BaseLoader):
    """Every value stays the text that it is."""


def load_yaml(text: str, *, only_text: bool = False) -> Any:
    """The document in a text.

    Args:
        text: as it stands in the file.
        only_text: take every value as text, numbers and dates too.

    Raises:
        yaml.YAMLError: it is no YAML, too long, nested too deep, has aliases, or a number or date that is none.
    """
    if len(text) > MOST_CHARACTERS:
        msg = f"expected at most {MOST_CHARACTERS} characters, got {len(text)}"
        raise yaml.YAMLError(msg)
    try:
        return yaml.load(text, Loader=_TextLoader if only_text else _TypedLoader)  # noqa: S506 - both make plain values
    except RecursionError as error:
        msg = "nested too deep"
        raise yaml.YAMLError(msg) from error
    # PyYAML passes on what Python says of a month 13, or of a number of 5,000 digits.
    except (ValueError, OverflowError) as error:
        raise yaml.YAMLError(str(error)) from error
