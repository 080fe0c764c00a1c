"""What must not be found, and every form in which it could lie about."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum


class Material(Enum):
    """What a piece of forbidden material shows."""

    JPEG = "jpeg"
    PIXELS = "pixels"
    CROP = "crop"
    MODEL_INPUT = "model_input"
    TEMPLATE = "template"


class Form(Enum):
    """How it is written."""

    RAW = "raw"
    HEX = "hex"
    BASE64 = "base64"
    DECIMAL = "decimal"
    FLOATS = "floats"


@dataclass(frozen=True, slots=True)
class Forbidden:
    """Bytes that show somebody who is not listed.

    Attributes:
        whose: a name for the report, such as a synthetic person's.
        data: never part of a report, and not of `repr`.
    """

    whose: str
    material: Material
    data: bytes
    form: Form = Form.RAW

    def __repr__(self) -> str:
        return f"Forbidden({self.whose}, {self.material.value}, {self.form.value}, {len(self.data)} bytes)"


EVERY = {
    Material.JPEG: 2048,
    Material.PIXELS: 336,
    Material.CROP: 336,
    Material.MODEL_INPUT: 448,
    Material.TEMPLATE: 48,
}
"""Bytes from one stretch that is searched for to the next. A row of a crop is 336 bytes, four of a plane are 448; of a
JPEG a remnant shorter than 2 kB may be missed, and of a template nothing."""

_AS_TEXT = 192
"""Bytes of each piece that are searched as text: whoever writes a picture into a log writes it from its beginning."""


def written_forms(raw: Forbidden) -> Iterator[Forbidden]:
    """The piece as it is, and as text would carry it: hexadecimal, and base64 begun at each of the three phases."""
    yield raw
    start = raw.data[:_AS_TEXT]
    yield replace(raw, data=start.hex().encode(), form=Form.HEX)
    for phase in range(3):
        # The first and last four characters depend on what stands before and after.
        yield replace(raw, data=base64.b64encode(start[phase:])[4:-4], form=Form.BASE64)
