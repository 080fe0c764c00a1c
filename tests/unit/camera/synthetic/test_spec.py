from dataclasses import replace
from typing import Any

import cv2
import pytest

from watchbound.camera.synthetic.people import FIGURES, all_people, enrolment_photo, figure
from watchbound.camera.synthetic.spec import SiteSpec
from watchbound.domain.errors import InvalidValue, UnknownReference

SPEC = SiteSpec("gate", 1, 20, people=("P001",))


@pytest.mark.parametrize(
    "change",
    [
        {"camera_id": "../gate"},
        {"seed": -1},
        {"seconds": 0},
        {"seconds": float("nan")},
        {"fps": 0.5},
        {"fps": float("nan")},
        {"width": 1281},
        {"height": 90},
        {"people": ("P011",)},
        {"people": ("P001", "P001")},
    ],
)
def test_impossible_sites_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue, match="got"):
        replace(SPEC, **change)


@pytest.mark.parametrize(
    "change", [{"seed": 2}, {"seconds": 21}, {"fps": 5}, {"camera_id": "door"}, {"people": ("P002",)}]
)
def test_every_part_of_a_spec_is_in_its_digest(change: dict[str, Any]) -> None:
    assert replace(SPEC, **change).digest() != SPEC.digest()
    assert replace(SPEC).digest() == SPEC.digest()


@pytest.mark.parametrize("person", all_people())
def test_everybody_has_a_portrait_and_a_plausible_figure(person: str) -> None:
    assert cv2.haveImageReader(str(enrolment_photo(person)))
    assert 1.3 < FIGURES[person].eye_height_m < 1.7
    assert 95 < FIGURES[person].eye_distance < 115


def test_nobody_else_exists() -> None:
    with pytest.raises(UnknownReference, match="P011"):
        figure("P011")
