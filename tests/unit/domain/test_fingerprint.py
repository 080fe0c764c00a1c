from __future__ import annotations

import numpy as np
import pytest

from watchbound.domain.errors import InvalidValue
from watchbound.domain.fingerprint import Fingerprints, FingerprintSearch

RNG = np.random.default_rng(17)
TEMPLATES = RNG.normal(size=(200, 128)).astype(np.float32)
PRINTS = Fingerprints.of(TEMPLATES)
NOISE = RNG.bytes(2_000_000)


@pytest.mark.parametrize("offset", [0, 1, 7, 1000, 65_537])
def test_a_copy_is_found_wherever_it_begins(offset: int) -> None:
    data = NOISE[:offset] + TEMPLATES[42].tobytes() + NOISE[offset:100_000]
    assert FingerprintSearch(PRINTS).templates_in(data) == {42}


@pytest.mark.parametrize("part", [slice(0, 16), slice(-16, None), slice(224, 320)])
def test_a_part_of_a_copy_is_enough(part: slice) -> None:
    data = NOISE[:999] + TEMPLATES[3].tobytes()[part] + NOISE[999:2000]
    assert FingerprintSearch(PRINTS).templates_in(data) == {3}


def test_all_of_many_copies_are_found() -> None:
    assert FingerprintSearch(PRINTS).templates_in(TEMPLATES.tobytes()) == set(range(200))


def test_other_bytes_and_other_people_are_not_found() -> None:
    others = RNG.normal(size=(500, 128)).astype(np.float32)
    assert FingerprintSearch(PRINTS).templates_in(NOISE + others.tobytes()) == frozenset()


def test_one_changed_bit_in_every_stretch_hides_a_copy_so_nothing_else_was_matched() -> None:
    data = bytearray(TEMPLATES[5].tobytes())
    for place in (0, 248, 511):
        data[place] ^= 1
    assert FingerprintSearch(PRINTS).templates_in(bytes(data)) == frozenset()


def test_nothing_is_found_in_nothing_or_for_nobody() -> None:
    assert FingerprintSearch(PRINTS).templates_in(b"") == frozenset()
    assert FingerprintSearch(Fingerprints.none()).templates_in(TEMPLATES.tobytes()) == frozenset()


def test_they_read_back_and_join() -> None:
    again = Fingerprints.from_bytes(PRINTS.to_bytes())
    assert np.array_equal(again.digests, PRINTS.digests)
    assert len(PRINTS | again) == len(PRINTS)
    assert len(Fingerprints.none() | PRINTS) == 200
    with pytest.raises(InvalidValue):
        Fingerprints.from_bytes(PRINTS.to_bytes()[:-1])


def test_they_hold_far_less_than_the_template() -> None:
    assert len(PRINTS.to_bytes()) == 24 * len(TEMPLATES)
    assert TEMPLATES[0].tobytes()[:16] not in PRINTS.to_bytes()


def test_templates_too_short_to_be_told_apart_are_refused() -> None:
    with pytest.raises(InvalidValue):
        Fingerprints.of(np.ones((1, 3), dtype=np.float32))
