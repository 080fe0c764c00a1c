"""SCRFD's answers against a reading of them that goes face by face, written from its description and nothing else."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from watchbound.domain.face import Box
from watchbound.extraction.scrfd import SCRFD, decode

WIDTH, HEIGHT = 96, 64
LEAST = 0.6
Answers = dict[str, NDArray[np.float32]]


def nothing() -> Answers:
    """What the model answers to an empty picture."""
    shapes = SCRFD.shapes(WIDTH, HEIGHT)
    return {name: np.zeros(shape, np.float32) for name, shape in zip(SCRFD.outputs, shapes, strict=True)}


def listed(answers: Answers) -> list[NDArray[np.float32]]:
    return [answers[name] for name in SCRFD.outputs]


@dataclass(frozen=True)
class Slow:
    score: float
    box: Box
    points: list[tuple[float, float]]


def slowly(answers: Answers, scale: float) -> list[Slow]:
    """Every prior in turn: where its cell is, how far its box reaches, and whether a better box is in its place."""
    seen = []
    for stride in (8, 16, 32):
        row_of_answers = 0
        for y in range(0, HEIGHT, stride):
            for x in range(0, WIDTH, stride):
                for _prior in range(2):
                    score = float(answers[f"score_{stride}"][row_of_answers, 0])
                    if score >= LEAST:
                        left, up, right, down = (float(d) * stride for d in answers[f"bbox_{stride}"][row_of_answers])
                        k = [float(v) * stride for v in answers[f"kps_{stride}"][row_of_answers]]
                        points = [((x + k[2 * n]) * scale, (y + k[2 * n + 1]) * scale) for n in range(5)]
                        box = Box((x - left) * scale, (y - up) * scale, (left + right) * scale, (up + down) * scale)
                        seen.append(Slow(score, box, points))
                    row_of_answers += 1
    kept: list[Slow] = []
    for face in sorted(seen, key=lambda each: -each.score):
        if all(face.box.iou(better.box) <= 0.4 for better in kept):
            kept.append(face)
    return kept


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("batched", [False, True])
def test_it_reads_what_a_slow_reading_reads(seed: int, batched: bool) -> None:
    random = np.random.default_rng(seed)
    answers = nothing()
    for stride in (8, 16, 32):
        rows = len(answers[f"score_{stride}"])
        answers[f"score_{stride}"][:, 0] = np.where(random.random(rows) < 0.15, random.uniform(0.5, 1, rows), 0.1)
        answers[f"bbox_{stride}"][:] = random.uniform(0.3, 2.5, (rows, 4))
        answers[f"kps_{stride}"][:] = random.uniform(-1.5, 1.5, (rows, 10))
    given = [answer[None] for answer in listed(answers)] if batched else listed(answers)
    found, expected = decode(given, WIDTH, LEAST, 1.5), slowly(answers, 1.5)
    assert len(found) == len(expected) > 3
    for face, slow in zip(found, expected, strict=True):
        assert face.score == pytest.approx(slow.score)
        box = (face.box.x, face.box.y, face.box.width, face.box.height)
        assert box == pytest.approx((slow.box.x, slow.box.y, slow.box.width, slow.box.height), abs=1e-3)
        np.testing.assert_allclose(face.landmarks, slow.points, atol=1e-3)


def test_an_empty_picture_has_no_faces() -> None:
    assert decode(listed(nothing()), WIDTH, LEAST, 1.0) == []


def test_the_two_priors_of_a_cell_follow_one_another() -> None:
    answers = nothing()
    second_of_the_third_cell_in_the_second_row = 2 * (WIDTH // 16 + 2) + 1
    answers["score_16"][second_of_the_third_cell_in_the_second_row] = 0.9
    answers["bbox_16"][second_of_the_third_cell_in_the_second_row] = [1, 0.5, 2, 1.5]
    (face,) = decode(listed(answers), WIDTH, LEAST, 1.0)
    assert face.box == Box(32 - 16, 16 - 8, 3 * 16, 2 * 16)


@pytest.mark.parametrize("reach", [[-1, 1, 1, 1], [1, 1, 1, np.inf], [np.nan, 1, 1, 1]])
def test_a_prior_without_an_area_is_no_face(reach: list[float]) -> None:
    answers = nothing()
    answers["score_8"][0], answers["bbox_8"][0] = 0.9, reach
    assert decode(listed(answers), WIDTH, LEAST, 1.0) == []
