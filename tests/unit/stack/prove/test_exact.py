from __future__ import annotations

import base64

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.stack.prove.material import CROP, JPEG, noise
from watchbound.stack.prove.exact import SHORTEST, ExactSearch
from watchbound.stack.prove.forbidden import Forbidden, Form, Material, written_forms

SEARCH = ExactSearch(
    [Forbidden("a", Material.CROP, CROP), *written_forms(Forbidden("b", Material.JPEG, JPEG))],
)


@given(st.integers(0, 2000), st.integers(0, len(CROP) - 700), st.integers(500, 700))
def test_a_fragment_is_found_wherever_it_lies(offset: int, begin: int, length: int) -> None:
    # What surrounds it differs from what surrounds it in the crop; otherwise the fragment would be longer than cut.
    before, after = CROP[begin - 1] ^ 1, (CROP[begin + length] if begin + length < len(CROP) else 0) ^ 1
    hits = SEARCH.find(bytes([before]) * offset + CROP[begin : begin + length] + bytes([after]) * 100)
    assert len(hits) == 1
    assert (hits[0].of.whose, hits[0].of.material) == ("a", Material.CROP)
    assert (hits[0].offset, hits[0].length) == (offset, length)


def test_a_whole_picture_is_one_finding() -> None:
    hits = SEARCH.find(noise(1001) + JPEG + noise(1000))
    assert [(hit.offset, hit.length) for hit in hits] == [(1001, len(JPEG))]


@pytest.mark.parametrize("phase", range(4))
def test_it_is_found_in_the_middle_of_a_text(phase: int) -> None:
    for data, form in ((JPEG.hex().encode(), Form.HEX), (base64.b64encode(b"x" * phase + JPEG), Form.BASE64)):
        hits = SEARCH.find(b'{"message": "' + data + b'"}')
        assert {hit.of.form for hit in hits} == {form}


def test_noise_and_flat_pictures_are_nobodys() -> None:
    flat = np.tile(np.array([120, 121, 122], np.uint8), 20_000).tobytes()
    search = ExactSearch([Forbidden("wall", Material.CROP, flat), Forbidden("a", Material.CROP, CROP)])
    assert search.find(flat) == []
    assert search.find(noise(4 << 20)) == []


def test_too_short_a_run_is_no_finding() -> None:
    assert SEARCH.find(noise(64) + CROP[8 : 8 + SHORTEST - 4] + noise(64)) == []


def test_nothing_forbidden_is_nothing_found() -> None:
    assert ExactSearch([]).find(CROP) == []


def test_material_is_never_shown() -> None:
    assert repr(Forbidden("a", Material.CROP, CROP)) == f"Forbidden(a, crop, raw, {len(CROP)} bytes)"
