"""Who walks when: drawn at random from the seed, then held against what fair footage must show."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from watchbound.camera.synthetic.lens import Lens
from watchbound.camera.synthetic.spec import SiteSpec
from watchbound.camera.synthetic.view import sightings
from watchbound.camera.synthetic.walk import LONGEST_S, SHORTEST_S, Walk
from watchbound.domain.errors import InvalidValue

NEAR_EYE_DISTANCE = 20.0
"""Pixels between the eyes, in a picture 1280 wide, from which a face counts as near."""
NEAR_S = 3.0
"""How long everybody is near, with the face inside the picture, on their first passage."""
CLEAR_S = 2.0
"""For how much of that time at least `CLEAR_FRACTION` of the face is to be seen."""
CLEAR_FRACTION = 0.7

_USUAL_GAP_S = 2.8
_LEAST_GAP_S = 0.45
_ABSENCE_S = 1.5
_NOBODY_NEW_S = 2.0
_MARGIN_S = 0.1
_ATTEMPTS = 100
_PROBE_S = 0.1
_LANES_M = (-0.58, 0.0, 0.58)
_CLOTHES = (
    (0.36, 0.22, 0.16), (0.24, 0.24, 0.25), (0.30, 0.34, 0.56), (0.38, 0.44, 0.30), (0.62, 0.60, 0.58),
    (0.55, 0.42, 0.30), (0.30, 0.52, 0.62), (0.85, 0.84, 0.82), (0.42, 0.36, 0.50), (0.22, 0.36, 0.28),
)  # fmt: skip


def plan_walks(spec: SiteSpec) -> tuple[Walk, ...]:
    """Every walk of the footage, by its start.

    Everybody passes once completely within the footage, near and unhidden for long enough; then they come again in
    turn, and nobody sets out in the last two seconds. A draw in which somebody stays hidden is discarded.

    Raises:
        InvalidValue: there are too many people for the time.
    """
    _require_time(spec)
    lens = Lens(spec.width, spec.height)
    for attempt in range(_ATTEMPTS):
        walks = _draw(spec, np.random.default_rng([spec.seed, attempt]))
        if all(_is_fair(walk, walks, lens) for walk in walks[: len(spec.people)]):
            return walks
    msg = f"{len(spec.people)} people in {spec.seconds:g} s hide each other; give them more seconds or take fewer"
    raise InvalidValue(msg)


def _require_time(spec: SiteSpec) -> None:
    if not spec.people:
        return
    spare = spec.seconds - LONGEST_S - 2 * _MARGIN_S
    most = math.floor(spare / _LEAST_GAP_S + 1e-9) + 1 if spare >= 0 else 0
    if len(spec.people) > most:
        least = LONGEST_S + 2 * _MARGIN_S + (len(spec.people) - 1) * _LEAST_GAP_S
        msg = (
            f"expected at most {most} people in {spec.seconds:g} s, got {len(spec.people)}:"
            f" a walk takes up to {LONGEST_S:g} s; give {least:.1f} s or more, or fewer people"
        )
        raise InvalidValue(msg)


def _draw(spec: SiteSpec, rng: np.random.Generator) -> tuple[Walk, ...]:
    people = [spec.people[i] for i in rng.permutation(len(spec.people))]
    starts = _first_starts(spec, rng)
    order = list(zip(people, starts, strict=True))
    busy_until = {person: start + LONGEST_S + _ABSENCE_S for person, start in order}
    turn = 0
    while people:
        person = people[turn % len(people)]
        start = max(order[-1][1] + _USUAL_GAP_S * rng.uniform(0.8, 1.2), busy_until[person])
        if start > spec.seconds - _NOBODY_NEW_S:
            break
        order.append((person, start))
        busy_until[person] = start + LONGEST_S + _ABSENCE_S
        turn += 1
    lane = int(rng.integers(len(_LANES_M)))
    return tuple(_walk(person, start, lane + i, rng) for i, (person, start) in enumerate(order))


def _first_starts(spec: SiteSpec, rng: np.random.Generator) -> list[float]:
    """Evenly spread with some jitter, ascending, and all early enough to finish."""
    count = len(spec.people)
    latest = spec.seconds - LONGEST_S - _MARGIN_S
    gap = min(_USUAL_GAP_S, (latest - _MARGIN_S) / max(count - 1, 1))
    jitter = rng.uniform(-0.2, 0.2, count) * gap
    return [float(np.clip(_MARGIN_S + i * gap + jitter[i], _MARGIN_S, latest)) for i in range(count)]


def _walk(person: str, start: float, lane: int, rng: np.random.Generator) -> Walk:
    shirt, shorts = rng.choice(len(_CLOTHES), 2, replace=False)
    return Walk(
        person=person,
        start_s=start,
        duration_s=float(rng.uniform(SHORTEST_S, LONGEST_S)),
        door_x_m=float(rng.uniform(-0.85, 0.85)),
        near_x_m=_LANES_M[lane % len(_LANES_M)] + float(rng.uniform(-0.08, 0.08)),
        steps_hz=float(rng.uniform(1.7, 2.0)),
        phase=float(rng.uniform()),
        bob_m=float(rng.uniform(0.012, 0.022)),
        sway_m=float(rng.uniform(0.012, 0.028)),
        tilt_deg=float(rng.normal(0.0, 2.0)),
        roll_deg=float(rng.uniform(0.5, 1.5)),
        turn=float(rng.uniform(0.93, 1.0)),
        shirt=_CLOTHES[shirt],
        shorts=_CLOTHES[shorts],
    )


def _is_fair(walk: Walk, walks: Sequence[Walk], lens: Lens) -> bool:
    near = clear = 0
    threshold = NEAR_EYE_DISTANCE * lens.width / 1280
    for second in np.arange(walk.start_s, walk.end_s, _PROBE_S):
        seen = next(s for s in sightings(walks, float(second), lens) if s.walk is walk)
        if seen.placement.eye_distance >= threshold and _within(seen.placement.face_box().centre, lens):
            near += 1
            clear += seen.visible >= CLEAR_FRACTION
    return near * _PROBE_S >= NEAR_S and clear * _PROBE_S >= CLEAR_S


def _within(point: tuple[float, float], lens: Lens) -> bool:
    return 0 <= point[0] < lens.width and 0 <= point[1] < lens.height
