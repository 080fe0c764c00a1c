"""Eyes open, mouth closed, corners at rest: how well the measures tell what was labelled by eye, on ten people.

`pytest tests/integration/test_expression.py -s` prints the figures of docs/watchlists.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import rankdata

from tests.fixtures.expressions import Expression, expressions
from watchbound.adapters.onnx_runtime import OnnxDetector
from watchbound.extraction.components import WEAK, Component
from watchbound.extraction.enrolment import FaceReader, FaceRefused
from watchbound.extraction.model_pack import ModelPack
from watchbound.settings import ModelSettings, load
from watchbound.testing.eyes import ColourEmbedder

RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class Question:
    """Whether `component` tells the pictures in which `faulty` holds from those in which only `sound` does.

    `best` is the area under the curve that must be reached, `wrong` the share of pictures that may be rated on the
    wrong side of `WEAK`.
    """

    component: Component
    faulty: Callable[[Expression], bool]
    sound: Callable[[Expression], bool]
    best: float
    wrong: float


def lips_closed(seen: Expression) -> bool:
    return seen.lips == "c"


def at_rest(seen: Expression) -> bool:
    return seen.lips == "c" and seen.corners == "-"


QUESTIONS = {
    "an eye shut": Question(
        Component.EYES_OPEN, lambda seen: "c" in seen.eyes, lambda seen: seen.eyes == "oo", best=0.98, wrong=0.05
    ),
    "a hollow, teeth or the tongue between the lips": Question(
        Component.MOUTH_CLOSED, lambda seen: seen.lips in "otg", lips_closed, best=0.98, wrong=0.05
    ),
    "corners drawn outwards": Question(
        Component.EXPRESSION_NEUTRALITY, lambda seen: seen.corners == "w", at_rest, best=0.97, wrong=0.07
    ),
    "corners drawn outwards, lips closed": Question(
        Component.EXPRESSION_NEUTRALITY,
        lambda seen: seen.corners == "w" and lips_closed(seen),
        at_rest,
        best=0.95,
        wrong=0.09,
    ),
}

Rated = list[tuple[Expression, dict[Component, int]]]


@pytest.fixture(scope="module")
def rated(model_pack: ModelPack) -> Rated:
    detector = OnnxDetector(model_pack, load(ModelSettings), width=640)
    reader = FaceReader(detector, ColourEmbedder(), model_pack.embedder.template)
    return [(seen, components(reader, seen)) for seen in expressions()]


def components(reader: FaceReader, seen: Expression) -> dict[Component, int]:
    """As enrolment rates them; a picture that it refuses is rated too."""
    try:
        ratings = reader.read(seen.picture).components
    except FaceRefused as refused:
        ratings = refused.components
    return {rating.component: rating.value for rating in ratings}


def area(faulty: NDArray[np.bool_], values: NDArray[np.float64]) -> float:
    """How often a faulty picture is rated lower than a sound one (area under the ROC curve)."""
    ranks, bad, good = rankdata(-values), int(faulty.sum()), int((~faulty).sum())
    return float((ranks[faulty].sum() - bad * (bad + 1) / 2) / (bad * good))


def interval(people: Sequence[str], faulty: NDArray[np.bool_], values: NDArray[np.float64]) -> tuple[float, float]:
    """95 % of the area, whole people drawn with replacement: pictures of one person are no independent samples."""
    rows = [np.flatnonzero(np.array(people) == person) for person in sorted(set(people))]
    rng = np.random.default_rng(7)
    areas = []
    for _ in range(RESAMPLES):
        drawn = np.concatenate([rows[at] for at in rng.integers(len(rows), size=len(rows))])
        areas.append(area(faulty[drawn], values[drawn]))
    low, high = np.percentile(areas, [2.5, 97.5])
    return float(low), float(high)


@pytest.mark.parametrize("name", QUESTIONS)
def test_what_was_seen_is_told_apart(rated: Rated, name: str) -> None:
    question = QUESTIONS[name]
    asked = [(seen, ratings) for seen, ratings in rated if question.faulty(seen) or question.sound(seen)]
    faulty = np.array([question.faulty(seen) for seen, _ in asked])
    values = np.array([ratings[question.component] for _, ratings in asked], np.float64)
    weak = values < WEAK
    reached, (low, high) = area(faulty, values), interval([seen.person for seen, _ in asked], faulty, values)
    missed, alarmed = int((faulty & ~weak).sum()), int((~faulty & weak).sum())
    print(
        f"{name}: {faulty.sum()} of {len(asked)}, area {reached:.3f} ({low:.3f} to {high:.3f}); "
        f"missed {missed} of {faulty.sum()}, weak without it {alarmed} of {(~faulty).sum()}"
    )
    assert reached >= question.best
    assert (missed + alarmed) / len(asked) <= question.wrong


def test_a_limit_set_on_nine_people_holds_for_the_tenth(rated: Rated) -> None:
    for name, question in QUESTIONS.items():
        asked = [(seen, ratings) for seen, ratings in rated if question.faulty(seen) or question.sound(seen)]
        people = np.array([seen.person for seen, _ in asked])
        faulty = np.array([question.faulty(seen) for seen, _ in asked])
        values = np.array([ratings[question.component] for _, ratings in asked], np.float64)
        wrong = 0
        for person in sorted(set(people)):
            held = people == person
            wrong += int(((values[held] < limit(faulty[~held], values[~held])) != faulty[held]).sum())
        print(f"{name}: {wrong} of {len(asked)} wrong with the limit of the nine others ({wrong / len(asked):.1%})")
        assert wrong / len(asked) <= 2 * question.wrong


def limit(faulty: NDArray[np.bool_], values: NDArray[np.float64]) -> float:
    """The rating below which calling a picture faulty is wrong most seldom; the middle one where several are."""
    limits = np.unique(values) + 0.5
    wrong = np.array([((values < one) != faulty).sum() for one in limits])
    return float(np.median(limits[wrong == wrong.min()]))


def test_what_lies_between_and_a_beard(rated: Rated) -> None:
    """Figures for the docs: a narrow gap has no right answer, and one bearded man is no sample."""
    gaps = [ratings[Component.MOUTH_CLOSED] < WEAK for seen, ratings in rated if seen.lips == "p"]
    squints = [
        ratings[Component.EYES_OPEN] < WEAK for seen, ratings in rated if "n" in seen.eyes and "c" not in seen.eyes
    ]
    bearded = [(seen.lips != "c", ratings[Component.MOUTH_CLOSED]) for seen, ratings in rated if seen.person == "P005"]
    beneath = area(np.array([apart for apart, _ in bearded]), np.array([value for _, value in bearded], np.float64))
    print(f"weak: {sum(gaps)} of {len(gaps)} narrow gaps, {sum(squints)} of {len(squints)} narrowed eyes")
    print(f"lips under a full beard: area {beneath:.2f}")
    assert beneath > 0.75
