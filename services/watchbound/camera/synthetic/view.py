"""What the camera sees of the walkers, by geometry alone: where each figure lies, how much of each face is clear."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watchbound.camera.synthetic.lens import Lens
from watchbound.camera.synthetic.people import PUPIL_SPAN_M, Figure, figure
from watchbound.camera.synthetic.walk import Pose, Walk
from watchbound.domain.face import Box

Points = NDArray[np.float64]

_SAMPLES = 9
_NECK_OF_HAIR = 0.5
_REACH = 700


@dataclass(frozen=True, slots=True)
class Placement:
    """A figure's place in the picture: a turn and a scaling about the point between its eyes.

    Attributes:
        eye_x, eye_y: where that point appears, in pixels.
        scale: picture pixels for one pixel of the studio picture.
        squeeze: factor of the width, for a head that is turned a little.
        roll_rad: turn, clockwise as seen.
    """

    figure: Figure
    eye_x: float
    eye_y: float
    scale: float
    squeeze: float
    roll_rad: float

    @property
    def eye_distance(self) -> float:
        """Pixels between the eyes."""
        return self.figure.eye_distance * self.scale * self.squeeze

    def matrix(self) -> Points:
        """Shape (2, 3): from studio pixels to picture pixels."""
        cos, sin = math.cos(self.roll_rad) * self.scale, math.sin(self.roll_rad) * self.scale
        x, y = self.figure.eye_middle
        a, b, c, d = cos * self.squeeze, -sin, sin * self.squeeze, cos
        return np.array([[a, b, self.eye_x - a * x - b * y], [c, d, self.eye_y - c * x - d * y]])

    def face_box(self) -> Box:
        """The face, upright, in picture pixels; may lie outside the picture."""
        x, y, width, height = self.figure.face
        centre = self.matrix() @ np.array([x + width / 2, y + height / 2, 1.0])
        width_px, height_px = width * self.scale * self.squeeze, height * self.scale
        return Box(float(centre[0]) - width_px / 2, float(centre[1]) - height_px / 2, width_px, height_px)

    def covers(self, points: Points) -> NDArray[np.bool_]:
        """Which points of shape (n, 2) the figure hides: an ellipse of head and hair, sloping shoulders, a body."""
        whole = np.vstack([self.matrix(), [0.0, 0.0, 1.0]])
        local = np.column_stack([points, np.ones(len(points))]) @ np.linalg.inv(whole).T
        x, y = local[:, 0], local[:, 1]
        body = self.figure
        left, right, top = body.hair
        middle, half = (left + right) / 2, (right - left) / 2
        reach = (body.chin - top) / 2
        head = ((x - middle) / half) ** 2 + ((y - top - reach) / reach) ** 2 <= 1.0
        slope = np.clip((y - body.chin) / (body.shoulders - body.chin), 0.0, 1.0)
        wide = half * _NECK_OF_HAIR * (1 - slope) + (body.torso[1] - body.torso[0]) / 2 * slope
        trunk = (np.abs(x - sum(body.torso) / 2) <= wide) & (y >= body.chin) & (y <= body.shorts)
        return np.asarray(head | trunk)


@dataclass(frozen=True, slots=True)
class Sighting:
    """One walker in one picture.

    Attributes:
        visible: share of the face's area that is inside the picture and not behind somebody, in [0, 1].
    """

    walk: Walk
    pose: Pose
    placement: Placement
    visible: float


def place(walk: Walk, pose: Pose, lens: Lens) -> Placement:
    """Where a walker in this pose appears."""
    body = figure(walk.person)
    eye_x, eye_y = lens.project(pose.x_m, body.eye_height_m + pose.bob_m, pose.distance_m)
    scale = lens.pixels_per_metre(pose.distance_m) * PUPIL_SPAN_M / body.eye_distance
    return Placement(body, eye_x, eye_y, scale, walk.turn, math.radians(pose.roll_deg))


def sightings(walks: Iterable[Walk], second: float, lens: Lens) -> tuple[Sighting, ...]:
    """Everybody who walks at this moment, the farthest first: the order in which they are painted."""
    posed = [(walk, pose) for walk in walks if (pose := walk.pose(second)) is not None]
    posed.sort(key=lambda pair: -pair[1].distance_m)
    placements = [place(walk, pose, lens) for walk, pose in posed]
    return tuple(
        Sighting(walk, pose, placements[i], _visible(placements[i], placements[i + 1 :], lens))
        for i, (walk, pose) in enumerate(posed)
    )


def _visible(placement: Placement, nearer: Sequence[Placement], lens: Lens) -> float:
    box = placement.face_box()
    steps = (np.arange(_SAMPLES) + 0.5) / _SAMPLES
    x, y = np.meshgrid(box.x + steps * box.width, box.y + steps * box.height)
    points = np.column_stack([x.ravel(), y.ravel()])
    clear = (points >= 0).all(axis=1) & (points[:, 0] < lens.width) & (points[:, 1] < lens.height)
    for other in nearer:
        # Most walkers are in other lanes: half a figure's width, lean included, is beyond their reach.
        if abs(other.eye_x - box.centre[0]) < box.width / 2 + other.scale * _REACH:
            clear &= ~other.covers(points)
    return float(clear.mean())
