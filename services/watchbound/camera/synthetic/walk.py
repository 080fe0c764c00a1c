"""How one person walks towards the camera: a pure function of time, in metres, without any pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass

FAR_M = 15.1
"""Where a walk begins: in the doorway at the end of the passage."""
PAST_M = 2.0
"""Where it ends: below the picture."""
SHORTEST_S, LONGEST_S = 10.2, 11.4
"""How long a walk takes: 1.15 to 1.28 m/s on average, an ordinary pace."""

_SLOWING = 0.28
"""People slow down as they come to the barrier that the camera hangs over: 28 % faster at first, slower at last."""


@dataclass(frozen=True, slots=True)
class Pose:
    """Where a walker is at one moment.

    Attributes:
        x_m: to the right of the passage's middle.
        distance_m: from the camera, along the passage.
        bob_m: how far the body is raised above its standing height.
        roll_deg: lean, clockwise in the picture.
        gait: where in the two-step cycle, in [0, 1).
    """

    x_m: float
    distance_m: float
    bob_m: float
    roll_deg: float
    gait: float


@dataclass(frozen=True, slots=True)
class Walk:
    """One passage of one person.

    Attributes:
        start_s, duration_s: when it begins and how long it takes, in seconds of the footage.
        door_x_m, near_x_m: where across the passage it begins and ends.
        steps_hz: steps a second.
        phase: of the steps, in [0, 1).
        bob_m, sway_m: half the height and half the width of the head's path.
        tilt_deg: how the head is held; `roll_deg` is added and taken away with each step.
        turn: how much narrower the head appears since it is not quite turned to the camera, 1 is frontal.
        shirt, shorts: colours, blue-green-red in [0, 1].
    """

    person: str
    start_s: float
    duration_s: float
    door_x_m: float
    near_x_m: float
    steps_hz: float
    phase: float
    bob_m: float
    sway_m: float
    tilt_deg: float
    roll_deg: float
    turn: float
    shirt: tuple[float, float, float]
    shorts: tuple[float, float, float]

    @property
    def end_s(self) -> float:
        """When the walker is out of the picture for good."""
        return self.start_s + self.duration_s

    def pose(self, second: float) -> Pose | None:
        """Where the walker is; None before the walk begins and after it has ended."""
        share = (second - self.start_s) / self.duration_s
        if not 0.0 <= share <= 1.0:
            return None
        cycle = self.phase + (second - self.start_s) * self.steps_hz / 2
        stride = math.sin(2 * math.pi * cycle)
        lane = self.door_x_m + (self.near_x_m - self.door_x_m) * share * share * (3 - 2 * share)
        return Pose(
            x_m=lane + self.sway_m * stride,
            distance_m=FAR_M - (FAR_M - PAST_M) * ((1 + _SLOWING) * share - _SLOWING * share * share),
            bob_m=-self.bob_m * math.cos(4 * math.pi * cycle),
            roll_deg=self.tilt_deg + self.roll_deg * stride,
            gait=cycle % 1.0,
        )
