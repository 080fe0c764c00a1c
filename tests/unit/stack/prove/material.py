"""Invented material to hide and to find."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from watchbound.stack.prove.exact import ExactSearch
from watchbound.stack.prove.forbidden import Forbidden, Material, written_forms
from watchbound.stack.prove.near import NearSearch
from watchbound.stack.prove.scan import Searches

RANDOM = np.random.default_rng(7)
DIMENSION = 128


def unit(vector: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


def template() -> NDArray[np.float32]:
    return unit(RANDOM.normal(size=DIMENSION))


def noise(length: int) -> bytes:
    return RANDOM.bytes(length)


TEMPLATE = template()
CROP = noise(112 * 112 * 3)
JPEG = noise(90_000)


def searches() -> Searches:
    raw = [
        Forbidden("canary", Material.TEMPLATE, TEMPLATE.tobytes()),
        Forbidden("canary", Material.CROP, CROP),
        Forbidden("canary", Material.JPEG, JPEG),
    ]
    return Searches(
        ExactSearch([form for item in raw for form in written_forms(item)]), NearSearch(TEMPLATE[None], ["canary"])
    )
