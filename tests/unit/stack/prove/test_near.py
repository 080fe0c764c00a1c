from __future__ import annotations

import json

import numpy as np
import pytest

from tests.unit.stack.prove.material import DIMENSION, RANDOM, TEMPLATE, noise, template, unit
from watchbound.stack.prove.near import BOUND, COVER, NearSearch, guides

SEARCH = NearSearch(TEMPLATE[None], ["canary"])


def near(cosine: float) -> np.ndarray:
    """A template of this cosine to the canary's."""
    other = RANDOM.normal(size=DIMENSION)
    other -= (other @ TEMPLATE) * TEMPLATE
    return unit(cosine * TEMPLATE + np.sqrt(1 - cosine**2) * unit(other))


@pytest.mark.parametrize("scale", [1.0, 0.3, 17.0])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("offset", [0, 1, 255, 256, 509, 4000, 4 << 20, (4 << 20) - 300])
def test_a_near_template_is_found_at_any_alignment_and_scale(offset: int, kind: type, scale: float) -> None:
    data = noise(offset) + (near(0.9) * scale).astype(kind).tobytes() + noise(77)
    (hit,) = SEARCH.find(data)
    assert hit.offset == offset
    assert hit.length == DIMENSION * np.dtype(kind).itemsize
    assert hit.cosine == pytest.approx(0.9, abs=1e-3)
    assert hit.whose == "canary"


@pytest.mark.parametrize("tail", [0, 4, 200])
def test_a_template_at_either_end_is_found(tail: int) -> None:
    assert len(SEARCH.find(TEMPLATE.tobytes() + bytes(tail))) == 1
    assert len(SEARCH.find(bytes(tail) + TEMPLATE.tobytes())) == 1


def test_templates_side_by_side_are_told_apart() -> None:
    both = NearSearch(np.stack([TEMPLATE, near(0.1)]), ["canary", "other"])
    rows = np.stack([template(), TEMPLATE, template(), *both._templates[1:]])
    assert [(hit.offset // 512, hit.whose) for hit in both.find(rows.tobytes())] == [(1, "canary"), (3, "other")]


def test_other_people_and_other_bytes_are_not_found() -> None:
    crowd = np.stack([template() for _ in range(5000)])
    assert SEARCH.find(crowd.tobytes()) == []
    assert SEARCH.find(np.stack([near(BOUND - 0.02) for _ in range(50)]).tobytes()) == []
    assert SEARCH.find(noise(1 << 20)) == []


@pytest.mark.parametrize("digits", [3, 17])
def test_numbers_in_a_text_are_read(digits: int) -> None:
    text = json.dumps({"event": "search", "took": 0.25, "probe": [round(float(x), digits) for x in TEMPLATE]}).encode()
    (hit,) = SEARCH.find_numbers(b"2026-11-23 1.5 " + text)
    assert hit.cosine > 0.99
    assert SEARCH.find_numbers(json.dumps(template().tolist()).encode()) == []


@pytest.mark.parametrize("near_zero", ["0", "3e-05", "-1E-6", "-0.0"])
def test_a_component_near_zero_does_not_hide_a_template(near_zero: str) -> None:
    numbers = [repr(float(x)) for x in TEMPLATE]
    numbers[64] = near_zero
    (hit,) = SEARCH.find_numbers(f"[{', '.join(numbers)}]".encode())
    assert hit.cosine > 0.9


def test_every_template_has_a_guide() -> None:
    templates = np.stack([near(0.9) for _ in range(20)] + [template() for _ in range(20)])
    chosen = guides(templates)
    assert len(chosen) < 30
    assert ((templates @ chosen.T).max(axis=1) >= COVER).all()


def test_a_template_is_found_that_is_only_guided_to() -> None:
    guided = near(0.62)
    search = NearSearch(np.stack([TEMPLATE, guided]), ["canary", "other"])
    (hit,) = search.find(noise(100) + guided.tobytes())
    assert (hit.offset, hit.whose) == (100, "other")
