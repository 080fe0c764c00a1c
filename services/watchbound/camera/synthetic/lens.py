"""The camera of a synthetic site: high on a wall, looking down a passage, with a long lens."""

from __future__ import annotations

from dataclasses import dataclass

_FOCAL_OF_WIDTH = 2000 / 1280
_HORIZON_OF_HEIGHT = 40 / 720
CAMERA_HEIGHT_M = 2.45
"""High enough that a face is seen over the heads of those in front, and that walkers leave by the lower edge."""


@dataclass(frozen=True, slots=True)
class Lens:
    """A pinhole without distortion; x runs right and heights up from the floor, both in metres.

    Attributes:
        width, height: of the picture in pixels.
    """

    width: int
    height: int

    @property
    def focal(self) -> float:
        """Focal length in pixels."""
        return self.width * _FOCAL_OF_WIDTH

    @property
    def horizon(self) -> float:
        """Row at which things at the camera's own height appear, at any distance."""
        return self.height * _HORIZON_OF_HEIGHT

    def pixels_per_metre(self, distance_m: float) -> float:
        """How large a metre appears."""
        return self.focal / distance_m

    def project(self, x_m: float, height_m: float, distance_m: float) -> tuple[float, float]:
        """Where a point of the passage appears, in pixels."""
        scale = self.focal / distance_m
        return self.width / 2 + x_m * scale, self.horizon + (CAMERA_HEIGHT_M - height_m) * scale
