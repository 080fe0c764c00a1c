"""What a synthetic site is: everything that decides its every pixel."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import asdict, dataclass
from typing import Any

from watchbound.camera.synthetic.people import FIGURES
from watchbound.domain.errors import InvalidValue
from watchbound.domain.frame import require_name

DRAWING = 1
"""Raised whenever the same spec would give other footage, so that footage kept from before is not taken for it."""


@dataclass(frozen=True, slots=True)
class SiteSpec:
    """One camera's footage; equal specs give equal footage.

    Attributes:
        seed: of everything random: who comes when, which way, how tilted, the light, the noise.
        seconds: length of the footage.
        fps: frames a second.
        width, height: pixels; both even, since the video is 4:2:0.
        people: who passes by, each at least once; empty for a scene without anyone.
    """

    camera_id: str
    seed: int
    seconds: float
    fps: float = 10.0
    width: int = 1280
    height: int = 720
    people: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        require_name(self.camera_id, "a camera id")
        if self.seed < 0:
            msg = f"a seed counts from 0, got {self.seed}"
            raise InvalidValue(msg)
        if not (math.isfinite(self.seconds) and 0 < self.seconds <= 3600 and math.isfinite(self.fps)):
            msg = f"footage lasts more than 0 and at most 3600 seconds, got {self.seconds:g}"
            raise InvalidValue(msg)
        if not 1 <= self.fps <= 60:
            msg = f"footage has 1 to 60 frames a second, got {self.fps:g}"
            raise InvalidValue(msg)
        if self.width % 2 or self.height % 2 or not (320 <= self.width <= 3840 and 180 <= self.height <= 2160):
            msg = f"footage is 320×180 to 3840×2160 with even sides, got {self.width}×{self.height}"
            raise InvalidValue(msg)
        unknown = [person for person in self.people if person not in FIGURES]
        if unknown or len(set(self.people)) != len(self.people):
            msg = f"people are distinct names among {', '.join(FIGURES)}, got {', '.join(self.people)}"
            raise InvalidValue(msg)

    @property
    def frames(self) -> int:
        """How many pictures the footage has."""
        return max(1, round(self.seconds * self.fps))

    def facts(self) -> dict[str, Any]:
        """The spec as JSON holds it."""
        return {**asdict(self), "people": list(self.people), "drawing": DRAWING}

    def digest(self) -> str:
        """Names this footage: sixteen hexadecimal digits."""
        return hashlib.sha256(json.dumps(self.facts(), sort_keys=True).encode()).hexdigest()[:16]
