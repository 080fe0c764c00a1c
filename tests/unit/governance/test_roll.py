from __future__ import annotations

import numpy as np
import pytest

from watchbound.domain.embedding import Embedding
from watchbound.domain.watchlist import Category, EnrolledImage, ResponseLevel, WatchlistEntry
from watchbound.governance.roll import Roll

MODEL = "m" * 64


def image(reference: str, number: int) -> EnrolledImage:
    vector = np.random.default_rng(number).normal(size=8).astype(np.float32)
    entry = WatchlistEntry("op-1", reference, Category.MISSING, ResponseLevel.AMBER)
    return EnrolledImage(entry, f"{number:064x}", Embedding.of(vector, MODEL))


def test_the_nearest_is_of_another_reference_however_many_there_are() -> None:
    images = [image(f"R{number % 300}", number) for number in range(700)]
    roll = Roll(images, 8)
    for probe in images[::70]:
        other = {i.entry.reference: 0.0 for i in images if i.entry.reference != probe.entry.reference}
        for known in images:
            if known.entry.reference in other:
                score = probe.embedding.similarity(known.embedding)
                other[known.entry.reference] = max(other[known.entry.reference], score)
        nearest = roll.nearest_other(probe.entry.reference, probe.embedding)
        assert nearest is not None
        assert nearest[1] == pytest.approx(max(other.values()), abs=1e-6)
        assert other[nearest[0]] == pytest.approx(nearest[1], abs=1e-6)


def test_a_dropped_entry_is_neither_held_nor_near() -> None:
    roll = Roll([image("A", 1), image("B", 2)], 8)
    roll.drop("A")
    assert roll.of("A") == ()
    assert not roll.holds("A", image("A", 1).image_id)
    assert roll.nearest_other("B", image("A", 1).embedding) is None
    roll.put([image("A", 3)])
    nearest = roll.nearest_other("B", image("A", 1).embedding)
    assert nearest is not None
    assert nearest[0] == "A"


def test_an_empty_roll_has_nobody_near() -> None:
    assert Roll([], 8).nearest_other("A", image("A", 1).embedding) is None
