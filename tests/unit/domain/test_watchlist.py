from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest

from watchbound.domain.embedding import Embedding
from watchbound.domain.errors import InvalidValue
from watchbound.domain.signature import Signature
from watchbound.domain.watchlist import EnrolledImage, EntryAdded, EntryProposed, EntryRemoved

from ..strategies import NOON
from .values import ENTRY, PAPERS

TEMPLATE = Embedding(np.array([1, 0], np.float32), "model")
IMAGE = EnrolledImage(ENTRY, "image", TEMPLATE)
SIGNATURE = Signature("key", bytes(64))


def _added(images: tuple[EnrolledImage, ...], at: datetime = NOON) -> EntryAdded:
    return EntryAdded(ENTRY, images, PAPERS, at, SIGNATURE, SIGNATURE)


def test_an_addition_names_who_approved_it_and_a_proposal_names_nobody() -> None:
    proposed = replace(PAPERS, approved_by="")
    with pytest.raises(InvalidValue, match="nobody who approved"):
        EntryAdded(ENTRY, (IMAGE,), proposed, NOON, SIGNATURE, SIGNATURE)
    assert EntryProposed(ENTRY, (IMAGE,), proposed, SIGNATURE).papers == proposed
    with pytest.raises(InvalidValue, match="not been approved"):
        EntryProposed(ENTRY, (IMAGE,), PAPERS, SIGNATURE)


@pytest.mark.parametrize(("field", "what"), [("authorisation_id", "authorisation id"), ("reference", "reference")])
def test_an_entry_is_named_so_that_it_can_be_a_key(field: str, what: str) -> None:
    with pytest.raises(InvalidValue, match=what):
        replace(ENTRY, **{field: "a/b"})  # type: ignore[arg-type]


def test_an_addition_holds_images() -> None:
    with pytest.raises(InvalidValue, match="at least one image"):
        _added(())


def test_an_addition_holds_images_of_its_own_entry_only() -> None:
    other = replace(IMAGE, entry=replace(ENTRY, reference="REF-2"))
    with pytest.raises(InvalidValue, match="of that entry"):
        _added((IMAGE, other))


def test_an_addition_holds_images_of_one_model_since_it_names_one() -> None:
    other = replace(IMAGE, embedding=Embedding(TEMPLATE.vector, "another"))
    with pytest.raises(InvalidValue, match="by one model"):
        _added((IMAGE, other))


def test_changes_have_a_time_with_a_zone() -> None:
    naive = NOON.replace(tzinfo=None)
    with pytest.raises(InvalidValue, match="at must carry"):
        _added((IMAGE,), naive)
    with pytest.raises(InvalidValue, match="at must carry"):
        EntryRemoved("op-1", "REF-1", naive)


@pytest.mark.parametrize("names", [("a/b", "REF-1"), ("op-1", "")])
def test_a_removal_names_what_it_removes(names: tuple[str, str]) -> None:
    with pytest.raises(InvalidValue, match="must be 1 to 64"):
        EntryRemoved(*names, NOON)
