from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from watchbound.domain.embedding import Embedding
from watchbound.domain.errors import InvalidValue
from watchbound.domain.watchlist import EnrolledImage, EntryAdded, EntryRemoved

from ..strategies import NOON
from .values import ENTRY

TEMPLATE = Embedding(np.array([1, 0], np.float32), "model")
IMAGE = EnrolledImage(ENTRY, "image", TEMPLATE)


@pytest.mark.parametrize(("field", "what"), [("authorisation_id", "authorisation id"), ("reference", "reference")])
def test_an_entry_is_named_so_that_it_can_be_a_key(field: str, what: str) -> None:
    with pytest.raises(InvalidValue, match=what):
        replace(ENTRY, **{field: "a/b"})  # type: ignore[arg-type]


def test_an_addition_holds_images() -> None:
    with pytest.raises(InvalidValue, match="at least one image"):
        EntryAdded(ENTRY, (), NOON)


def test_an_addition_holds_images_of_its_own_entry_only() -> None:
    other = replace(IMAGE, entry=replace(ENTRY, reference="REF-2"))
    with pytest.raises(InvalidValue, match="of that entry"):
        EntryAdded(ENTRY, (IMAGE, other), NOON)


def test_an_addition_holds_images_of_one_model_since_it_names_one() -> None:
    other = replace(IMAGE, embedding=Embedding(TEMPLATE.vector, "another"))
    with pytest.raises(InvalidValue, match="by one model"):
        EntryAdded(ENTRY, (IMAGE, other), NOON)


def test_changes_have_a_time_with_a_zone() -> None:
    naive = NOON.replace(tzinfo=None)
    with pytest.raises(InvalidValue, match="at must carry"):
        EntryAdded(ENTRY, (IMAGE,), naive)
    with pytest.raises(InvalidValue, match="at must carry"):
        EntryRemoved("op-1", "REF-1", naive)


@pytest.mark.parametrize("names", [("a/b", "REF-1"), ("op-1", "")])
def test_a_removal_names_what_it_removes(names: tuple[str, str]) -> None:
    with pytest.raises(InvalidValue, match="must be 1 to 64"):
        EntryRemoved(*names, NOON)
