"""Comparisons of people who do not exist, as score tables."""

from __future__ import annotations

import numpy as np

from watchbound.statistics.identification import ScoreTable


def table(people: int, pictures: int = 4, seed: int = 1, genuine: float = 0.75) -> ScoreTable:
    """Impostors around 0.2, genuine pairs around `genuine`; everybody is listed."""
    generator = np.random.default_rng(seed)
    person = np.repeat(np.arange(people), pictures)
    scores = np.clip(generator.normal(0.2, 0.1, (len(person), people)), -1, 1)
    scores[np.arange(len(person)), person] = np.clip(generator.normal(genuine, 0.08, len(person)), -1, 1)
    return ScoreTable(scores, person, np.arange(people), people)


def names(people: int) -> list[str]:
    return [f"p{index:03}" for index in range(people)]
