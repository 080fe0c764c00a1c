"""The ten people of the `openpeople` package, none of whom exists: their pictures, and how they stand in them.

The measurements below are in pixels of `studio_posture.jpg` (1536×2752). Faces were measured once with YuNet (OpenCV
Zoo, 2023-03) at half size and looked at; hair, shoulders and soles were read off the cut-out silhouettes; hems by eye.
They are data rather than detections made at run time, so that footage never depends on the models it is to test.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path

from watchbound.domain.errors import ConfigurationError, UnknownReference

PUPIL_SPAN_M = 0.068
"""Metres between the eyes that turn pixels into metres: the people come out 1.5 to 1.65 m tall."""


@dataclass(frozen=True, slots=True)
class Figure:
    """How a person stands in their studio picture, in its pixels; left and right are the picture's.

    Attributes:
        eyes: x and y of the eye on the left, x and y of the eye on the right.
        face: x, y, width and height of the face as a detector frames it.
        hair: left and right edge, and top, of the head with its hair.
        chin: row where the neck begins.
        shoulders: row below which the body has its full width.
        torso: left and right edge of the body with its arms.
        hem: row where the shirt ends; `shorts`, where the shorts end; `soles`, where the picture of the feet ends.
    """

    eyes: tuple[int, int, int, int]
    face: tuple[int, int, int, int]
    hair: tuple[int, int, int]
    chin: int
    shoulders: int
    torso: tuple[int, int]
    hem: int
    shorts: int
    soles: int

    @property
    def eye_middle(self) -> tuple[float, float]:
        """(x, y) of the point between the eyes."""
        x0, y0, x1, y1 = self.eyes
        return (x0 + x1) / 2, (y0 + y1) / 2

    @property
    def eye_distance(self) -> float:
        """Pixels between the eyes."""
        x0, y0, x1, y1 = self.eyes
        return float(((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5)

    @property
    def eye_height_m(self) -> float:
        """Metres from the floor to the eyes."""
        return (self.soles - self.eye_middle[1]) / self.eye_distance * PUPIL_SPAN_M


FIGURES: dict[str, Figure] = {
    "P001": Figure(
        (715, 365, 826, 360), (658, 243, 212, 291), (606, 928, 122), 530, 650, (446, 1100), 1388, 1614, 2644
    ),
    "P002": Figure(
        (708, 368, 817, 361), (649, 242, 224, 298), (554, 986, 124), 535, 650, (418, 1118), 1448, 1716, 2634
    ),
    "P003": Figure(
        (725, 364, 825, 356), (661, 254, 203, 277), (576, 940, 176), 528, 645, (436, 1112), 1370, 1668, 2616
    ),
    "P004": Figure(
        (717, 482, 819, 474), (659, 343, 211, 316), (522, 992, 210), 655, 770, (446, 1096), 1483, 1728, 2640
    ),
    "P005": Figure(
        (723, 347, 830, 343), (660, 222, 224, 318), (636, 910, 158), 535, 640, (400, 1144), 1495, 1871, 2654
    ),
    "P006": Figure(
        (715, 350, 824, 344), (665, 230, 201, 282), (634, 902, 162), 508, 630, (434, 1102), 1406, 1650, 2672
    ),
    "P007": Figure(
        (715, 360, 827, 359), (655, 234, 214, 301), (546, 984, 110), 532, 640, (410, 1130), 1477, 1894, 2670
    ),
    "P008": Figure(
        (726, 307, 825, 298), (665, 191, 205, 294), (588, 956, 112), 482, 590, (410, 1144), 1448, 1871, 2660
    ),
    "P009": Figure(
        (712, 329, 817, 324), (660, 203, 210, 302), (568, 970, 134), 502, 610, (424, 1112), 1406, 1608, 2674
    ),
    "P010": Figure(
        (715, 327, 821, 323), (655, 203, 217, 306), (630, 904, 150), 506, 610, (434, 1116), 1388, 1716, 2642
    ),
}


def all_people() -> tuple[str, ...]:
    """The names of everybody there is, in order."""
    return tuple(FIGURES)


def figure(person: str) -> Figure:
    """How a person stands in their studio picture.

    Raises:
        UnknownReference: there is no such person.
    """
    if person not in FIGURES:
        msg = f"expected one of {', '.join(FIGURES)}, got {person[:80]!r}; nobody else is in the openpeople package"
        raise UnknownReference(msg)
    return FIGURES[person]


def enrolment_photo(person: str) -> Path:
    """A portrait that shares no pixel with the footage: what one would put on a watchlist.

    Raises:
        UnknownReference: there is no such person.
        ConfigurationError: the openpeople package is not installed.
    """
    return _photo(person, "studio_portrait.jpg")


def posture_photo(person: str) -> Path:
    """The full figure that walks through the footage; raises as `enrolment_photo`."""
    return _photo(person, "studio_posture.jpg")


def _photo(person: str, name: str) -> Path:
    figure(person)
    # Found and not imported: the package reads all its metadata on import, and only its files are needed.
    package = importlib.util.find_spec("openpeople")
    if package is None or package.origin is None:
        msg = (
            "expected the openpeople package, where the synthetic people are, found none; install watchbound[embedded]"
        )
        raise ConfigurationError(msg)
    path = Path(package.origin).parent / "data" / "curated" / person / "assets" / name
    if not path.is_file():
        msg = f"expected the picture {path}, found none; reinstall openpeople==0.1.2"
        raise ConfigurationError(msg)
    return path
