from __future__ import annotations

import inspect
import re

import pytest

from watchbound.domain import errors
from watchbound.domain.errors import InvalidValue, Poison, PoisonReason, WatchboundError

TYPES = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, Exception)]


@pytest.mark.parametrize("kind", TYPES)
def test_every_error_is_in_the_tree_and_drawn_there(kind: type[Exception]) -> None:
    assert issubclass(kind, WatchboundError)
    assert kind.__name__ in (errors.__doc__ or "")


def test_an_invalid_value_is_a_value_error_too() -> None:
    assert issubclass(InvalidValue, ValueError)


@pytest.mark.parametrize("reason", list(PoisonReason))
def test_poison_keeps_its_reason_and_shows_it(reason: PoisonReason) -> None:
    poison = Poison(reason, "expected a picture")
    assert poison.reason is reason
    assert str(poison) == f"{reason.value}: expected a picture"
    assert re.fullmatch(r"[a-z][a-z_]*", reason.value)
